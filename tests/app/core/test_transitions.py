"""Every transition of the kiosk, told as what the visitor does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.buttons import Action, Button
from app.base.ports import UnmountedDrive
from app.core import events as ev
from app.core.events import Command, Event
from app.core.facts import TrainedFacts
from app.core.presses import interpret
from app.core.state import KioskState, Mode
from app.core.transitions import CONSUMED_BY_PRESSES, TRANSITIONS, advance
from tests.support.states import PICTURE, kiosk, run, stick

MODEL = TrainedFacts(validation_accuracy=0.9, threshold=0.5, shots=(3, 3))


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


def test_a_stored_sample_counts_and_shows_and_ticks() -> None:
    state, commands = run(kiosk(4, 0), ev.SampleAdded(0, 9, PICTURE))
    assert state.shots == (5, 0)
    assert state.classes[0].thumbnails == (PICTURE,)
    assert commands == [ev.PlaySound("tick")]


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


def test_a_button_held_since_before_the_training_takes_nothing_until_pressed_again() -> None:
    state, _ = run(kiosk(3, 3), ev.ButtonPressed(0), ev.ButtonPressed(Action.TRAIN))
    _, commands = run(
        state,
        ev.TrainingFinished(Path("m"), TrainedFacts(0.9, 0.5, (3, 3))),
        ev.TimePassed(4.0),
        ev.TimePassed(8.0),
    )
    assert samples(commands) == []


def test_after_training_the_kiosk_is_live_and_says_how_well_it_learned() -> None:
    state, _ = run(kiosk(3, 3, mode=Mode.TRAINING), ev.TrainingFinished(Path("m"), TrainedFacts(0.8, 0.5, (3, 3))))
    assert state.mode is Mode.LIVE
    assert state.notice is not None
    assert str(state.notice.text) == "Learned it: about 8 of 10 new pictures are named right."


def test_failed_training_keeps_the_model_before_and_says_why() -> None:
    state, _ = run(kiosk(3, 3, mode=Mode.TRAINING, model=MODEL), ev.TrainingFailed("the disk is full."))
    assert state.mode is Mode.LIVE
    assert state.model is MODEL
    assert state.notice is not None
    assert str(state.notice.text) == "the disk is full."


def test_failed_first_training_goes_back_to_teaching() -> None:
    state, _ = run(kiosk(3, 3, mode=Mode.TRAINING), ev.TrainingFailed("no."))
    assert state.mode is Mode.TEACH


def test_new_samples_make_the_model_stale() -> None:
    state = kiosk(3, 3, mode=Mode.LIVE, model=MODEL)
    assert not state.stale
    state, _ = run(state, ev.SampleAdded(1, 1, PICTURE))
    assert state.stale


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


def test_while_erasing_presses_do_nothing_and_a_failure_keeps_everything() -> None:
    state, _ = run(asked(), ev.ButtonPressed(Action.CONFIRM))
    assert state.mode is Mode.ERASING
    for button in (0, Action.SAVE, Action.TRAIN, Action.UNDO, Action.RESET):
        after, commands = run(state, ev.ButtonPressed(button))
        assert (replace(after, down=state.down), commands) == (state, [])
    assert run(state, ev.SessionErased())[0].mode is Mode.TEACH
    assert run(state, ev.EraseFailed("the disk is gone."))[0].mode is Mode.LIVE


@pytest.mark.parametrize(
    ("accuracy", "words"),
    [
        (1.0, "Learned it! Every picture it had not seen was named right."),
        (0.999, "Learned it: about 9 of 10 new pictures are named right."),
        (0.75, "Learned it: about 7 of 10 new pictures are named right."),
        (0.5, "Only about 5 of 10 new pictures are named right. Show each thing from more sides."),
    ],
)
def test_the_accuracy_in_words_is_never_better_than_it_is(accuracy: float, words: str) -> None:
    state, _ = run(kiosk(3, 3, mode=Mode.TRAINING), ev.TrainingFinished(Path("m"), TrainedFacts(accuracy, 0.5, (3, 3))))
    assert state.notice is not None
    assert str(state.notice.text) == words


def test_a_drive_that_cannot_be_written_is_not_recommended() -> None:
    live = kiosk(3, 3, mode=Mode.LIVE, model=MODEL)
    state, _ = run(live, ev.DrivesChanged((stick("LOCKED", read_only=True),)))
    assert state.notice is None
    state, _ = run(live, ev.DrivesChanged((stick("LOCKED", read_only=True), stick())))
    assert state.notice is not None
    assert str(state.notice.text) == "Found the drive STICK. SAVE puts the model on it."


def test_a_question_that_nobody_answers_goes_away_and_keeps_everything() -> None:
    state, commands = run(asked(10.0), ev.TimePassed(31.0))
    assert (state.mode, state.shots, commands) == (Mode.LIVE, (3, 3), [])


def test_escape_in_a_question_means_no_and_elsewhere_leaves() -> None:
    asking, _ = run(kiosk(3, 3), ev.ButtonPressed(Action.RESET))
    state, commands = run(asking, ev.ButtonPressed(Action.LEAVE))
    assert (state.mode, commands) == (Mode.TEACH, [])
    assert run(state, ev.ButtonPressed(Action.LEAVE))[1] == [ev.Leave()]


def test_an_erased_session_is_empty_and_teaching() -> None:
    state, _ = run(kiosk(3, 3, mode=Mode.LIVE, model=MODEL), ev.SessionErased())
    assert (state.shots, state.mode, state.model) == ((0, 0), Mode.TEACH, None)


@pytest.mark.parametrize("end", [ev.SessionErased(), ev.EraseFailed("full")])
def test_after_erasing_no_press_waits_for_its_frame(end: ev.Event) -> None:
    state, _ = run(kiosk(3, 3), ev.ButtonPressed(0), ev.ButtonPressed(Action.RESET), ev.ButtonPressed(Action.CONFIRM))
    assert state.in_flight == 1
    assert run(state, end)[0].in_flight == 0


def test_after_erasing_no_sample_waits_for_its_embedding() -> None:
    state, _ = run(kiosk(3, 3), ev.SamplesReEmbedded(4, ()), ev.SessionErased())
    assert state.re_embedding == 0


def test_undo_removes_one_sample_and_says_if_there_is_none() -> None:
    assert run(kiosk(1, 0), ev.ButtonPressed(Action.UNDO))[1] == [ev.RemoveLastSample()]
    state, commands = run(kiosk(0, 0), ev.ButtonPressed(Action.UNDO))
    assert commands == [ev.PlaySound("refused")]
    assert state.notice is not None
    assert str(state.notice.text) == "There is nothing to take back yet."


def test_a_removed_sample_is_no_longer_counted_or_shown() -> None:
    state, _ = run(kiosk(0, 0), ev.SampleAdded(0, 1, PICTURE), ev.SampleRemoved(0, 1))
    assert state.shots == (0, 0)
    assert state.classes[0].thumbnails == ()


def test_saving_needs_a_model() -> None:
    state, commands = run(kiosk(3, 3), ev.ButtonPressed(Action.SAVE))
    assert ev.StartSaving() not in commands
    assert state.notice is not None
    assert str(state.notice.text) == "Press TRAIN first: then there is a model to save."


def test_what_was_saved_stays_on_the_screen_until_a_press() -> None:
    state, commands = run(kiosk(3, 3, mode=Mode.LIVE, model=MODEL), ev.ButtonPressed(Action.SAVE))
    assert commands == [ev.StartSaving()]
    state, _ = run(
        state,
        ev.SavingStarted("STICK", Path("/media/STICK/teachable/x"), (ev.SavingStage.WRITE, ev.SavingStage.NAME)),
        ev.SavingAdvanced(ev.SavingStage.WRITE, False),
    )
    assert state.saving.done == ((ev.SavingStage.WRITE, False), (ev.SavingStage.NAME, None))
    state, _ = run(state, ev.SavingFinished(Path("/media/STICK/teachable/x"), True, drive="STICK"), ev.TimePassed(60.0))
    assert (state.mode, state.saving.finished) == (Mode.SAVING, True)
    assert state.saving.done == ((ev.SavingStage.WRITE, True), (ev.SavingStage.NAME, True))
    state, commands = run(state, ev.ButtonPressed(0))
    assert (state.mode, commands) == (Mode.LIVE, [])


@pytest.mark.parametrize("after_s", [0.5, 7.9])
def test_the_message_about_a_drive_that_is_switched_off_stays_long_enough_to_be_read(after_s: float) -> None:
    """One that the kiosk mounted is switched off when all is done: no list has it any more."""
    saving = kiosk(3, 3, mode=Mode.SAVING, model=MODEL)
    state, _ = run(saving, ev.TimePassed(10.0), ev.SavingFinished(Path("/media/STICK/x"), True, drive="STICK"))
    state, _ = run(state, ev.DrivesChanged(()), ev.TimePassed(10.0 + after_s))
    assert (state.mode, state.saving.finished) == (Mode.SAVING, True)
    state, _ = run(state, ev.TimePassed(18.1))
    assert state.mode is Mode.LIVE


def test_pulling_the_written_drive_leaves_the_page_but_unmounting_it_does_not() -> None:
    saving = kiosk(3, 3, mode=Mode.SAVING, model=MODEL)
    state, _ = run(saving, ev.SavingFinished(Path("/media/STICK/x"), True, drive="STICK"), ev.TimePassed(30.0))
    unmounted = UnmountedDrive("STICK", "/dev/sda1", "released")
    state, _ = run(state, ev.DrivesChanged((), unmounted=(unmounted,)), ev.TimePassed(31.0))
    assert state.mode is Mode.SAVING
    state, _ = run(state, ev.DrivesChanged(()), ev.TimePassed(32.0))
    assert state.mode is Mode.LIVE


def test_a_notice_disappears_by_itself() -> None:
    state, _ = run(kiosk(0, 0), ev.ButtonPressed(Action.UNDO), ev.TimePassed(1.0))
    assert state.notice is not None
    state, _ = run(state, ev.TimePassed(10.0))
    assert state.notice is None


def test_a_lost_camera_releases_the_held_button_and_can_return() -> None:
    state, _ = run(kiosk(0, 0), ev.ButtonPressed(0), ev.CameraLost("camera 0: unplugged"))
    assert (state.held, state.camera, state.camera_problem) == (None, None, "camera 0: unplugged")
    state, _ = run(state, ev.CameraFound("Logitech"))
    assert (state.camera, state.camera_problem) == ("Logitech", None)


def test_a_stopped_worker_is_a_fault() -> None:
    state, _ = run(kiosk(0, 0), ev.WorkerFailed("vision", "RuntimeError: boom"))
    assert str(state.fault) == "The part that recognises things has stopped"
    state, _ = run(kiosk(0, 0), ev.WorkerFailed("something new", "RuntimeError: boom"))
    assert str(state.fault) == "A part of the machine has stopped"


ANYTHING = st.one_of(
    st.sampled_from([*range(-1, 4), *Action]).map(ev.ButtonPressed),
    st.sampled_from([*range(3), *Action]).map(ev.ButtonReleased),
    st.floats(0, 100).map(ev.TimePassed),
    st.integers(0, 1).map(lambda index: ev.SampleAdded(index, 1, PICTURE)),
    st.integers(0, 1).map(lambda index: ev.SampleRemoved(index, 1)),
    st.just(ev.SampleRefused(0, "no.")),
    st.just(ev.TrainingFinished(Path("m"), TrainedFacts(1.0, 0.5, (2, 2)))),
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
            if isinstance(command, ev.StartTraining | ev.StartSaving | ev.RemoveLastSample):
                assert before.teaching
            if isinstance(command, ev.EraseSession):
                assert before.mode is Mode.CONFIRM_RESET
        assert all(count >= 0 for count in state.shots)
        assert not (state.mode is Mode.LIVE and state.model is None)
