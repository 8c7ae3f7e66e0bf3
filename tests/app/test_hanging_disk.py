"""A disk that does not answer is said on the screen within three seconds, and nothing is lost afterwards."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from functools import partial

import pytest

from app.base.buttons import Action
from app.base.files import WRITES
from app.base.privacy import Privacy
from app.base.workers import Worker
from app.core.events import DrivesChanged, EndSession, WorkerReplaced
from app.core.modes import erasing
from app.core.state import KioskState, Mode
from app.jobs.running import JobQueue, run_jobs
from app.model.observation import NOTHING_SEEN
from app.session.database import SESSION_FILE
from app.views.present import Surroundings, present
from tests.support.kiosks import Station
from tests.support.waiting import wait_until

pytestmark = pytest.mark.needs_runtime


def said(state: KioskState) -> str:
    notice = present(state, None, NOTHING_SEEN, Surroundings()).notice
    return notice.text if notice is not None else ""


def started(station: Station, jobs: JobQueue) -> Worker:
    return Worker("jobs", partial(run_jobs, jobs), lambda *_: None, clock=lambda: station.now_s).start()


class HangingDisk:
    """A disk that does not answer while it hangs; or only to its first call."""

    def __init__(self, patch: pytest.MonkeyPatch, *, first_alone: bool = False) -> None:
        self._answers, self.asked = threading.Event(), threading.Event()
        real = os.fsync

        def fsync(descriptor: int) -> None:
            if not (first_alone and self.asked.is_set()):
                self.asked.set()
                assert self._answers.wait(60)
            real(descriptor)

        patch.setattr(os, "fsync", fsync)

    def answer(self) -> None:
        self._answers.set()


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ("reset", "The disk does not answer. Please wait, or call a member of staff."),
        ("leave", "The disk does not answer. Please wait, or call a member of staff."),
        ("save here", "The disk does not answer. Please wait: what you taught is kept."),
        ("save to a drive", "The drive does not answer. Please wait, and leave it plugged in."),
    ],
)
def test_a_disk_that_hangs_while_a_visit_ends_or_is_saved_is_said_within_three_seconds(
    station: Station, monkeypatch: pytest.MonkeyPatch, how: str, text: str
) -> None:
    station.store.calls.clock = lambda: station.now_s
    kiosk, stick = station.kiosk, station.folder / "stick"
    station.train()
    if how == "save to a drive":
        stick.mkdir()
        station.drives.insert("STICK", stick)
        kiosk.events.put(DrivesChanged(station.drives.present(), ()))
        kiosk.tick()
    disk = HangingDisk(monkeypatch)
    if how == "leave":
        kiosk.perform(EndSession(Privacy.KEEP))
        kiosk.state = erasing.begun(kiosk.state, gone=True)
    else:
        for action in (Action.RESET, Action.CONFIRM) if how == "reset" else (Action.SAVE,):
            station.panel.tap(action)
            kiosk.tick()
    workers = says_that_the_disk_hangs(station, disk, text)
    disk.answer()

    def done() -> bool:
        kiosk.tick()
        busy = kiosk.state.mode is Mode.ERASING or (kiosk.state.mode is Mode.SAVING and not kiosk.state.saving.finished)
        return not busy and not kiosk.state.disk_waits

    wait_until(done)
    for worker in workers:
        worker.stop(20)
    assert said(kiosk.state) != text


def trains_on_a_hanging_disk(station: Station, disk: HangingDisk) -> list[Worker]:
    """Press TRAIN, let the write of the model hang, and see that the screen says so within three seconds."""
    station.panel.tap(Action.TRAIN)
    station.kiosk.tick()
    return says_that_the_disk_hangs(station, disk, "The disk does not answer. Please wait: what you taught is kept.")


def says_that_the_disk_hangs(station: Station, disk: HangingDisk, text: str) -> list[Worker]:
    """Start the jobs, let a write hang, see that the screen says `text` within three seconds; return the workers."""
    kiosk = station.kiosk
    workers = [started(station, jobs) for jobs in (kiosk.session_jobs, kiosk.long_jobs)]
    assert disk.asked.wait(60)
    began_s = station.now_s
    while not kiosk.state.disk_waits and station.now_s < began_s + 10:
        station.now_s += 0.1
        kiosk.tick()
    assert station.now_s - began_s < 3.0
    assert said(kiosk.state) == text
    return workers


@pytest.fixture
def writes_by_clock(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    station.store.calls.clock = lambda: station.now_s
    monkeypatch.setattr(WRITES, "clock", lambda: station.now_s)


@pytest.mark.usefixtures("writes_by_clock")
def test_a_disk_that_hangs_while_train_writes_its_model_is_said_and_the_training_ends_once_it_answers(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.teach()
    disk = HangingDisk(monkeypatch)
    workers = trains_on_a_hanging_disk(station, disk)
    disk.answer()

    def done() -> bool:
        station.kiosk.tick()
        return station.kiosk.state.mode is not Mode.TRAINING and not station.kiosk.state.disk_waits

    wait_until(done)
    for worker in workers:
        worker.stop(20)
    assert (station.kiosk.state.mode, station.store.load().shots()) == (Mode.LIVE, (4, 4, 0))


@pytest.mark.usefixtures("writes_by_clock")
def test_a_visit_can_end_although_the_write_of_its_model_never_returns(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.teach()
    kiosk, disk = station.kiosk, HangingDisk(monkeypatch, first_alone=True)
    session_jobs, long_jobs = trains_on_a_hanging_disk(station, disk)
    long_jobs.signal.abandon()
    kiosk.handle(WorkerReplaced("long jobs"))
    assert (kiosk.state.mode, kiosk.state.shots) == (Mode.TEACH, (4, 4, 0))
    for action in (Action.RESET, Action.CONFIRM):
        station.now_s += 2.0
        station.panel.tap(action)
        kiosk.tick()

    def erased() -> bool:
        kiosk.tick()
        return kiosk.state.mode is not Mode.ERASING

    wait_until(erased)
    assert station.store.load().samples == ()
    disk.answer()
    for worker in (session_jobs, long_jobs):
        worker.stop(20)
    kiosk.tick()
    assert (kiosk.state.mode, kiosk.state.model, station.vision.model) == (Mode.TEACH, None, None)


def test_a_hanging_disk_is_said_within_three_seconds_and_every_press_is_stored_afterwards(
    station: Station, record_property: Callable[[str, object], None]
) -> None:
    station.store.calls.clock = lambda: station.now_s
    kiosk = station.kiosk
    station.teach(2)
    before = sum(kiosk.state.shots)
    other = sqlite3.connect(station.config.data_dir / SESSION_FILE, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")  # from now on a write waits, as for a disk
    worker = started(station, kiosk.session_jobs)
    began_s = station.now_s
    for _ in range(3):
        station.look()
        station.panel.tap(0)
        kiosk.tick()
    station.now_s += 0.1
    wait_until(lambda: station.store.calls.longest_s() > 0)
    while not kiosk.state.disk_waits and station.now_s < began_s + 10:
        station.now_s += 0.1
        kiosk.tick()
    assert station.now_s - began_s < 3.0
    assert said(kiosk.state) == "The disk does not answer. Please wait: what you taught is kept."
    record_property("said after, s", round(station.now_s - began_s, 1))
    other.execute("ROLLBACK")

    def stored() -> bool:
        kiosk.tick()
        return sum(kiosk.state.shots) == before + 3

    wait_until(stored)
    wait_until(lambda: station.store.calls.longest_s() == 0)
    kiosk.tick()
    worker.stop(20)
    assert (kiosk.state.disk_waits, said(kiosk.state)) == (False, "The disk answers again.")
    assert len(station.store.load().samples) == before + 3
    record_property("pictures kept", f"{sum(kiosk.state.shots)} of {before + 3}")
