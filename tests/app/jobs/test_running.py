"""Jobs run in order, and a job that fails says so and lets the next one run."""

from __future__ import annotations

import weakref

import pytest

from app.base.buttons import Action
from app.base.workers import StopSignal, Worker
from app.core.state import Mode
from app.jobs.running import JobQueue, run_jobs
from tests.support.kiosks import Station

pytestmark = pytest.mark.needs_runtime


def test_jobs_in_the_queue_still_run_when_the_kiosk_stops() -> None:
    done: list[int] = []
    jobs = JobQueue()
    for number in range(3):
        jobs.put(lambda _stop, number=number: done.append(number))

    def body(stop: StopSignal) -> None:
        stop.wait()
        run_jobs(jobs, stop)

    worker = Worker("session jobs", body, lambda _name, error: done.append(error)).start()
    worker.stop()
    assert done == [0, 1, 2]


def test_what_a_job_held_is_free_before_the_next_one_comes() -> None:
    class Held:
        """What a job works with."""

    held = Held()
    gone, jobs, stop = weakref.ref(held), JobQueue(), StopSignal()
    jobs.put(lambda _stop, held=held: None)
    del held
    stop.set()
    seen: list[Held | None] = []
    run_jobs(jobs, stop, after_each=lambda: seen.append(gone()))
    assert seen == [None]


def test_a_worker_does_what_is_wanted_after_each_job() -> None:
    done: list[str] = []
    jobs, stop = JobQueue(), StopSignal()
    for name in "ab":
        jobs.put(lambda _stop, name=name: done.append(name))
    stop.set()
    run_jobs(jobs, stop, after_each=lambda: done.append("after"))
    assert done == ["a", "after", "b", "after"]
    assert jobs.idle


def test_a_defect_in_a_job_is_shown_and_the_kiosk_goes_on(station: Station, caplog: pytest.LogCaptureFixture) -> None:
    station.teach()
    station.store.load = None  # type: ignore[method-assign]  # a defect: no error that the kiosk expects
    station.press(Action.TRAIN)
    assert station.kiosk.state.mode is Mode.TEACH
    assert station.notice == ("Something went wrong inside. Nothing is lost: please try again.")
    assert "a job failed" in caplog.text


@pytest.mark.parametrize(("action", "after"), [(Action.TRAIN, Mode.TEACH), (Action.SAVE, Mode.LIVE)])
def test_a_job_that_ends_without_an_answer_does_not_keep_the_screen_waiting(
    station: Station, action: Action, after: Mode
) -> None:
    station.teach()
    if action is Action.SAVE:
        station.press(Action.TRAIN)
    station.kiosk.long_jobs.put = lambda _job: None  # type: ignore[method-assign]  # a defect loses the job
    station.press(action)
    station.kiosk.tick()
    station.kiosk.tick()
    assert station.kiosk.state.mode is after
    assert station.notice == "Something went wrong inside. Nothing is lost: please try again."
    assert station.kiosk.state.shots == (4, 4, 0)


def test_erasing_whose_job_is_lost_stays_locked_and_is_tried_again(station: Station) -> None:
    station.teach()
    put, station.kiosk.session_jobs.put = station.kiosk.session_jobs.put, lambda _job: None  # type: ignore[method-assign]
    station.press(Action.RESET)
    station.press(Action.CONFIRM)
    station.kiosk.tick()
    station.kiosk.tick()
    assert station.kiosk.state.mode is Mode.ERASING
    station.kiosk.session_jobs.put = put  # type: ignore[method-assign]
    station.now_s += 3.0
    station.settle()
    assert (station.kiosk.state.mode, station.store.load().samples) == (Mode.TEACH, ())


def test_a_job_that_runs_is_waited_for(station: Station) -> None:
    station.teach()
    station.panel.tap(Action.TRAIN)
    for _ in range(5):
        station.kiosk.tick()
    assert station.kiosk.state.mode is Mode.TRAINING
    station.settle()
    assert station.kiosk.state.mode is Mode.LIVE


def test_a_press_whose_end_is_lost_does_not_count_as_waiting_for_ever(station: Station) -> None:
    put, station.kiosk.session_jobs.put = station.kiosk.session_jobs.put, lambda _job: None  # type: ignore[method-assign]
    station.look()
    station.panel.tap(0)
    station.kiosk.tick()
    station.kiosk.session_jobs.put = put  # type: ignore[method-assign]
    for _ in range(3):
        station.kiosk.tick()
    assert (station.kiosk.state.in_flight, station.kiosk.state.held) == (0, None)
