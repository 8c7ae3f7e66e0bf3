"""Presses while teaching, live or busy, and the question of RESET."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.base.buttons import Action, Button
from app.core import events as ev
from app.core.facts import TrainedFacts
from app.core.state import KioskState, Mode
from app.model.observation import NOTHING_SEEN
from app.views.present import Surroundings, present
from tests.support.states import kiosk, run

MODEL = TrainedFacts(validation_accuracy=0.9, threshold=0.5, shots=(3, 3))


@pytest.mark.parametrize(("shots", "trains"), [((2, 2), True), ((2, 2, 0), True), ((1, 5), False), ((5, 0), False)])
def test_two_classes_with_two_samples_each_are_enough_to_train(shots: tuple[int, ...], trains: bool) -> None:
    state, commands = run(kiosk(*shots), ev.ButtonPressed(Action.TRAIN))
    assert (ev.StartTraining() in commands) is trains
    assert (state.mode is Mode.TRAINING) is trains
    if not trains:
        assert state.notice is not None
        assert str(state.notice.text) == str(state.missing)


@pytest.mark.parametrize("mode", [Mode.TRAINING, Mode.SAVING])
@pytest.mark.parametrize("button", [0, 1, Action.TRAIN, Action.UNDO, Action.SAVE, Action.RESET])
def test_presses_while_busy_do_nothing_now_or_later(mode: Mode, button: Button) -> None:
    busy = kiosk(3, 3, mode=mode, model=MODEL)
    state, commands = run(busy, ev.ButtonPressed(button), ev.TimePassed(1.0))
    assert commands == []
    assert state == replace(busy, now_s=1.0, ticked_s=1.0, down=(button,))
    finished = (
        ev.TrainingFinished(Path("m"), TrainedFacts(0.9, 0.5, (3, 3)))
        if mode is Mode.TRAINING
        else ev.SavingFinished(Path("f"), False)
    )
    _, commands = run(state, finished, ev.TimePassed(2.0), ev.TimePassed(3.0))
    assert all(isinstance(command, ev.PlaySound) for command in commands)


def test_reset_asks_first() -> None:
    state, commands = run(kiosk(3, 3), ev.ButtonPressed(Action.RESET))
    assert commands == []
    assert state.mode is Mode.CONFIRM_RESET
    kept, commands = run(state, ev.ButtonPressed(Action.CANCEL))
    assert commands == []
    assert kept.mode is Mode.TEACH
    _, commands = run(state, ev.ButtonPressed(Action.CONFIRM))
    assert commands == [ev.EraseSession()]


def asked(at_s: float = 10.0) -> KioskState:
    state, _ = run(kiosk(3, 3, model=MODEL, mode=Mode.LIVE), ev.TimePassed(at_s), ev.ButtonPressed(Action.RESET))
    return state


@pytest.mark.parametrize("button", [0, Action.TRAIN, Action.SAVE, Action.UNDO, Action.CANCEL, Action.LEAVE])
def test_every_button_except_yes_keeps_what_was_taught(button: int | Action) -> None:
    state, commands = run(asked(), ev.ButtonPressed(button))
    assert (state.mode, commands) == (Mode.LIVE, [])


def test_reset_again_means_yes_but_a_bounce_does_not() -> None:
    bounced, commands = run(asked(10.0), ev.TimePassed(10.2), ev.ButtonPressed(Action.RESET))
    assert (bounced.mode, commands) == (Mode.CONFIRM_RESET, [])
    _, commands = run(bounced, ev.TimePassed(11.0), ev.ButtonPressed(Action.RESET))
    assert commands == [ev.EraseSession()]


def test_pressing_reset_fast_and_often_erases_nothing() -> None:
    state, commands = asked(10.0), []
    for press in range(50):
        state, more = run(state, ev.TimePassed(10.0 + press / 5), ev.ButtonPressed(Action.RESET))
        commands += more
    assert ev.EraseSession() not in commands


def test_while_erasing_presses_do_nothing_and_after_a_failure_it_is_tried_again() -> None:
    state, _ = run(asked(), ev.ButtonPressed(Action.CONFIRM))
    assert state.mode is Mode.ERASING
    for button in (0, Action.SAVE, Action.TRAIN, Action.UNDO, Action.RESET):
        after, commands = run(state, ev.ButtonPressed(button))
        assert (replace(after, down=state.down), commands) == (state, [])
    assert run(state, ev.SessionErased())[0].mode is Mode.TEACH
    state, _ = run(state, ev.EraseFailed("the disk is gone."))
    state, commands = run(state, ev.TimePassed(state.now_s + 2.1))
    assert (state.mode, commands) == (Mode.ERASING, [ev.EraseSession()])


def test_a_question_that_nobody_answers_goes_away_and_keeps_everything() -> None:
    state, commands = run(asked(10.0), ev.TimePassed(31.0))
    assert (state.mode, state.shots, commands) == (Mode.LIVE, (3, 3), [])


def test_saving_needs_a_model() -> None:
    state, commands = run(kiosk(3, 3), ev.ButtonPressed(Action.SAVE))
    assert ev.StartSaving() not in commands
    assert state.notice is not None
    assert str(state.notice.text) == "Press TRAIN first: then there is a model to save."


@pytest.mark.parametrize("shots", [(0, 0), (5, 0), (1, 5)])
@pytest.mark.parametrize("button", [Action.SAVE, Action.RESULTS, Action.WHY])
def test_what_needs_a_model_asks_for_the_same_as_train_while_there_is_too_little_to_learn_from(
    shots: tuple[int, ...], button: Action
) -> None:
    said = [str(run(kiosk(*shots), ev.ButtonPressed(one))[0].notice.text) for one in (button, Action.TRAIN)]
    assert said[0] == said[1]


@pytest.mark.parametrize("shots", [(0, 0), (5, 0), (1, 5)])
def test_without_a_picture_train_asks_nobody_to_show_something(shots: tuple[int, ...]) -> None:
    state, commands = run(replace(kiosk(*shots), camera=None), ev.ButtonPressed(Action.TRAIN))
    assert commands == [ev.PlaySound("refused")]
    assert str(state.notice.text) == "There is no picture to learn from. Check the camera's cable."


def question_of(state: KioskState) -> tuple[str, str]:
    asked, _ = run(state, ev.ButtonPressed(Action.RESET))
    view = present(asked, None, NOTHING_SEEN, Surroundings()).question
    assert view is not None
    return view.text, view.answers[0].text


def test_reset_asks_only_about_what_is_there() -> None:
    removed = ev.SamplesRemoved(0, (1, 2, 3))
    live = kiosk(3, 0, mode=Mode.LIVE, model=MODEL)
    assert question_of(live) == ("3 pictures and the model made from them will be erased.", "Keep them")
    assert question_of(run(live, removed)[0]) == ("The model that answers now will be erased.", "Keep it")
    assert question_of(run(kiosk(3, 0), removed)[0]) == ("3 pictures can then no longer be brought back.", "Keep them")


@pytest.mark.parametrize("answer", [Action.CANCEL, Action.TRAIN, Action.SAVE])
def test_a_notice_that_a_question_covered_does_not_come_back(answer: Action) -> None:
    empty = kiosk(0, 0, mode=Mode.LIVE, model=MODEL)
    state, _ = run(empty, ev.ButtonPressed(Action.TRAIN))
    assert state.notice is not None
    state, _ = run(state, ev.ButtonPressed(Action.RESET), ev.ButtonReleased(Action.RESET), ev.TimePassed(1.0))
    state, _ = run(state, ev.ButtonPressed(answer), ev.TimePassed(1.1))
    assert (state.mode, state.notice) == (Mode.LIVE, None)
