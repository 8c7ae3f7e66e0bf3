"""“Trick it!”, step by step: what is asked, what a press does, and when the picture of a trick is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from app.base.buttons import Action, Button, ClassGallery
from app.base.explanation import Explanation, Way
from app.base.picture import Picture
from app.core import events as ev
from app.core.facts import TaughtClass, TrainedFacts
from app.core.game import GameStep, NewAnswer
from app.core.modes.games import (
    ANSWER_WITHIN_S,
    QUIET_AFTER_YES_S,
    QUIET_AT_START_S,
    STEADY_S,
    watching,
)
from app.core.state import KioskState, Mode
from tests.support.games import (
    EVERY_S,
    FRAME,
    asked,
    caught,
    live,
    looks,
    playing,
    press,
    repaired,
    step_of,
    trained,
    wait,
)
from tests.support.states import kiosk, run


def test_play_asks_which_game_and_any_other_button_plays_none() -> None:
    state = press(live(), Action.PLAY)
    assert state.mode is Mode.CHOOSE_GAME
    for button in (Action.CANCEL, Action.RESET, Action.LEAVE, Action.SAVE, 2):
        after = press(wait(state, 1.0), button)
        assert (after.mode, after.game) == (Mode.LIVE, None)
    assert wait(state, ANSWER_WITHIN_S + 1).mode is Mode.LIVE


def test_the_key_of_names_means_nothing_in_a_game() -> None:
    state = playing()
    after, commands = run(state, ev.ButtonPressed(Action.NAME))
    assert (after.notice, after.which_until_s, commands) == (state.notice, 0.0, [])


def test_a_bounce_of_play_does_not_close_the_question() -> None:
    assert press(live(), Action.PLAY, Action.PLAY).mode is Mode.CHOOSE_GAME


def test_trick_it_needs_a_model_of_the_visit() -> None:
    state = press(kiosk(3, 3), Action.PLAY, 0)
    assert state.mode is Mode.CHOOSE_GAME
    assert state.game is None
    shown = press(live(shown_from="STICK"), Action.PLAY)
    assert (shown.mode, shown.game) == (Mode.LIVE, None)


def test_settings_switch_the_games_off_and_end_one() -> None:
    off = replace(live().config, screen=replace(live().config.screen, games=False))
    assert press(live(config=off), Action.PLAY).mode is Mode.LIVE
    assert wait(replace(playing(), config=off), 0.1).game is None


def test_the_kiosk_asks_once_the_model_names_the_class_steadily() -> None:
    state = looks(playing(), 1, 1.0)
    state = looks(state, 0, STEADY_S - EVERY_S)
    assert state.mode is Mode.LIVE
    state = looks(state, 1, EVERY_S)  # it changes its mind
    state = looks(state, 0, STEADY_S)
    assert state.mode is Mode.LIVE
    assert looks(state, 0, 2 * EVERY_S).mode is Mode.ASK_TRICK


def test_a_model_that_hesitates_is_not_tricked() -> None:
    assert looks(looks(playing(), 1, 1.0), 0, 10.0, named=False).mode is Mode.LIVE


def test_what_lies_there_at_the_start_is_asked_about_later() -> None:
    state = looks(playing(), 0, QUIET_AT_START_S - EVERY_S)
    assert state.mode is Mode.LIVE
    assert looks(state, 0, 1.0).mode is Mode.ASK_TRICK


def test_a_class_button_chooses_what_to_trick_if_it_was_taught() -> None:
    state = press(playing(), 1)
    assert state.game is not None
    assert state.game.target == 1
    assert press(state, 2).game == state.game
    assert state.shots == (3, 3, 0)


def test_a_class_that_was_taught_after_training_cannot_be_tricked() -> None:
    state = live(classes=(TaughtClass("a", 1), TaughtClass("b", 3), TaughtClass("c", 3)))
    state = replace(state, model=TrainedFacts(0.9, 0.5, (0, 3, 3)))
    state = press(wait(press(state, Action.PLAY), 1.0), 0)
    assert state.game is not None
    assert state.game.target == 1
    after = press(state, 0)
    assert after.game is not None
    assert after.game.target == 1


@pytest.mark.parametrize(("winner", "kept"), [(0, True), (1, False)])
def test_the_picture_of_a_trick_is_lit_only_for_the_class_that_was_tricked(winner: int, kept: bool) -> None:
    why = Explanation(np.ones((2, 2), np.float32), winner, 1 - winner, False, 4.0, Way.EXACT)
    state = looks(looks(playing(), 1, 1.0), 0, STEADY_S + 1, why=why)
    assert state.game is not None
    assert state.game.trick is not None
    assert (state.game.trick.why is why) == kept


def test_a_game_shows_no_gallery() -> None:
    state = playing()
    assert press(state, ClassGallery(0), Action.GALLERY, Action.RESULTS).mode is Mode.LIVE


def test_a_guided_round_that_nobody_confirms_is_forgotten_when_the_kiosk_asks_who_is_there() -> None:
    state = press(wait(press(live(), Action.PLAY), 1.0), 1)
    assert step_of(state) is GameStep.CLEAR
    state = press(replace(state, mode=Mode.STILL_THERE), Action.UNDO)
    assert state.mode is Mode.LIVE
    assert state.game is None


@pytest.mark.parametrize("no", [0, Action.CANCEL])
def test_no_means_tricked(no: Button) -> None:
    state = press(asked(), no)
    assert (state.mode, step_of(state)) == (Mode.LIVE, GameStep.CAUGHT)
    assert state.best_trick is not None
    assert state.best_trick.picture is FRAME
    assert state.best_trick.sureness == 0.9


@pytest.mark.parametrize("yes", [1, Action.CONFIRM])
def test_yes_means_that_the_model_is_right_and_the_game_goes_on(yes: Button) -> None:
    state = press(asked(), yes)
    assert (state.mode, step_of(state), state.best_trick) == (Mode.LIVE, GameStep.SEEK, None)
    assert state.game is not None
    assert state.game.trick is None
    state = looks(state, 0, QUIET_AFTER_YES_S - 2 * EVERY_S)  # the thing is still there
    assert state.mode is Mode.LIVE
    assert looks(state, 0, 1.0).mode is Mode.ASK_TRICK


def test_an_early_press_is_no_answer() -> None:
    state = looks(looks(playing(), 1, 1.0), 0, STEADY_S + 1)
    assert press(state, 0).mode is Mode.ASK_TRICK


def test_without_an_answer_nothing_counts() -> None:
    state = wait(asked(), ANSWER_WITHIN_S)
    assert (state.mode, step_of(state), state.best_trick) == (Mode.LIVE, GameStep.SEEK, None)


def test_the_question_about_a_trick_stays_for_25_seconds() -> None:
    asks = asked()
    open_s = asks.now_s - asks.asked_at_s
    assert wait(asks, 24.9 - open_s).mode is Mode.ASK_TRICK
    assert wait(asks, 25.1 - open_s).mode is Mode.LIVE


def test_the_best_trick_is_the_one_of_which_the_model_was_surest() -> None:
    state = press(caught(0.9), Action.TRAIN)
    state, _ = run(state, ev.ButtonPressed(Action.PLAY))  # ends the game
    assert state.game is None
    again = press(wait(press(state, Action.PLAY), 1.0), 0)
    weaker = press(asked(again, 0.8), 0)
    assert weaker.best_trick is not None
    assert weaker.best_trick.sureness == 0.9
    again = press(wait(press(press(weaker, Action.PLAY), Action.PLAY), 1.0), 0)
    surer = press(asked(again, 0.95), 0)
    assert surer.best_trick is not None
    assert surer.best_trick.sureness == 0.95


def test_training_asks_the_new_model_about_the_same_picture() -> None:
    state, commands = trained(repaired())
    assert ev.AskAgain(FRAME) in commands
    assert step_of(state) is GameStep.ANSWERED
    state, _ = run(state, ev.PictureAnswered(FRAME, NewAnswer(2, 0.8, named=True)))
    assert state.game is not None
    assert state.game.defeated
    assert step_of(press(state, Action.TRAIN)) is GameStep.SEEK


@pytest.mark.parametrize(("answer", "defeated"), [(NewAnswer(0, 0.7, named=True), False),
                                                  (NewAnswer(0, 0.4, named=False), True)])  # fmt: skip
def test_the_trick_works_as_long_as_the_model_names_the_class(answer: NewAnswer, defeated: bool) -> None:
    state, _ = run(trained(repaired())[0], ev.PictureAnswered(FRAME, answer))
    assert state.game is not None
    assert state.game.defeated is defeated
    after = press(state, Action.TRAIN)
    assert step_of(after) is (GameStep.SEEK if defeated else GameStep.REPAIR)


def test_an_answer_about_another_picture_counts_for_nothing() -> None:
    other = Picture(("trick", 8), FRAME.pixels)
    state, _ = run(trained(repaired())[0], ev.PictureAnswered(other, NewAnswer(2, 0.8, named=True)))
    assert state.game is not None
    assert state.game.answer is None


def test_training_needs_new_pictures_first() -> None:
    state, commands = run(press(caught(), Action.TRAIN), ev.ButtonPressed(Action.TRAIN))
    assert ev.StartTraining() not in commands
    assert state.notice is not None
    assert "Hold the book button first." in str(state.notice.text)


def test_a_class_button_teaches_at_once_after_a_trick() -> None:
    state, commands = run(caught(), ev.ButtonPressed(2))
    assert [one for one in commands if isinstance(one, ev.AddSample)] == [ev.AddSample(2, 0)]
    assert step_of(state) is GameStep.REPAIR


def test_a_model_that_cannot_be_asked_ends_the_game_with_the_reason() -> None:
    state, _ = run(trained(repaired())[0], ev.PictureUnanswered("The model is gone."))
    assert state.game is None
    assert state.notice is not None
    assert state.notice.text == "The model is gone."


@pytest.mark.parametrize("button", [Action.PLAY, Action.RESET, Action.CANCEL, Action.LEAVE])
@pytest.mark.parametrize("start", [playing, caught, lambda: press(caught(), Action.TRAIN)])
def test_a_game_ends_by_the_button_and_erases_nothing(button: Action, start: Callable[[], KioskState]) -> None:
    state, commands = run(start(), ev.ButtonPressed(button))
    assert (state.game, state.mode, state.shots) == (None, Mode.LIVE, (3, 3, 0))
    assert not [one for one in commands if isinstance(one, ev.EraseSession | ev.Leave)]


def forgotten(state: KioskState) -> bool:
    return state.best_trick is None and state.game is None


def test_reset_forgets_the_trick() -> None:
    state = press(press(caught(), Action.RESET), Action.RESET)  # the first one ends the game
    state, _ = run(wait(state, 2.0), ev.ButtonPressed(Action.RESET), ev.SessionErased())
    assert forgotten(state)


def test_the_end_of_a_visit_forgets_the_trick_before_anything_is_archived() -> None:
    state, idle = caught(), live().config.idle
    state = wait(state, idle.after_s + 1)
    assert state.mode is Mode.STILL_THERE
    assert not forgotten(state)
    state = wait(state, idle.countdown_s + 1)
    assert forgotten(state)


@pytest.mark.parametrize("event", [
    ev.SessionErased(),
    ev.SessionRestored((TaughtClass("a", 2), TaughtClass("b", 2))),
    ev.SessionImported((TaughtClass("a", 2), TaughtClass("b", 2))),
])  # fmt: skip
def test_another_session_forgets_the_trick(event: ev.Event) -> None:
    assert forgotten(run(caught(), event)[0])


def test_in_trick_it_save_looks_for_another_trick() -> None:
    assert step_of(press(playing(), Action.SAVE)) is GameStep.SEEK
    state = press(caught(), Action.SAVE)
    assert step_of(state) is GameStep.REPAIR
    assert step_of(press(state, Action.SAVE)) is GameStep.SEEK


def test_reset_forgets_the_trick_before_anything_is_erased() -> None:
    state = press(press(caught(), Action.RESET), Action.RESET)
    state, commands = run(wait(state, 2.0), ev.ButtonPressed(Action.RESET))
    assert ev.EraseSession() in commands
    assert forgotten(state)


def test_the_game_watches_only_while_it_looks_for_a_trick() -> None:
    assert watching(playing())
    assert not watching(caught())
    assert not watching(asked())
    assert not watching(live())
