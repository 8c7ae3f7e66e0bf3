"""A game, played one press and one answer at a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from app.base.buttons import Action, Button
from app.base.explanation import Explanation
from app.base.picture import Picture
from app.core import events as ev
from app.core.facts import TrainedFacts
from app.core.game import GameStep
from app.core.modes.games import (
    ENOUGH_TO_REPAIR,
    STEADY_S,
)
from app.core.state import KioskState, Mode
from tests.support.states import PICTURE, kiosk, run

MODEL = TrainedFacts(0.9, 0.5, (3, 3, 0))
FRAME = Picture(("trick", 7), np.zeros((4, 4, 3), np.uint8))
EVERY_S = 0.25  # between two answers


def live(**changes: object) -> KioskState:
    return replace(kiosk(3, 3, 0, mode=Mode.LIVE, model=MODEL), now_s=1.0, **changes)  # type: ignore[arg-type]


def press(state: KioskState, *buttons: Button) -> KioskState:
    for button in buttons:
        state, _ = run(state, ev.ButtonPressed(button), ev.ButtonReleased(button))
    return state


def wait(state: KioskState, seconds: float) -> KioskState:
    return run(state, ev.TimePassed(state.now_s + seconds))[0]


def looks(
    state: KioskState,
    index: int,
    seconds: float,
    *,
    named: bool = True,
    sureness: float = 0.9,
    why: Explanation | None = None,
) -> KioskState:
    """The model gives the same answer for some seconds."""
    for _ in range(round(seconds / EVERY_S)):
        if state.mode is not Mode.LIVE:
            break
        state, _ = run(state, ev.AnswerSeen(index, sureness, named, FRAME, why), ev.TimePassed(state.now_s + EVERY_S))
    return state


def playing() -> KioskState:
    return press(wait(press(live(), Action.PLAY), 1.0), 0)


def asked(state: KioskState | None = None, sureness: float = 0.9) -> KioskState:
    state = looks(state or playing(), 1, 1.0)  # another thing is there first
    state = looks(state, 0, STEADY_S + 1, sureness=sureness)
    assert state.mode is Mode.ASK_TRICK
    return wait(state, 1.0)


def caught(sureness: float = 0.9) -> KioskState:
    return press(asked(sureness=sureness), 0)


def repaired() -> KioskState:
    state = press(caught(), Action.TRAIN)
    for number in range(ENOUGH_TO_REPAIR):
        state, _ = run(state, ev.ButtonPressed(2), ev.SampleAdded(2, number, PICTURE), ev.ButtonReleased(2))
    return state


def trained(state: KioskState) -> tuple[KioskState, list[ev.Command]]:
    state, commands = run(state, ev.ButtonPressed(Action.TRAIN))
    assert ev.StartTraining() in commands
    return run(state, ev.TrainingFinished(Path("m"), TrainedFacts(0.9, 0.5, state.shots)))


def step_of(state: KioskState) -> GameStep:
    assert state.game is not None
    return state.game.step
