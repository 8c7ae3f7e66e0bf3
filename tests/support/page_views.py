"""Views of every page for tests: gallery, results, saving, staff, keyboard."""

from __future__ import annotations

from dataclasses import replace

from app.core.pages import TypingPurpose, TypingState
from app.core.state import KioskState
from app.views.model import (
    ActionKey,
    Attract,
    ConfusedPicture,
    ConfusionCell,
    Gallery,
    GalleryPicture,
    KioskView,
    Results,
    Saving,
    SavingLine,
    Screen,
    Setting,
    Staff,
    Tab,
    TaughtThing,
    Typing,
)
from app.views.typing import typing
from app.views.words import Translator
from tests.support.painted import NAMES, picture
from tests.support.views import WHY_KEY, game_views, main_views, spot

SETTINGS = (
    Setting("Camera", "Logitech C270 (/dev/video0)", less="camera-", more="camera+"),
    Setting("Turn the picture", "90°", less="turn-", more="turn+"),
    Setting("Like a mirror", "yes", less="mirror-", more="mirror+"),
    Setting("Cut", "whole picture", less="cut-", more="cut+"),
    Setting("Number of classes", "3", less="classes-", more="classes+"),
    Setting("Name of button 1", "Schraubenzieher", press="rename1", press_text="Rename"),
    Setting("Name of button 2", "cup", press="rename2", press_text="Rename"),
    Setting("Sure from", "60 %", less="sure-", more="sure+"),
    Setting("Language", "Deutsch", less="language-", more="language+"),
    Setting("Volume", "muted", less="volume-", more="volume+", warning=True),
)
INPUTS = (
    *(Setting(f"Class button {n}", "pressed" if n == 2 else "", lit=n == 2) for n in range(1, 10)),
    Setting("TRAIN", "key T", press="learn-train", press_text="Learn"),
    Setting("Accelerator", "gone since 14:12", lit=True, warning=True),
    Setting("Free space", "128 MB", warning=True),
    *(Setting(f"Crash {n}", "2026-01-31 14:12, camera worker") for n in range(1, 5)),
)


def every_view(count: int = 3, names: tuple[str, ...] = NAMES) -> dict[str, KioskView]:
    """All views by name."""
    return {**main_views(count, names), **game_views(count, names), **page_views(count, names)}


def page_views(count: int = 3, names: tuple[str, ...] = NAMES) -> dict[str, KioskView]:
    """All other pages, with as much on them as there can be."""
    main = main_views(count, names)
    return {
        "attract": replace(
            main["live"],
            screen=Screen.ATTRACT,
            not_sure=None,
            attract=Attract("Teach me something!", f"It has learned: this is {names[1]}.", 2, 5, "Press any button"),
            actions=(),
            class_keys=(),
        ),
        "gallery": replace(main["ready"], screen=Screen.GALLERY, gallery=gallery(1, 18, names[1])),
        "gallery_few": replace(main["ready"], screen=Screen.GALLERY, gallery=gallery(0, 3, names[0])),
        "results": replace(main["live"], screen=Screen.RESULTS, results=results(count, names)),
        "results_perfect": replace(
            main["live"],
            screen=Screen.RESULTS,
            results=replace(results(count, names), title="All 20 right!", text="Well taught!", confused=(), note=""),
        ),
        "results_untested": replace(main["live"], screen=Screen.RESULTS, results=untested()),
        "results_why": replace(main["live"], screen=Screen.RESULTS, results=results(count, names, lit=True)),
        "saving": replace(main["live"], screen=Screen.SAVING, saving=saving(2, count, names), progress=0.45),
        "saved": replace(main["live"], screen=Screen.SAVING, saving=saving(4, count, names)),
        "saved_here": replace(
            main["live"],
            screen=Screen.SAVING,
            saving=replace(
                saving(4, count, names),
                where="",
                text="Ask staff: your model is number 17.",
                home="Or plug in a drive and press SAVE again.",
                onto_drive=False,
            ),
        ),
        "staff": replace(main["live"], screen=Screen.STAFF, staff=staff(SETTINGS)),
        "staff_inputs": replace(main["live"], screen=Screen.STAFF, staff=staff(INPUTS)),
        "typing": replace(main["live"], screen=Screen.STAFF, staff=staff(SETTINGS), typing=keyboard(names[4])),
        "renaming": replace(main["live"], screen=Screen.STAFF, staff=staff(SETTINGS), typing=selected(names[4])),
        "pin": replace(main["live"], screen=Screen.STAFF, staff=staff(SETTINGS), typing=pin_pad()),
    }


def gallery(index: int, count: int, name: str) -> Gallery:
    """A page of pictures of a class."""
    return Gallery(
        index,
        f"All pictures of {name}",
        "Tap a picture to take it away.",
        tuple(GalleryPicture(("remove", number), picture(index, number)) for number in range(count)),
        "Page 1 of 4",
        (
            ActionKey("back", "back", "Back", "Esc"),
            ActionKey("earlier", "earlier", "Earlier", "", enabled=False),
            ActionKey("later", "later", "Later", ""),
            ActionKey("undo", "undo", "Undo", "Z"),
            ActionKey("name", "name", "Name it", ""),
        ),
    )


def untested() -> Results:
    """The results of a training that could not be tested: no panel has anything to show."""
    return Results(
        title="Not tested yet",
        text="Hold each button twice, then press TRAIN.",
        curve_title="",
        curve=(),
        confusion_title="",
        labels=(),
        indices=(),
        confusion=(),
        confused_title="",
        confused=(),
        keys=(ActionKey("back", "back", "Back", "Esc"),),
        glad=0.25,
    )


def results(count: int, names: tuple[str, ...], *, lit: bool = False) -> Results:
    """The results of a training that confuses some classes; the pictures may show why."""
    return Results(
        title="18 of 20 right",
        text=f"Show {names[1]} and {names[0]} from more sides: it mixes them up.",
        note="Its “not sure” is only a guess so far.",
        curve_title="More pictures, better guesses",
        curve=(0.35, 0.52, 0.7, 0.78, 0.8, 0.86, 0.9, 0.91, 0.92, 0.93),
        confusion_title="Left: what it really was. Top: what it guessed.",
        labels=names[:count],
        indices=tuple(range(count)),
        confusion=tuple(tuple(_cell(row, column, count) for column in range(count)) for row in range(count)),
        confused_title="Mixed up because of what is outlined" if lit else "Pictures that mixed it up",
        confused=tuple(
            ConfusedPicture(
                ("drop", number),
                picture(1, number),
                f"{names[1]} – it guessed {names[0]}",
                1,
                0,
                spot(0, 0.3 + 0.1 * number) if lit else None,
            )
            for number in range(4)
        ),
        keys=(ActionKey("back", "back", "Back", "Esc"), *((replace(WHY_KEY, held=True),) if lit else ())),
        curve_text="93 %",
        glad=0.8,
    )


def _cell(row: int, column: int, count: int) -> ConfusionCell:
    amount = 8 if row == column else 2 if row == 1 and column == 0 else 0
    return ConfusionCell(
        ("cell", row, column), amount, amount / 10, row == column, (row, column) == (1, 0) and count > 1
    )


def saving(done: int, count: int = 3, names: tuple[str, ...] = NAMES) -> Saving:
    """Saving in five steps, of which `done` are finished."""
    steps = ("Write", "Finish", "Check", "Eject")
    safe = done >= len(steps)
    if not safe:
        title, text, home = "Saving your model", "Leave the drive in until it is done.", ""
    else:
        title = f"You taught it {names[0]} and {names[1]}!" if count < 4 else f"You taught it {count} things!"
        text, home = "You may pull the drive out now.", "At home, open open_me.html on the drive."
    return Saving(
        title=title,
        where="On the drive KIOSK: teachable/2026-01-31_1412_apple_cup_duck",
        steps=tuple(SavingLine(text, _done(number, done)) for number, text in enumerate(steps)),
        safe=safe,
        text=text,
        keys=(ActionKey("back", "later", "Go on", "", suggested=True),) if safe else (),
        things=tuple(TaughtThing(index, names[index], picture(index)) for index in range(count)),
        home=home,
    )


def _done(number: int, now: int) -> bool | None:
    return True if number < now else False if number == now else None


def staff(rows: tuple[Setting, ...]) -> Staff:
    """A staff page."""
    names = ("Camera", "Classes", "Sound and language", "Inputs", "Diagnostics", "Sessions", "Shut down")
    return Staff(
        "Staff",
        tuple(Tab(("tab", name), name, n == 0) for n, name in enumerate(names)),
        rows,
        (ActionKey("leave", "back", "Back to the kiosk", "Esc"),),
        "Changes are kept at once, and again after a restart.",
    )


def keyboard(text: str) -> Typing:
    """The keyboard with the most keys, at a problem."""
    state = replace(KioskState(classes=(), language="tr"), typing=TypingState(TypingPurpose.CLASS_NAME, 4, text))
    shown = typing(state, Translator("en"))
    assert shown is not None
    return replace(shown, problem="That name is already used.", shift=True)


def selected(text: str) -> Typing:
    """An on-screen keyboard with a selected name, which the first letter replaces."""
    hint = "Write a new name, or touch this one to change it."
    return replace(keyboard(text), problem="", hint=hint, field="field")


def pin_pad() -> Typing:
    """A number pad."""
    rows = ("123", "456", "789", "0⌫")
    return Typing(
        "PIN of the staff",
        "12",
        True,
        tuple(tuple((("type", digit), digit) for digit in row) for row in rows),
        (ActionKey("cancel", "cancel", "Cancel", ""), ActionKey("done", "confirm", "Done", "", suggested=True)),
    )
