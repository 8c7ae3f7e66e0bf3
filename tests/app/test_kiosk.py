"""The kiosk with simulated devices: what a press does, what stays when something fails, what is back afterwards."""

from __future__ import annotations

import hashlib
import queue
import resource
import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest

from app.base.buttons import Action
from app.base.workers import StopSignal, Worker
from app.core import events as ev
from app.core.state import Mode
from app.jobs.running import JobQueue, run_jobs
from app.model.observation import NOTHING_SEEN
from app.views.present import Surroundings, present
from tests.support.kiosks import Station

pytestmark = pytest.mark.needs_runtime


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def notice(station: Station) -> str:
    told = station.kiosk.state.notice
    return str(told.text) if told else ""


def test_the_sample_is_the_frame_that_was_on_the_screen(station: Station) -> None:
    station.table.show("cup")
    station.look()
    station.panel.press(1)
    station.kiosk.tick()
    shown = station.kiosk.shown
    assert shown is not None
    station.table.show("duck")
    station.look()
    station.settle()
    (sample,) = station.store.load().samples
    assert np.allclose(sample.embedding, station.extractor.embed(shown.image))
    assert sample.class_index == 1


def test_a_sample_is_on_the_disk_before_it_counts(station: Station) -> None:
    station.look()
    station.panel.tap(0)
    station.kiosk.tick()
    station.kiosk.session_jobs.get_nowait()(threading.Event())
    assert station.kiosk.state.shots == (0, 0, 0)
    assert station.store.load().shots() == (1, 0, 0)
    station.kiosk.tick()
    assert station.kiosk.state.shots == (1, 0, 0)
    assert station.sounds.played == ["tick"]


def test_two_taps_on_one_frame_take_this_frame_and_the_next(station: Station) -> None:
    station.look()
    station.panel.tap(0)
    station.panel.tap(0)
    station.settle()
    assert station.kiosk.state.shots == (1, 0, 0)
    station.look()
    station.settle()
    assert station.kiosk.state.shots == (2, 0, 0)
    first, second = station.store.load().samples
    assert first.picture != second.picture


def test_a_slow_camera_does_not_end_a_hold(station: Station) -> None:
    station.look()
    station.panel.press(0)
    for _ in range(8):
        for _ in range(6):  # several ticks pass without a new picture
            station.now_s += 0.1
            station.settle()
        station.look()
        station.settle()
    station.panel.release(0)
    station.settle()
    assert station.kiosk.state.shots[0] == 9
    assert "refused" not in station.sounds.played


def test_training_waits_for_the_presses_before_it(station: Station) -> None:
    station.teach(2)
    station.look()
    station.panel.tap(0)
    station.panel.tap(0)
    station.panel.tap(Action.TRAIN)
    station.settle()
    assert station.kiosk.state.mode is Mode.TRAINING
    station.look()
    station.settle()
    assert station.kiosk.state.mode is Mode.LIVE
    assert station.kiosk.state.shots == (4, 2, 0)
    assert not station.kiosk.state.stale


def test_undo_takes_back_the_newest_press_even_if_it_still_waits(station: Station) -> None:
    station.look()
    station.panel.tap(0)
    station.panel.tap(1)
    station.panel.tap(Action.UNDO)
    station.settle()
    station.look()
    station.settle()
    assert station.store.load().shots() == (1, 0, 0)
    assert station.kiosk.state.in_flight == 0


def test_undo_right_after_a_tap_takes_that_tap_back(station: Station) -> None:
    station.look()
    station.panel.tap(0)
    station.panel.tap(Action.UNDO)
    station.settle()
    assert station.store.load().shots() == (0, 0, 0)
    assert "refused" not in station.sounds.played


def test_presses_that_wait_when_the_camera_goes_are_refused_aloud(station: Station) -> None:
    station.look()
    station.panel.tap(0)
    station.panel.tap(0)
    station.kiosk.events.put(ev.CameraLost("gone"))
    station.settle()
    station.settle()
    assert notice(station) == "The camera is gone, so that press took no picture."
    assert station.kiosk.state.in_flight == 0


def test_one_more_and_one_less_is_still_a_change(station: Station) -> None:
    station.teach()
    station.press(Action.TRAIN)
    station.press(Action.UNDO)
    station.look()
    station.panel.tap(1)
    station.settle()
    assert station.kiosk.state.shots == (4, 4, 0)
    assert station.kiosk.state.stale


def test_nothing_can_be_saved_while_it_is_being_erased(station: Station) -> None:
    station.teach()
    station.press(Action.TRAIN)
    station.press(Action.RESET)
    station.panel.tap(Action.CONFIRM)
    station.panel.tap(Action.SAVE)
    station.settle()
    assert station.kiosk.state.mode is Mode.TEACH
    assert station.kiosk.saved_to is None


def test_a_damaged_stored_picture_does_not_stop_the_kiosk_from_starting(station: Station, tmp_path: Path) -> None:
    station.teach()
    station.close()
    database = sqlite3.connect(station.config.data_dir / "session.sqlite3")
    database.execute("UPDATE samples SET picture = x'00' WHERE sample_id = 1")
    database.commit()
    database.close()
    again = Station(tmp_path)
    assert again.kiosk.state.shots == (4, 4, 0)
    assert [len(one.thumbnails) for one in again.kiosk.state.classes] == [3, 4, 0]
    again.press(Action.TRAIN)
    assert again.kiosk.state.mode is Mode.LIVE
    again.close()


def test_a_full_first_drive_does_not_keep_the_second_from_being_used(station: Station) -> None:
    good = station.folder / "b"
    good.mkdir()
    station.drives.insert("A", station.folder / "a")  # gone already
    station.drives.insert("B", good)
    station.teach()
    station.press(Action.TRAIN)
    station.press(Action.SAVE)
    assert station.kiosk.saved_to.is_relative_to(good)


def test_a_press_before_the_first_picture_says_so(station: Station) -> None:
    station.panel.tap(0)
    station.settle()
    assert notice(station) == "There is no picture yet. Press again in a moment."


def test_the_exported_file_itself_goes_live(station: Station) -> None:
    station.teach()
    assert station.vision.model is None
    station.press(Action.TRAIN)
    station.look()
    assert station.kiosk.state.mode is Mode.LIVE
    seen = station.kiosk.observation
    assert seen is not None
    assert seen.model_path == station.vision.model.path
    assert list(station.config.data_dir.glob("models/*.tflite")) == [seen.model_path]
    station.press(Action.SAVE)
    saved = station.kiosk.saved_to
    assert saved is not None
    assert sha256(saved / "converted_tflite_quantized/model.tflite") == sha256(seen.model_path)


def test_the_old_model_answers_until_the_new_one_is_ready(station: Station) -> None:
    station.teach()
    station.press(Action.TRAIN)
    old = station.vision.model
    station.teach(2)
    station.panel.tap(Action.TRAIN)
    station.kiosk.tick()
    station.look()
    assert station.kiosk.state.mode is Mode.TRAINING
    assert station.kiosk.observation.model_path == old.path
    station.settle()
    station.look()
    assert station.kiosk.observation.model_path != old.path
    assert not old.path.exists()


def test_presses_while_training_do_nothing_afterwards(station: Station) -> None:
    station.teach()
    before = station.kiosk.state.shots
    station.panel.tap(Action.TRAIN)
    station.kiosk.tick()
    for button in (0, 1, Action.SAVE, Action.UNDO, Action.RESET, Action.TRAIN):
        station.look()
        station.panel.tap(button)
    station.settle()
    assert station.kiosk.state.mode is Mode.LIVE
    assert station.kiosk.state.shots == before
    assert station.kiosk.saved_to is None


def test_training_that_fails_leaves_the_old_model_and_says_why(station: Station) -> None:
    station.teach()
    station.press(Action.TRAIN)
    old = station.vision.model
    station.teach(1)
    models = station.config.data_dir / "models"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))  # the system itself refuses a file of that size
    try:
        station.press(Action.TRAIN)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert station.kiosk.state.mode is Mode.LIVE
    assert station.vision.model is old
    assert notice(station) == (
        f"the model could not be written to {models}: File too large. Make room there and press TRAIN again."
    )
    assert sorted(models.iterdir()) == [old.path.with_suffix(".report.json"), old.path]


def test_a_defect_in_a_job_is_told_and_the_next_press_works(station: Station, caplog: pytest.LogCaptureFixture) -> None:
    station.teach()
    station.store.close()
    station.press(Action.TRAIN)
    assert station.kiosk.state.mode is Mode.TEACH
    assert notice(station) == ("Something went wrong inside. Nothing is lost: please try again.")
    assert "a job failed" in caplog.text


def test_a_full_drive_is_told_and_nothing_half_written_stays(station: Station) -> None:
    drive = station.folder / "stick"
    drive.mkdir()
    station.drives.insert("STICK", drive)
    station.teach()
    station.press(Action.TRAIN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        station.press(Action.SAVE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert station.kiosk.state.mode is Mode.LIVE
    assert notice(station) == (
        f"the model could not be saved to {drive}/teachable: File too large. "
        "The drive takes no file of this size: use another one, then save again."
    )
    assert list(drive.rglob("*.*")) == []


def test_a_write_protected_drive_is_passed_over(station: Station) -> None:
    (station.folder / "locked").mkdir()
    station.drives.insert("LOCKED", station.folder / "locked", read_only=True)
    station.teach()
    station.press(Action.TRAIN)
    station.press(Action.SAVE)
    assert station.kiosk.saved_to is not None
    assert station.kiosk.saved_to.is_relative_to(station.folder / "export")


def test_a_drive_that_is_gone_is_never_written_beside(station: Station) -> None:
    station.drives.insert("STICK", station.folder / "stick")  # in the list still, its folder gone already
    station.teach()
    station.press(Action.TRAIN)
    station.press(Action.SAVE)
    assert notice(station) == "the drive STICK was pulled too early. Plug it in again, then press SAVE again."
    assert not (station.folder / "stick").exists()


def test_saved_to_a_drive_the_visitor_may_pull_it(station: Station) -> None:
    drive = station.folder / "stick"
    drive.mkdir()
    station.drives.insert("STICK", drive)
    station.teach()
    station.press(Action.TRAIN)
    station.press(Action.SAVE)
    assert station.kiosk.saved_to.is_relative_to(drive / "teachable")
    shown = present(station.kiosk.state, None, NOTHING_SEEN, Surroundings()).saving
    assert shown is not None
    assert (shown.safe, shown.text) == (True, "You may pull the drive out now.")
    assert [step.done for step in shown.steps] == [True] * 4


def test_undo_takes_back_the_newest(station: Station) -> None:
    station.teach(2)
    station.press(Action.UNDO)
    assert station.kiosk.state.shots == (2, 1, 0)
    assert station.store.load().shots() == (2, 1, 0)


def test_reset_asks_first_and_then_erases_samples_and_model(station: Station) -> None:
    station.teach()
    station.press(Action.TRAIN)
    station.press(Action.RESET)
    assert station.store.load().shots() == (4, 4, 0)
    station.press(Action.CANCEL)
    assert station.kiosk.state.mode is Mode.LIVE
    station.press(Action.RESET)
    station.press(Action.CONFIRM)
    station.look()
    assert station.kiosk.state.mode is Mode.TEACH
    assert station.store.load().samples == ()
    assert station.vision.model is None
    assert list(station.config.data_dir.glob("models/*.tflite")) == []


def test_after_a_restart_samples_and_model_are_back(station: Station, tmp_path: Path) -> None:
    station.teach()
    station.press(Action.TRAIN)
    station.close()
    again = Station(tmp_path)
    again.table.show("cup")
    again.look()
    state = again.kiosk.state
    assert (state.mode, state.shots) == (Mode.LIVE, (4, 4, 0))
    assert [len(one.thumbnails) for one in state.classes] == [4, 4, 0]
    assert again.kiosk.observation.probabilities.argmax() == 1
    again.close()


def test_a_model_that_was_tampered_with_does_not_come_back(station: Station, tmp_path: Path) -> None:
    station.teach()
    station.press(Action.TRAIN)
    path = station.vision.model.path
    station.close()
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    again = Station(tmp_path)
    assert again.kiosk.state.mode is Mode.TEACH
    assert again.kiosk.state.shots == (4, 4, 0)
    again.close()


def test_jobs_that_wait_when_the_kiosk_stops_are_still_carried_out() -> None:
    done: list[int] = []
    jobs: JobQueue = queue.SimpleQueue()
    for number in range(3):
        jobs.put(lambda _stop, number=number: done.append(number))

    def body(stop: StopSignal) -> None:
        stop.wait()
        run_jobs(jobs, stop)

    worker = Worker("session jobs", body, lambda _name, error: done.append(error)).start()
    worker.stop()
    assert done == [0, 1, 2]


def test_a_sample_that_cannot_be_stored_ends_the_hold_with_the_reason(tmp_path: Path) -> None:
    station = Station(tmp_path)
    station.look()
    station.store.close()
    station.panel.press(0)
    station.settle()
    assert station.kiosk.state.held is None
    assert station.kiosk.state.shots == (0, 0, 0)
    assert notice(station) == (
        "the session could not be written (Cannot operate on a closed database.). Make room on the disk; "
        "all else is kept."
    )
    assert "refused" in station.sounds.played
    station.kiosk.handle(ev.ButtonReleased(0))
    station.close()


def test_no_command_that_nobody_carries_out_is_dropped_silently(station: Station) -> None:
    with pytest.raises(AssertionError):
        station.kiosk.perform("no command")  # type: ignore[arg-type]
