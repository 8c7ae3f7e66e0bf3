"""Training, saving and erasing: their progress and their ends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.base.buttons import Action
from app.base.ports import UnmountedDrive
from app.core import events as ev
from app.core.facts import TrainedFacts
from app.core.state import Mode
from tests.support.states import PICTURE, kiosk, run

MODEL = TrainedFacts(validation_accuracy=0.9, threshold=0.5, shots=(3, 3))


def test_after_training_the_kiosk_is_live_and_says_how_well_it_learned() -> None:
    trained = TrainedFacts(0.75, 0.5, (3, 3), validation_from="holds")
    state, _ = run(kiosk(3, 3, mode=Mode.TRAINING), ev.TrainingFinished(Path("m"), trained))
    assert state.mode is Mode.LIVE
    assert state.notice is not None
    assert str(state.notice.text) == "It learned! It got 7 of 10 test pictures right."


@pytest.mark.parametrize("validation_from", [None, "views", "holds"])
def test_without_a_picture_nobody_is_asked_to_show_something_after_a_training(validation_from: str | None) -> None:
    trained = TrainedFacts(0.4, 0.5, (3, 3), validation_from=validation_from)
    training = replace(kiosk(3, 3, mode=Mode.TRAINING), camera=None)
    state, _ = run(training, ev.TrainingFinished(Path("m"), trained))
    assert str(state.notice.text) == "It learned what you showed it."
    cleared, _ = run(state, ev.SessionErased())
    assert str(cleared.notice.text) == "All clear."


def test_failed_training_keeps_the_model_before_and_says_why() -> None:
    state, _ = run(kiosk(3, 3, mode=Mode.TRAINING, model=MODEL), ev.TrainingFailed("the disk is full."))
    assert state.mode is Mode.LIVE
    assert state.model is MODEL
    assert state.notice is not None
    assert str(state.notice.text) == "the disk is full."


@pytest.mark.parametrize("mode", [Mode.SAVING, Mode.GALLERY, Mode.RESULTS, Mode.ERASING, Mode.CONFIRM_RESET])
def test_who_went_on_to_another_page_stays_there_when_a_training_fails(mode: Mode) -> None:
    state, _ = run(kiosk(3, 3, mode=mode, model=MODEL), ev.TrainingFailed("the disk is full."))
    assert state.mode is mode


def test_failed_first_training_goes_back_to_teaching() -> None:
    state, _ = run(kiosk(3, 3, mode=Mode.TRAINING), ev.TrainingFailed("no."))
    assert state.mode is Mode.TEACH


def test_new_samples_make_the_model_stale() -> None:
    state = kiosk(3, 3, mode=Mode.LIVE, model=MODEL)
    assert not state.stale
    state, _ = run(state, ev.SampleAdded(1, 1, PICTURE))
    assert state.stale


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
    """A drive that the kiosk mounted is switched off after saving: it disappears from the drives."""
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


def test_a_report_is_completed_only_while_its_model_answers() -> None:
    before, other, whole = {"wrong": []}, {"wrong": []}, {"wrong": [], "looks_at_background": [False]}
    trained = ev.TrainingFinished(Path("m"), TrainedFacts(0.9, 0.5, (3, 3), before))
    state, _ = run(kiosk(3, 3), trained, ev.ReportExplained(other, whole))
    assert state.model is not None
    assert state.model.report is before
    state, commands = run(state, ev.ReportExplained(before, whole))
    assert state.model is not None
    assert (state.model.report, state.mode, commands) == (whole, Mode.LIVE, [])
    erased, _ = run(kiosk(0, 0), ev.ReportExplained(before, whole))
    assert erased.model is None
