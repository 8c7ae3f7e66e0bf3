"""Learn as you go: training starts by itself after a class button was released."""

from __future__ import annotations

from dataclasses import replace

from app.core import events as ev
from app.core.state import KioskState, Mode
from tests.support.states import MODEL_WITH_RESULTS, PICTURE, kiosk, run


def as_you_go() -> KioskState:
    state = kiosk(3, 3, mode=Mode.LIVE, model=MODEL_WITH_RESULTS)
    return replace(state, config=replace(state.config, classes=replace(state.config.classes, learn_as_you_go=True)))


def test_learn_as_you_go_trains_after_the_release_once_all_samples_are_stored() -> None:
    held, _ = run(as_you_go(), ev.ButtonPressed(0), ev.TimePassed(0.1))
    state, commands = run(held, ev.ButtonReleased(0), ev.TimePassed(0.2))
    assert ev.StartTraining() not in commands  # its sample is not stored yet
    state, commands = run(state, ev.SampleAdded(0, 9, PICTURE), ev.TimePassed(0.3))
    assert state.mode is Mode.TRAINING
    assert ev.StartTraining() in commands


def test_learn_as_you_go_waits_for_missing_samples_and_is_off_by_default() -> None:
    three = replace(as_you_go(), classes=kiosk(3, 3, 0).classes)
    state, commands = run(
        three, ev.ButtonPressed(2), ev.ButtonReleased(2), ev.SampleAdded(2, 9, PICTURE), ev.TimePassed(0.3)
    )
    assert (state.mode, ev.StartTraining() in commands) == (Mode.LIVE, False)
    _, commands = run(
        kiosk(3, 3, mode=Mode.LIVE, model=MODEL_WITH_RESULTS),
        ev.ButtonPressed(0),
        ev.ButtonReleased(0),
        ev.SampleAdded(0, 9, PICTURE),
        ev.TimePassed(0.3),
    )
    assert ev.StartTraining() not in commands
