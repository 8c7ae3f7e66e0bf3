"""Jobs run in order, and a job that fails says so and lets the next one run."""

from __future__ import annotations

import queue

import pytest

from app.base.buttons import Action
from app.base.workers import StopSignal, Worker
from app.core.state import Mode
from app.jobs.running import JobQueue, run_jobs
from tests.support.kiosks import Station

pytestmark = pytest.mark.needs_runtime


def test_jobs_in_the_queue_still_run_when_the_kiosk_stops() -> None:
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


def test_a_defect_in_a_job_is_shown_and_the_kiosk_goes_on(station: Station, caplog: pytest.LogCaptureFixture) -> None:
    station.teach()
    station.store.load = None  # type: ignore[method-assign]  # a defect: no error that the kiosk expects
    station.press(Action.TRAIN)
    assert station.kiosk.state.mode is Mode.TEACH
    assert station.notice == ("Something went wrong inside. Nothing is lost: please try again.")
    assert "a job failed" in caplog.text
