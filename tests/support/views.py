"""Views of every screen for tests: painted pictures, the longest texts, up to nine classes."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from app.base.buttons import Action
from app.base.picture import Picture
from app.base.tone import Tone
from app.views.model import (
    ActionKey,
    Attract,
    Banner,
    ClassCard,
    ConfusedPicture,
    ConfusionCell,
    Gallery,
    GalleryPicture,
    GameStrip,
    KioskView,
    Light,
    Question,
    Results,
    Saving,
    SavingLine,
    Screen,
    Setting,
    Staff,
    StatusStrip,
    Tab,
    Typing,
    Verdict,
)

NAMES = ("apple", "cup", "duck", "book", "Schraubenzieher", "banana", "telephone", "glove", "key")
LONG = "The very long name of a thing, 40 letter"
COLOURS = ((212, 60, 48), (60, 120, 200), (236, 190, 60), (70, 160, 90), (140, 90, 200), (230, 120, 50),
           (40, 160, 170), (220, 110, 160), (150, 160, 60))  # fmt: skip


@lru_cache(maxsize=256)
def painted(kind: int, turn: float = 0.0, edge: tuple[int, int] = (120, 160)) -> np.ndarray:
    """A picture of a thing on a table, uint8, (H, W, 3), in plain shapes so that reference pictures are small."""
    height, width = edge
    y, x = np.mgrid[0:height, 0:width] / height
    dx, dy = x - width / height / 2 - 0.05 * np.cos(turn), y - 0.52 - 0.05 * np.sin(turn)
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = (178, 148, 114)
    picture[(y * 6).astype(int) % 2 == 1] = (170, 140, 107)
    near = [dx**2 + dy**2 < 0.09, np.maximum(abs(dx), abs(dy)) < 0.26, (dy < 0.25) & (dy > 2 * abs(dx) - 0.3)][kind % 3]
    picture[near] = COLOURS[kind % len(COLOURS)]
    return picture


def picture(kind: int, number: int = 0) -> Picture:
    """A small picture of a thing, with a key."""
    return Picture(("painted", kind, number), painted(kind, number, (48, 48)))


def cards(count: int = 3, *, shots: int = 14, leading: int | None = None, held: int | None = None, live: bool = False,
          names: tuple[str, ...] = NAMES) -> tuple[ClassCard, ...]:  # fmt: skip
    """Class cards as the kiosk makes them."""
    rest = 0.06 / count
    return tuple(
        ClassCard(
            button=index,
            index=index,
            label=names[index % len(names)],
            key=str(index + 1),
            shots=shots,
            ring=min(1.0, shots / 20),
            confidence=(0.94 if index == leading else rest) if live else None,
            leading=index == leading,
            held=index == held,
            thumbnails=tuple(picture(index, number) for number in range(min(12, shots))),
            gallery=("gallery", index),
            count_text=f"{shots} pictures" if shots else "hold to teach",
        )
        for index in range(count)
    )


def actions(*, enabled: bool = True, suggested: str = "") -> tuple[ActionKey, ...]:
    """TRAIN, SAVE, UNDO, RESET."""
    named = (
        (Action.TRAIN, "Train", "T"),
        (Action.SAVE, "Save", "S"),
        (Action.UNDO, "Undo", "Z"),
        (Action.RESET, "Reset", "R"),
    )
    return tuple(
        ActionKey(action, action.value, text, key, enabled, suggested=suggested == action.value)
        for action, text, key in named
    )


def view(screen: Screen, shown: tuple[ClassCard, ...], guidance: str, thing: int = 2, **changes: object) -> KioskView:
    """A view with a camera picture of a thing."""
    made = KioskView(
        screen=screen,
        picture=Picture(("camera", thing), painted(thing)),
        model_square=(20, 0, 120),
        cards=shown,
        actions=actions(),
        guidance=guidance,
        status=StatusStrip("demonstration", "CPU", 30.0, "KIOSK", rate_text="30 pictures/s"),
        language=ActionKey("language", "language", "Français", "L"),
        corner="corner",
        now_s=1.0,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def main_views(count: int = 3, names: tuple[str, ...] = NAMES) -> dict[str, KioskView]:
    """The main screen in its states."""
    sure = cards(count, live=True, leading=1, names=names)
    live = view(
        Screen.LIVE,
        sure,
        "Is it wrong? Hold the correct button, then TRAIN.",
        1,
        verdict=Verdict(names[1], 0.94, 1, "94 %"),
        not_sure=0.06,
        actions=(*actions(suggested="save"), ActionKey(Action.RESULTS, "results", "Ergebnisse", "E")),
    )
    return {
        "welcome": view(
            Screen.TEACH,
            cards(count, shots=0, names=names),
            f"Show something to the camera and hold the {names[0]} button.",
            actions=actions(enabled=False),
        ),
        "teach": view(Screen.TEACH, cards(count, held=1, names=names), "Keep turning it – every picture helps.", 1),
        "alike": view(
            Screen.TEACH,
            tuple(replace(card, ring=0.25, alike=card.held) for card in cards(count, held=1, names=names)),
            "Turn it! These all look the same.",
            1,
        ),
        "ready": view(
            Screen.TEACH,
            cards(count, names=names),
            "Press TRAIN – or teach one more thing.",
            actions=actions(suggested="train"),
        ),
        "training": view(
            Screen.TRAINING,
            cards(count, names=names),
            "Comparing what you showed …",
            progress=0.6,
            progress_text="Learning …",
        ),
        "live": live,
        "not_sure": replace(
            live,
            cards=cards(count, live=True, names=names),
            verdict=Verdict("not sure", 0.4, None),
            not_sure=0.7,
            guidance="Show something again. Wrong answer? Hold the right button.",
            notice=Banner("It learned! It got 18 of 20 test pictures right.", Tone.SUCCESS),
        ),
        "near_miss": replace(
            live,
            cards=tuple(replace(card, leading=False) for card in sure),
            verdict=Verdict(f"{names[1]}?", 0.94, 1, near_miss=True),
            not_sure=0.45,
            guidance=f"Is it {names[1]}? Hold its button, so that it learns more.",
        ),
        "confirm": replace(
            live,
            screen=Screen.CONFIRM,
            question=Question(
                "Start over?",
                "45 pictures and the model made from them will be erased.",
                (
                    ActionKey(Action.CANCEL, "cancel", "Keep them", "N"),
                    ActionKey(Action.CONFIRM, "confirm", "Erase", "Y"),
                ),
            ),
        ),
        "still_there": replace(
            live,
            question=Question(
                "Still there?",
                "Press any button to go on.",
                (ActionKey("stay", "confirm", "I am still here", "", suggested=True),),
                left=0.6,
            ),
        ),
        "which_drive": replace(
            live,
            screen=Screen.CONFIRM,
            question=Question(
                "Which drive shall take it?",
                "If nobody answers, the first one does.",
                (
                    *(
                        ActionKey(n, "save", name, str(n + 1), suggested=n == 0, detail=detail)
                        for n, (name, detail) in enumerate(
                            (
                                ("HOLIDAY 2025", "FAT, 12.3 GB free"),
                                ("NO NAME", "exFAT, 58.9 GB free"),
                                ("Schraubenzieherkasten der Werkstatt", "ext4, 812 MB free"),
                                ("KIOSK", "FAT, 3 MB free"),
                            )
                        )
                    ),
                    ActionKey(Action.CANCEL, "cancel", "Do not save", "N"),
                ),
                left=0.4,
                listed=True,
            ),
        ),
        "fault": replace(
            live,
            screen=Screen.FAULT,
            picture=None,
            fault=(
                "No camera picture",
                "Check that the camera is plugged in: it goes on by itself. What you taught is safe.\n"
                "Does it not help? Call Ada of the museum, 0123 456 789.",
            ),
        ),
        "waiting": view(Screen.TEACH, cards(count, names=names), "One moment.", picture=None, model_square=None),
    }


WHY_KEY = ActionKey(Action.WHY, "why", "Why?", "W")
PLAY_KEY = ActionKey(Action.PLAY, "play", "Play", "P")
GAME_KEYS = (
    ActionKey(Action.TRAIN, "later", "Go on", "T", suggested=True),
    ActionKey(Action.SAVE, "later", "Skip", "S"),
    ActionKey(Action.UNDO, "undo", "Undo", "Z"),
    ActionKey(Action.RESET, "back", "End game", "R"),
)


def spot(index: int | None, x: float = 0.62, y: float = 0.42) -> Light:
    """A light on one part of the picture."""
    across = (np.arange(48, dtype=np.float32) + 0.5) / 48
    away = (across[np.newaxis] - x) ** 2 + (across[:, np.newaxis] - y) ** 2
    return Light(("spot", index, x, y), np.exp(-away / 0.03).astype(np.float32), index, (x, y))


def game_views(count: int = 3, names: tuple[str, ...] = NAMES) -> dict[str, KioskView]:
    """WHY, and the games."""
    live = replace(main_views(count, names)["live"], picture_keys=(WHY_KEY, PLAY_KEY))
    on = replace(WHY_KEY, held=True)
    seeking = replace(
        live,
        guidance=f"Trick me! Show me something that is NOT {names[1]}.",
        picture_keys=(WHY_KEY,),
        actions=(
            replace(GAME_KEYS[0], name="train", text="Train", enabled=False, suggested=False),
            replace(GAME_KEYS[1], enabled=False),
            *GAME_KEYS[2:],
        ),
        game=GameStrip(f"{names[1]}?", 1, 0.7, "Best: 97%", 0, 4),
    )
    caught = replace(
        seeking,
        guidance="You tricked me! The bright part fooled me.",
        light=spot(1, 0.25, 0.7),
        frozen=True,
        picture_keys=(),
        actions=GAME_KEYS,
        game=GameStrip("Trick it!", None, None, "", 1, 4),
    )
    really = Question(
        f"Is this really {names[1]}?",
        "",
        (
            ActionKey(0, "reset", "No – tricked!", "1"),
            ActionKey(1, "confirm", "Yes, it is", "2"),
        ),
        left=0.6,
        picture=live.picture,
    )
    return {
        "live_keys": live,
        "why": replace(
            live, guidance=f"I say {names[1]} because of the bright part.", light=spot(1), picture_keys=(on, PLAY_KEY)
        ),
        "why_not_sure": replace(
            live,
            cards=cards(count, live=True, names=names),
            verdict=Verdict("not sure", 0.4, None),
            not_sure=0.7,
            guidance="I am not sure. I looked at the bright part.",
            light=spot(None, 0.3, 0.6),
            picture_keys=(on, PLAY_KEY),
        ),
        "which_game": replace(
            live,
            question=Question(
                "Which game?",
                "",
                (
                    ActionKey(0, "play", "Trick it!", "1", suggested=True, detail="Make it say something wrong"),
                    ActionKey(1, "gallery", "Swap the background", "2", detail="Starts over: it asks first"),
                    ActionKey(Action.CANCEL, "cancel", "No game", "N"),
                ),
                left=0.8,
                listed=True,
            ),
        ),
        "trick": seeking,
        "trick_question": replace(seeking, question=really),
        "tricked": caught,
        "trick_defeated": replace(
            caught,
            verdict=Verdict(names[2 % count], 0.91, 2 % count, "91 %"),
            guidance="That does not fool me any more!",
            light=spot(2 % count, 0.5, 0.5),
            actions=(replace(GAME_KEYS[0], text="Another one"), *GAME_KEYS[1:]),
            game=GameStrip(f"Before: {names[1]} 97%", 1, None, "", 3, 4),
        ),
        "guided": view(
            Screen.TEACH,
            tuple(replace(card, suggested=card.index == 0) for card in cards(count, shots=0, names=names)),
            f"Put a thing in front of a background. Hold {names[0]}.",
            actions=(replace(GAME_KEYS[0], name="train", text="Train", enabled=False, suggested=False), *GAME_KEYS[1:]),
            game=GameStrip("Swap the background", None, None, "", 0, 7),
        ),
    }


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
        ),
        "gallery": replace(main["ready"], screen=Screen.GALLERY, gallery=gallery(1, 18, names[1])),
        "gallery_few": replace(main["ready"], screen=Screen.GALLERY, gallery=gallery(0, 3, names[0])),
        "results": replace(main["live"], screen=Screen.RESULTS, results=results(count, names)),
        "results_why": replace(main["live"], screen=Screen.RESULTS, results=results(count, names, lit=True)),
        "saving": replace(main["live"], screen=Screen.SAVING, saving=saving(2), progress=0.45),
        "saved": replace(main["live"], screen=Screen.SAVING, saving=saving(5)),
        "saved_here": replace(
            main["live"],
            screen=Screen.SAVING,
            saving=replace(saving(4), where="/var/lib/kiosk/exports", text="It is on this machine.", onto_drive=False),
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


def results(count: int, names: tuple[str, ...], *, lit: bool = False) -> Results:
    """The results of a training that confuses some classes; the pictures may show why."""
    return Results(
        title="18 of 20 test pictures right",
        text="Show the things that it mixed up from more sides. Its “not sure” is only a guess so far.",
        curve_title="More pictures, better guesses",
        curve=(0.35, 0.52, 0.7, 0.78, 0.8, 0.86, 0.9, 0.91, 0.92, 0.93),
        confusion_title="Left: what it really was. Top: what it guessed.",
        labels=names[:count],
        indices=tuple(range(count)),
        confusion=tuple(tuple(_cell(row, column, count) for column in range(count)) for row in range(count)),
        confused_title="Pictures that mixed it up",
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
        glad=True,
    )


def _cell(row: int, column: int, count: int) -> ConfusionCell:
    amount = 8 if row == column else 2 if row == 1 and column == 0 else 0
    return ConfusionCell(
        ("cell", row, column), amount, amount / 10, row == column, (row, column) == (1, 0) and count > 1
    )


def saving(done: int) -> Saving:
    """Saving in five steps, of which `done` are finished."""
    steps = (
        "The model",
        "The names of the classes",
        "A report with all that was learned",
        "A script that runs it anywhere",
        "Reading everything back",
    )
    safe = done >= len(steps)
    return Saving(
        title="Saved" if safe else "Saving – leave the drive in",
        where="KIOSK / teachable / 2026-01-31_1412_apple_cup_duck",
        steps=tuple(SavingLine(text, _done(number, done)) for number, text in enumerate(steps)),
        safe=safe,
        text="You may pull it out now." if safe else "",
        keys=(ActionKey("back", "back", "Back", "Esc"),) if safe else (),
    )


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
    """An on-screen keyboard."""
    rows = [*("1234567890", "qwertzuiopü", "asdfghjklöä", "⇧yxcvbnm-⌫")]
    return Typing(
        "Name of button 5",
        text,
        False,
        (*(tuple((("type", letter), letter) for letter in row) for row in rows), ((("type", " "), ""),)),
        (ActionKey("done", "done", "Done", "Enter"), ActionKey("cancel", "cancel", "Cancel", "Esc")),
        "Another class has this name.",
    )


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
        (ActionKey("done", "done", "Done", "Enter"), ActionKey("cancel", "cancel", "Cancel", "Esc")),
    )


def every_view(count: int = 3, names: tuple[str, ...] = NAMES) -> dict[str, KioskView]:
    """All views by name."""
    return {**main_views(count, names), **game_views(count, names), **page_views(count, names)}


def _done(number: int, now: int) -> bool | None:
    return True if number < now else False if number == now else None
