"""Cameras, drives and workers that appear, disappear or fail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.base.ports import UnmountedDrive
from app.base.tone import Tone
from app.core import events as ev
from app.core.facts import TrainedFacts
from app.core.modes.devices import CAMERA_STARTS_S
from app.core.state import Mode
from app.model.observation import NOTHING_SEEN
from app.views.model import Banner, Screen
from app.views.present import Surroundings, present
from tests.support.states import kiosk, run, stick

MODEL = TrainedFacts(validation_accuracy=0.9, threshold=0.5, shots=(3, 3))


def test_a_drive_that_cannot_be_written_is_not_recommended() -> None:
    live = kiosk(3, 3, mode=Mode.LIVE, model=MODEL)
    state, _ = run(live, ev.DrivesChanged((stick("LOCKED", read_only=True),)))
    assert state.notice is None
    state, _ = run(live, ev.DrivesChanged((stick("LOCKED", read_only=True), stick())))
    assert state.notice is not None
    assert str(state.notice.text) == "Found the drive STICK. SAVE puts the model on it."


def test_of_two_drives_that_cannot_be_used_one_is_named_with_its_own_reason() -> None:
    drives = (
        UnmountedDrive("BLUE", "/dev/sda1", "it holds no file system"),
        UnmountedDrive("RED", "/dev/sdb1", "it is not mounted"),
    )
    state, _ = run(kiosk(3, 3), ev.DrivesChanged((), drives))
    assert str(state.notice.text) == "Drive BLUE: it holds no file system"
    state, _ = run(state, ev.DrivesChanged((), (*drives, UnmountedDrive("GREEN", "/dev/sdc1", "it is locked"))))
    assert str(state.notice.text) == "Drive GREEN: it is locked"


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


@pytest.mark.parametrize("mode", [Mode.TRAINING, Mode.SAVING, Mode.IMPORTING])
def test_a_long_job_that_was_stuck_ends_and_can_be_asked_for_again(mode: Mode) -> None:
    state, _ = run(kiosk(3, 3, mode=mode), ev.WorkerReplaced("long jobs"))
    text = "That took too long and was stopped. What you taught is safe: please try again."
    assert (state.mode, str(state.notice.text), state.shots) == (Mode.TEACH, text, (3, 3))


def test_another_worker_that_was_replaced_is_no_matter_for_the_visitor() -> None:
    before = kiosk(3, 3, mode=Mode.TRAINING)
    assert run(before, ev.WorkerReplaced("vision")) == (before, [])


def test_while_the_disk_does_not_answer_the_screen_says_so_and_a_held_button_takes_nothing() -> None:
    state, _ = run(kiosk(3, 3), ev.ButtonPressed(0), ev.DiskWaits(True), ev.TimePassed(2.0))
    assert state.held is None
    shown = present(state, None, NOTHING_SEEN, Surroundings())
    assert shown.notice == Banner("The disk does not answer. Please wait: what you taught is kept.", Tone.WARNING)
    assert shown.status.problem
    state, _ = run(state, ev.DiskWaits(False))
    assert present(state, None, NOTHING_SEEN, Surroundings()).notice == Banner("The disk answers again.", Tone.SUCCESS)


def test_nobody_is_sent_to_the_cable_while_the_camera_may_still_be_starting() -> None:
    waiting = replace(kiosk(0, 0), camera=None, camera_due_s=CAMERA_STARTS_S)
    lost = ev.CameraLost("no camera was found")
    for before in (waiting, run(waiting, lost)[0]):
        state, commands = run(before, ev.TimePassed(CAMERA_STARTS_S - 0.1), ev.ButtonPressed(0))
        assert (str(state.notice.text), state.notice.tone) == ("One moment, the camera is starting.", Tone.HINT)
        assert not any(isinstance(one, ev.AddSample) for one in commands)
        shown = present(state, None, NOTHING_SEEN, Surroundings())
        assert (shown.screen, shown.status.problem) == (Screen.TEACH, False)
    state, _ = run(waiting, lost, ev.TimePassed(CAMERA_STARTS_S))
    assert present(state, None, NOTHING_SEEN, Surroundings()).screen is Screen.FAULT
    state, _ = run(waiting, ev.CameraFound("Logitech"), lost)  # it was there, so it is gone now
    assert present(state, None, NOTHING_SEEN, Surroundings()).screen is Screen.FAULT
