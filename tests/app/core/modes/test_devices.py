"""Cameras, drives and workers that appear, disappear or fail."""

from __future__ import annotations

from app.core import events as ev
from app.core.facts import TrainedFacts
from app.core.state import Mode
from tests.support.states import kiosk, run, stick

MODEL = TrainedFacts(validation_accuracy=0.9, threshold=0.5, shots=(3, 3))


def test_a_drive_that_cannot_be_written_is_not_recommended() -> None:
    live = kiosk(3, 3, mode=Mode.LIVE, model=MODEL)
    state, _ = run(live, ev.DrivesChanged((stick("LOCKED", read_only=True),)))
    assert state.notice is None
    state, _ = run(live, ev.DrivesChanged((stick("LOCKED", read_only=True), stick())))
    assert state.notice is not None
    assert str(state.notice.text) == "Found the drive STICK. SAVE puts the model on it."


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
