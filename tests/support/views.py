"""Views of the main screen and of the games for tests, with the longest texts and up to nine classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.base.buttons import Action
from app.base.picture import Picture
from app.base.tone import Tone
from app.config.class_names import SHAPES, class_names
from app.views.model import (
    ActionKey,
    Banner,
    ClassCard,
    GameStrip,
    KioskView,
    Light,
    Question,
    Screen,
    StatusStrip,
    Verdict,
)
from app.views.waking import waking
from tests.support.painted import NAMES, painted, picture

MARKS = tuple(zip(class_names(("",) * 9, "en"), (str(one) for one in SHAPES), strict=True))
CLASS_KEYS = (ActionKey(("classes", 1), "more", "Add a thing", ""),)
WHY_KEY = ActionKey(Action.WHY, "why", "Why?", "W")
PLAY_KEY = ActionKey(Action.PLAY, "play", "Play", "P")
GAME_KEYS = (
    ActionKey(Action.TRAIN, "later", "Go on", "T", suggested=True),
    ActionKey(Action.SAVE, "later", "Skip", "S"),
    ActionKey(Action.UNDO, "undo", "Undo", "Z"),
    ActionKey(Action.RESET, "back", "End game", "R"),
)


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
            gallery=("gallery", index) if shots else None,
            rename=("rename", index),
            mark_text=f"{MARKS[index][0]} · {MARKS[index][1]}",
            mark_short=MARKS[index][0],
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
        class_keys=CLASS_KEYS if len(shown) < 9 else (),
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
        f"I see {names[1]}! Wrong? Hold the right button.",
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
            "Comparing what you showed…",
            progress=0.6,
            progress_text="Learning…",
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
            guidance=f"Is it {names[1]}? Hold its button to teach it more.",
        ),
        "confirm": replace(
            live,
            screen=Screen.CONFIRM,
            question=Question(
                "Start over?",
                "45 pictures and the model made from them will be erased.",
                (
                    ActionKey(Action.CANCEL, "cancel", "Keep them", "N", suggested=True),
                    ActionKey(Action.CONFIRM, "empty", "Erase", "Y", erases=True),
                ),
            ),
        ),
        "still_there": replace(
            live,
            question=Question(
                "Still there?",
                "Your work will be put away in 9 seconds. Press any button to stay.",
                (ActionKey("stay", "confirm", "I am here!", "", suggested=True),),
                left=0.6,
                countdown="9",
            ),
        ),
        "which_drive": replace(
            live,
            screen=Screen.CONFIRM,
            question=Question(
                "Which drive?",
                "If you don't choose, I'll use the first one.",
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
                "No picture from HD Webcam C270",
                "It is connected but sends no pictures.\nUnplug it and plug it in again.\n"
                "What you taught is safe. If it stays like this, please call Ada of the museum, 0123 456 789.",
            ),
        ),
        "waking": waking("en", "paper"),
        "waiting": view(Screen.TEACH, cards(count, names=names), "One moment.", picture=None, model_square=None),
    }


def spot(index: int | None, x: float = 0.62, y: float = 0.42) -> Light:
    """A light on one part of the picture."""
    across = (np.arange(48, dtype=np.float32) + 0.5) / 48
    away = (across[np.newaxis] - x) ** 2 + (across[:, np.newaxis] - y) ** 2
    return Light(("spot", index, x, y), np.exp(-away / 0.03).astype(np.float32), index, (x, y))


def game_views(count: int = 3, names: tuple[str, ...] = NAMES) -> dict[str, KioskView]:
    """WHY, and the games."""
    live = replace(main_views(count, names)["live"], picture_keys=(WHY_KEY, PLAY_KEY))
    on = replace(WHY_KEY, held=True, text="More sure?")
    seeking = replace(
        live,
        guidance=f"Trick me! Show me something that is NOT {names[1]}.",
        picture_keys=(WHY_KEY,),
        actions=(
            replace(GAME_KEYS[0], name="train", text="Train", enabled=False, suggested=False),
            replace(GAME_KEYS[1], enabled=False),
            *GAME_KEYS[2:],
        ),
        game=GameStrip(f"{names[1]}?", 1, 0.7, "Best: 97%", 0, 4, Picture("best", painted(4)), spot(1, 0.4, 0.6)),
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
