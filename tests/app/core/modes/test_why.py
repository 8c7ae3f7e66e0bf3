"""WHY: when the picture shows what spoke for the answer, and what switches it off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.base.buttons import Action, Button
from app.core import events as ev
from app.core.facts import ModelFacts, TaughtClass, TrainedFacts
from app.core.game import Game, GameStep
from app.core.modes.why import ADVICE_S, explains
from app.core.state import KioskState, Mode
from app.views.guidance import guidance
from tests.support.states import kiosk, run

MODEL = TrainedFacts(0.9, 0.5, (3, 3))


def live(**changes: object) -> KioskState:
    return replace(kiosk(3, 3, mode=Mode.LIVE, model=MODEL), **changes)  # type: ignore[arg-type]


def press(state: KioskState, *buttons: Button) -> KioskState:
    for button in buttons:
        state, _ = run(state, ev.ButtonPressed(button), ev.ButtonReleased(button))
    return state


def test_the_button_switches_it_on_and_off() -> None:
    state = press(live(), Action.WHY)
    assert state.why
    assert explains(state)
    state = press(state, Action.WHY)
    assert not state.why
    assert not explains(state)


def three(**changes: object) -> KioskState:
    return replace(kiosk(3, 3, 3, mode=Mode.LIVE, model=TrainedFacts(0.9, 0.5, (3, 3, 3))), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "start",
    [
        three(),
        replace(kiosk(0, 0, 0, mode=Mode.LIVE), starter=ModelFacts(("apple", "cup", "duck"), 0.5)),
        three(shown_from="STICK", model=TrainedFacts(None, 0.5, (0, 0, 0))),
    ],
)
def test_with_more_than_two_classes_a_second_press_asks_what_would_make_it_surer(start: KioskState) -> None:
    state = press(start, Action.WHY)
    assert (state.why, state.against_all) == (True, False)
    state = press(state, Action.WHY)
    assert (state.why, state.against_all) == (True, True)
    assert explains(state)
    state = press(state, Action.WHY)
    assert (state.why, state.against_all) == (False, False)
    assert press(state, Action.WHY).against_all is False


def test_a_class_without_pictures_is_no_further_class() -> None:
    state = replace(kiosk(3, 3, 0, mode=Mode.LIVE), model=TrainedFacts(0.9, 0.5, (3, 3, 0)))
    assert not press(state, Action.WHY, Action.WHY).why


@pytest.mark.parametrize("end", [ev.SessionErased(), ev.SessionRestored((TaughtClass("a", 2), TaughtClass("b", 2)))])
def test_another_session_forgets_what_was_asked(end: ev.Event) -> None:
    state, _ = run(three(why=True, against_all=True), end)
    assert (state.why, state.against_all) == (False, False)


def test_without_a_model_it_says_what_is_missing() -> None:
    state = press(kiosk(3, 3), Action.WHY)
    assert not state.why
    assert state.notice is not None
    assert str(state.notice.text) == "Press TRAIN first: then it can show why."


def test_it_works_with_a_starter_and_with_a_model_from_a_drive() -> None:
    starter = replace(kiosk(0, 0, mode=Mode.LIVE), starter=ModelFacts(("apple", "cup"), 0.5))
    assert press(starter, Action.WHY).why
    assert press(live(shown_from="STICK"), Action.WHY).why


def test_it_stays_on_while_something_is_taught_and_trained() -> None:
    state = press(live(), Action.WHY, 0)
    assert state.why
    state, _ = run(state, ev.TrainingFinished(Path("m"), MODEL))
    assert explains(state)


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.LIVE])
def test_the_model_explains_nothing_on_other_pages(mode: Mode) -> None:
    assert not explains(live(why=True, mode=mode))


def test_reset_switches_it_off() -> None:
    state = press(live(why=True), Action.RESET)
    state, _ = run(state, ev.TimePassed(5.0), ev.ButtonPressed(Action.CONFIRM), ev.SessionErased())
    assert not state.why


def test_the_end_of_a_visit_switches_it_off() -> None:
    state = live(why=True)
    idle = state.config.idle
    state, _ = run(state, ev.TimePassed(idle.after_s + 1))
    assert state.mode is Mode.STILL_THERE
    assert press(state, 0).why
    state, commands = run(state, ev.TimePassed(idle.after_s + idle.countdown_s + 2))
    assert ev.EndSession(state.privacy) in commands
    assert not state.why


def test_the_demonstration_switches_it_off() -> None:
    state = replace(kiosk(0, 0, mode=Mode.LIVE), starter=ModelFacts(("apple", "cup"), 0.5), why=True)
    state, _ = run(state, ev.TimePassed(state.config.idle.after_s + 1))
    assert state.mode is Mode.ATTRACT
    assert not state.why


def test_after_training_it_advises_another_background_for_a_while() -> None:
    state, _ = run(live(), ev.TrainingFinished(Path("m"), MODEL), ev.BackgroundSeen((1,)))
    advice = "I look at what is behind cup. Show it in front of something else, too!"
    assert str(guidance(state, None)) == advice
    later, _ = run(state, ev.TimePassed(state.now_s + ADVICE_S + 1))
    assert str(guidance(later, None)) != advice
    again, _ = run(state, ev.TrainingFinished(Path("m"), MODEL))
    assert str(guidance(again, None)) != advice


def test_a_model_from_a_drive_and_a_game_get_no_advice() -> None:
    for other in (live(shown_from="STICK"), live(game=Game(guided=True, step=GameStep.SEEK))):
        assert run(other, ev.BackgroundSeen((1,)))[0].background is None
