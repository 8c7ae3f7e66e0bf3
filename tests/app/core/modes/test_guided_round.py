"""The guided round: two things before two backgrounds, the swap, and the repair."""

from __future__ import annotations

from app.base.buttons import Action
from app.core import events as ev
from app.core.game import GameStep, NewAnswer
from app.core.modes.games import (
    ENOUGH,
    ENOUGH_TO_REPAIR,
)
from app.core.state import KioskState, Mode
from tests.support.games import (
    FRAME,
    live,
    looks,
    press,
    step_of,
    trained,
    wait,
)
from tests.support.states import PICTURE, kiosk, run


def guided() -> KioskState:
    return press(wait(press(kiosk(0, 0, 0), Action.PLAY), 1.0), 1)


def taught(state: KioskState, index: int, count: int = ENOUGH) -> KioskState:
    for number in range(count):
        state, _ = run(state, ev.ButtonPressed(index), ev.SampleAdded(index, number, PICTURE))
    return wait(run(state, ev.ButtonReleased(index))[0], 0.1)


def test_the_guided_round_teaches_two_things_one_after_the_other() -> None:
    state = guided()
    assert step_of(state) is GameStep.FIRST
    refused = press(state, 1)
    assert refused.notice is not None
    assert str(refused.notice.text) == "Hold the apple button first."
    assert step_of(taught(state, 0, ENOUGH - 1)) is GameStep.FIRST
    state = taught(state, 0)
    assert step_of(state) is GameStep.SECOND
    state = taught(state, 1)
    assert step_of(state) is GameStep.TRAIN
    state, _ = trained(state)
    assert step_of(state) is GameStep.SEEK
    assert state.game is not None
    assert state.game.target == 1


def test_a_held_button_is_not_interrupted_when_enough_is_taught() -> None:
    state, _ = run(guided(), ev.ButtonPressed(0))
    for number in range(ENOUGH + 3):
        state, _ = run(state, ev.SampleAdded(0, number, PICTURE), ev.TimePassed(state.now_s + 0.5))
    assert step_of(state) is GameStep.FIRST
    assert state.held is not None


def test_the_guided_round_goes_from_the_swap_to_the_repair_and_ends() -> None:
    state, _ = trained(taught(taught(guided(), 0), 1))
    state = looks(looks(state, 0, 1.0), 1, 2.0)  # the first thing in front of the second background
    state = press(wait(state, 1.0), 0)
    assert step_of(state) is GameStep.CAUGHT
    state = press(state, Action.TRAIN)
    for number in range(ENOUGH_TO_REPAIR):
        state, _ = run(state, ev.ButtonPressed(0), ev.SampleAdded(0, number, PICTURE), ev.ButtonReleased(0))
    state, commands = trained(state)
    assert ev.AskAgain(FRAME) in commands
    state, _ = run(state, ev.PictureAnswered(FRAME, NewAnswer(0, 0.8, named=True)))
    assert press(state, Action.TRAIN).game is None


def test_save_skips_every_step_and_saves_nothing() -> None:
    state, steps = guided(), []
    while state.game is not None:
        steps.append(state.game.step)
        state, commands = run(state, ev.ButtonPressed(Action.SAVE))
        assert not [one for one in commands if isinstance(one, ev.StartSaving)]
    assert steps == [GameStep.FIRST, GameStep.SECOND, GameStep.TRAIN]
    trained_state, _ = trained(taught(taught(guided(), 0), 1))
    assert press(trained_state, Action.SAVE).game is None


def test_with_something_taught_the_guided_round_asks_before_it_erases() -> None:
    state = press(wait(press(live(), Action.PLAY), 1.0), 1)
    assert state.mode is Mode.CONFIRM_RESET
    kept = press(wait(state, 1.0), Action.CANCEL)
    assert (kept.mode, kept.game, kept.shots) == (Mode.LIVE, None, (3, 3, 0))
    late = wait(state, 25.0)
    assert (late.mode, late.game, late.shots) == (Mode.LIVE, None, (3, 3, 0))
    state, commands = run(wait(state, 1.0), ev.ButtonPressed(Action.CONFIRM))
    assert ev.EraseSession() in commands
    state, _ = run(state, ev.SessionErased())
    assert step_of(state) is GameStep.FIRST


def test_the_guided_round_waits_until_everything_is_erased() -> None:
    state = press(wait(press(live(), Action.PLAY), 1.0), 1)
    state, _ = run(wait(state, 1.0), ev.ButtonPressed(Action.CONFIRM), ev.EraseFailed("The disk is full."))
    assert state.mode is Mode.ERASING
    state, commands = run(state, ev.TimePassed(state.now_s + 60.0))
    assert ev.EraseSession() in commands
    state, _ = run(state, ev.SessionErased())
    assert step_of(state) is GameStep.FIRST
