"""The table of transitions as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.buttons import Action, ClassGallery, ClassName, ClassStep, EmptyClass, TypingKey
from app.core import events as ev
from app.core.events import Event
from app.core.facts import TrainedFacts
from app.core.presses import interpret
from app.core.state import Mode
from app.core.transitions import CONSUMED_BY_PRESSES, TRANSITIONS, advance
from tests.support.states import PICTURE, kiosk, run, stick


def test_every_event_has_a_transition_or_is_consumed_by_presses_and_none_is_both() -> None:
    events, raw = set(get_args(Event)), set(CONSUMED_BY_PRESSES)
    assert set(TRANSITIONS) | raw == events
    assert set(TRANSITIONS) & raw == set()


@pytest.mark.parametrize(
    "event", [ev.InputReleased("key:1"), ev.InputStuck("key:2"), ev.PinChanged("gpio:17", True, 1.0)]
)
def test_every_event_that_presses_consume_changes_the_inputs(event: Event) -> None:
    assert isinstance(event, CONSUMED_BY_PRESSES)
    state, _ = run(kiosk(0, 0), ev.InputPressed("key:1"))
    assert interpret(state.inputs, event, 1.0)[0] != state.inputs


def test_an_unknown_event_is_an_error() -> None:
    with pytest.raises(KeyError):
        advance(kiosk(0, 0), "no event")  # type: ignore[arg-type]


def test_a_notice_disappears_by_itself() -> None:
    state, _ = run(kiosk(0, 0), ev.ButtonPressed(Action.UNDO), ev.TimePassed(1.0))
    assert state.notice is not None
    state, _ = run(state, ev.TimePassed(10.0))
    assert state.notice is None


ON_SCREEN = (ClassStep(1), ClassStep(-1), ClassName(0), ClassGallery(0), EmptyClass(0), TypingKey.DONE)
ANYTHING = st.one_of(
    st.sampled_from([*range(-1, 4), *Action, *ON_SCREEN]).map(ev.ButtonPressed),
    st.sampled_from([*range(3), *Action]).map(ev.ButtonReleased),
    st.floats(0, 100).map(ev.TimePassed),
    st.integers(0, 1).map(lambda index: ev.SampleTaken(index, PICTURE)),
    st.integers(0, 1).map(lambda index: ev.SampleAdded(index, 1, PICTURE)),
    st.integers(0, 1).map(lambda index: ev.SamplesRemoved(index, (1,))),
    st.integers(0, 1).map(lambda index: ev.SamplesRestored(index, (1,), (PICTURE,))),
    st.just(ev.SampleRefused(0, "no.")),
    st.just(ev.TrainingFinished(Path("m"), TrainedFacts(1.0, 0.5, (2, 2)))),
    st.just(ev.ReportExplained({}, {"wrong": []})),
    st.just(ev.TrainingFailed("no.")),
    st.just(ev.SavingFinished(Path("f"), False)),
    st.just(ev.SavingFailed("no.")),
    st.just(ev.SessionErased()),
    st.just(ev.EraseFailed("no.")),
    st.just(ev.UndoFailed("no.")),
    st.just(ev.SampleWithdrawn(0)),
    st.just(ev.CameraLost("gone")),
    st.just(ev.CameraFound("back")),
    st.just(ev.DrivesChanged((stick(),))),
)


@given(st.lists(ANYTHING, max_size=40))
def test_after_any_sequence_of_events_the_commands_fit_the_mode(happened: list[Event]) -> None:
    state = kiosk(2, 2)
    for event in happened:
        before = state
        state, commands = advance(state, event)
        for command in commands:
            if isinstance(command, ev.AddSample):
                assert before.teaching
                assert 0 <= command.class_index < len(before.classes)
            if isinstance(command, ev.StartTraining | ev.StartSaving | ev.UndoLastAct):
                assert before.teaching
            if isinstance(command, ev.EraseSession):
                assert before.mode is Mode.CONFIRM_RESET
        assert all(count >= 0 for count in state.shots)
        assert 2 <= len(state.classes) <= 9
        assert not (state.mode is Mode.LIVE and state.model is None)
