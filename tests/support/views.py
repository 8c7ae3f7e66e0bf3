"""Views of every screen, made by hand: painted pictures, the words of the longest language, up to nine classes."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from app.events import Action
from app.ui.view import (
    ActionKey,
    ClassCard,
    KioskView,
    Notice,
    Picture,
    Question,
    Screen,
    StatusStrip,
    Tone,
    Verdict,
)

NAMES = ("apple", "cup", "duck", "book", "Schraubenzieher", "banana", "telephone", "glove", "key")
LONG = "The very long name of a thing, 40 letter"
COLOURS = ((212, 60, 48), (60, 120, 200), (236, 190, 60), (70, 160, 90), (140, 90, 200), (230, 120, 50),
           (40, 160, 170), (220, 110, 160), (150, 160, 60))  # fmt: skip


@lru_cache(maxsize=256)
def painted(kind: int, turn: float = 0.0, edge: tuple[int, int] = (120, 160)) -> np.ndarray:
    """A thing on a table, uint8 (H, W, 3): plain forms, so that reference pictures are small."""
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
    """A small picture of a thing, and its name."""
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
            target=20,
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
        language=ActionKey("language", "language", "EN", ""),
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
        "Is it wrong? Hold the right button, then TRAIN.",
        1,
        verdict=Verdict(names[1], 0.94, 1, "94 %"),
        not_sure=0.06,
        actions=actions(suggested="save"),
    )
    return {
        "welcome": view(
            Screen.TEACH,
            cards(count, shots=0, names=names),
            f"Show something to the camera and hold the {names[0]} button.",
            actions=actions(enabled=False),
        ),
        "teach": view(
            Screen.TEACH, cards(count, held=1, names=names), f"Keep turning it: every picture teaches {names[1]}.", 1
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
            notice=Notice("Learned it: about 9 of 10 new pictures are named right.", Tone.SUCCESS),
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
