"""Teaching: samples from taps and holds, and undoing them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.base.buttons import Action
from app.core import events as ev
from app.core.events import Command
from app.core.facts import TrainedFacts
from app.core.game import Game, GameStep
from app.core.state import Arrival
from app.model.observation import NOTHING_SEEN
from app.views.present import Surroundings, present
from tests.support.states import PICTURE, kiosk, run


def samples(commands: list[Command]) -> list[int]:
    return [command.class_index for command in commands if isinstance(command, ev.AddSample)]


def test_a_tap_takes_one_sample() -> None:
    _, commands = run(
        kiosk(0, 0),
        ev.TimePassed(1.0),
        ev.ButtonPressed(1),
        ev.TimePassed(1.05),
        ev.ButtonReleased(1),
        ev.SampleAdded(1, 7, PICTURE),
        ev.TimePassed(2.0),
    )
    assert samples(commands) == [1]


def test_holding_takes_a_sample_each_interval_after_the_delay() -> None:
    state, commands = run(kiosk(0, 0), ev.TimePassed(0.0), ev.ButtonPressed(0))
    for hundredth in range(1, 100):
        state, more = run(state, ev.SampleAdded(0, hundredth, PICTURE), ev.TimePassed(hundredth / 100))
        commands += more
    taken_later = len(samples(commands)) - 1
    assert taken_later == pytest.approx((0.99 - 0.35) / 0.12, abs=1)


def test_holding_waits_until_the_last_sample_is_stored() -> None:
    _, commands = run(kiosk(0, 0), ev.TimePassed(0.0), ev.ButtonPressed(0), ev.TimePassed(5.0), ev.TimePassed(9.0))
    assert samples(commands) == [0]


def test_of_two_held_buttons_only_the_first_takes_samples() -> None:
    state, commands = run(kiosk(0, 0), ev.ButtonPressed(0), ev.ButtonPressed(1), ev.ButtonReleased(1))
    assert samples(commands) == [0]
    assert state.held is not None
    assert state.held.class_index == 0


def test_a_taken_sample_flies_and_ticks_at_once_and_counts_only_when_it_is_stored() -> None:
    state, commands = run(kiosk(4, 0), ev.TimePassed(3.0), ev.SampleTaken(0, PICTURE))
    assert state.arrival == Arrival(0, PICTURE, 3.0)
    assert state.shots == (4, 0)
    assert commands == [ev.PlaySound("tick")]
    state, commands = run(state, ev.SampleAdded(0, 9, PICTURE))
    assert state.shots == (5, 0)
    assert state.classes[0].thumbnails == (PICTURE,)
    assert commands == []


def test_a_full_class_says_so_and_takes_no_more() -> None:
    state, commands = run(kiosk(300, 0), ev.ButtonPressed(0))
    assert samples(commands) == []
    assert state.notice is not None
    assert str(state.notice.text) == "apple is full with 300 pictures. Press TRAIN."


def test_without_a_camera_a_press_says_why_it_does_nothing() -> None:
    state, commands = run(replace(kiosk(0, 0), camera=None), ev.ButtonPressed(0))
    assert samples(commands) == []
    assert state.notice is not None
    assert str(state.notice.text) == "There is no picture to learn from. Check the camera's cable."


def test_a_button_held_since_before_the_training_takes_nothing_until_pressed_again() -> None:
    state, _ = run(kiosk(3, 3), ev.ButtonPressed(0), ev.ButtonPressed(Action.TRAIN))
    _, commands = run(
        state,
        ev.TrainingFinished(Path("m"), TrainedFacts(0.9, 0.5, (3, 3))),
        ev.TimePassed(4.0),
        ev.TimePassed(8.0),
    )
    assert samples(commands) == []


def test_undo_removes_the_last_hold_and_says_if_there_is_none() -> None:
    assert run(kiosk(1, 0), ev.ButtonPressed(Action.UNDO))[1] == [ev.UndoLastAct()]
    state, commands = run(kiosk(0, 0), ev.ButtonPressed(Action.UNDO))
    assert commands == [ev.PlaySound("refused")]
    assert state.notice is not None
    assert str(state.notice.text) == "There is nothing to undo yet."


def test_a_removed_sample_is_no_longer_counted_or_shown() -> None:
    state, _ = run(kiosk(0, 0), ev.SampleAdded(0, 1, PICTURE), ev.SamplesRemoved(0, (1,)))
    assert state.shots == (0, 0)
    assert state.classes[0].thumbnails == ()


def test_undo_that_is_held_takes_back_one_hold_only() -> None:
    state, commands = run(kiosk(9, 0), ev.InputPressed("key:z"), *(ev.TimePassed(n / 10) for n in range(1, 60)))
    assert commands == [ev.UndoLastAct()]
    assert run(state, ev.InputReleased("key:z"), ev.InputPressed("key:z"))[1] == [ev.UndoLastAct()]


@pytest.mark.parametrize(
    ("ids", "removed", "way_back"),
    [
        ((3,), "Removed the last picture of apple.", "The number on its card brings it back."),
        ((1, 2, 3), "Removed the last 3 pictures of apple.", "The number on its card brings them back."),
    ],
)
def test_it_is_said_how_many_pictures_were_taken_back_and_how_they_come_back(
    ids: tuple[int, ...], removed: str, way_back: str
) -> None:
    gone = ev.SamplesRemoved(0, ids, by_undo=True)
    state, _ = run(kiosk(5, 0), gone)
    assert (state.shots, str(state.notice.text)) == ((5 - len(ids), 0), f"{removed} {way_back}")
    config = replace(state.config, visitors=replace(state.config.visitors, gallery=False))
    for without_gallery in (replace(kiosk(5, 0), config=config), replace(kiosk(5, 0), game=Game(True, GameStep.FIRST))):
        assert str(run(without_gallery, gone)[0].notice.text) == removed


@pytest.mark.parametrize(("count", "words"), [(1, "1 picture of apple is back."), (3, "3 pictures of apple are back.")])
def test_it_is_said_how_many_pictures_undo_brought_back(count: int, words: str) -> None:
    state, _ = run(kiosk(0, 2), ev.SamplesRestored(0, tuple(range(count)), (PICTURE,)))
    assert (state.shots, str(state.notice.text)) == ((count, 2), words)


def test_undo_is_offered_for_a_removal_but_not_for_one_that_undo_made() -> None:
    ids = (1, 2, 3)
    for by_undo in (False, True):
        state, _ = run(kiosk(3, 0), ev.SamplesRemoved(0, ids, by_undo=by_undo))
        (key,) = (
            one for one in present(state, None, NOTHING_SEEN, Surroundings()).actions if one.button is Action.UNDO
        )
        assert key.enabled is not by_undo
        assert run(state, ev.ButtonPressed(Action.UNDO))[1] == (
            [ev.PlaySound("refused")] if by_undo else [ev.UndoLastAct()]
        )
    back = ev.SamplesRestored(0, ids, (PICTURE,))
    state, _ = run(state, back, ev.SamplesRemoved(0, ids))  # the gallery brought them back, then they were taken out
    assert run(state, ev.ButtonPressed(Action.UNDO))[1] == [ev.UndoLastAct()]


def test_presses_that_were_withdrawn_together_are_no_longer_awaited() -> None:
    state, _ = run(replace(kiosk(1, 0), in_flight=5), ev.SampleWithdrawn(0, 3))
    assert (state.in_flight, str(state.notice.text)) == (2, "Removed the last press.")
