"""A worker without a sign of life is replaced, and what it delivers late is ignored."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from app.base.supervision import MOST_REPLACED, Duty, RunningCalls, Workers
from app.base.workers import Progress, StopSignal, Worker, give_sign_of_life, unless_abandoned
from tests.support.waiting import wait_until


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Crew:
    """Workers with a clock of their own, and what they reported."""

    def __init__(self, *duties: Duty) -> None:
        self.clock = Clock()
        self.failed: list[tuple[str, str]] = []
        self.stuck: list[tuple[str, bool]] = []
        self.workers = Workers(
            duties,
            lambda name, error: self.failed.append((name, str(error))),
            lambda name, replaced: self.stuck.append((name, replaced)),
            self.clock,
        )

    def pass_time(self, seconds: float) -> None:
        """Look after the workers every second."""
        for _ in range(round(seconds)):
            self.clock.now_s += 1.0
            self.workers.look()


class Camera:
    """A body whose first `hanging` runs hang in a call until the test lets them go."""

    def __init__(self, hanging: int) -> None:
        self.hanging = hanging
        self.go_on = threading.Event()
        self.delivered: list[str] = []
        self.entered = threading.Semaphore(0)
        self.ended = threading.Semaphore(0)
        self.runs = 0

    def body(self, stop: StopSignal) -> None:
        run, self.runs = self.runs, self.runs + 1
        deliver = unless_abandoned(stop, self.delivered.append)
        deliver(f"first picture of run {run}")
        self.entered.release()
        if run < self.hanging:
            self.go_on.wait(20)  # a call into a driver that does not return
            deliver(f"late picture of run {run}")
        while not stop.wait(0.005):
            pass
        self.ended.release()


@contextmanager
def running(*duties: Duty) -> Iterator[Crew]:
    crew = Crew(*duties)
    try:
        yield crew
    finally:
        for duty in duties:
            crew.workers.stop(duty.name, 20)


def test_a_stuck_worker_is_replaced_and_its_late_results_are_ignored(
    caplog: pytest.LogCaptureFixture, record_property: Callable[[str, object], None]
) -> None:
    camera = Camera(hanging=1)
    with running(Duty("camera", camera.body, limit_s=20.0)) as crew:
        assert camera.entered.acquire(timeout=20)
        began_s = crew.clock.now_s
        crew.pass_time(20)
        assert crew.stuck == []
        crew.pass_time(1)
        assert camera.entered.acquire(timeout=20)
        assert (crew.stuck, crew.workers.healthy) == ([("camera", True)], True)
        record_property("recovery_s", crew.clock.now_s - began_s)
        camera.go_on.set()
        assert camera.ended.acquire(timeout=20)  # the abandoned one ends by itself
        assert camera.delivered == ["first picture of run 0", "first picture of run 1"]
        assert crew.failed == []
    assert "the camera worker has been stuck for 21 s: another one takes its place" in caplog.text


def test_an_idle_worker_gives_signs_of_life_and_is_left_alone() -> None:
    camera = Camera(hanging=0)
    with running(Duty("camera", camera.body, limit_s=0.9)) as crew:
        for _ in range(20):
            crew.clock.now_s += 0.8
            wait_until(lambda: crew.workers._workers["camera"].signal.last_sign_s == crew.clock.now_s)
            crew.workers.look()
        assert crew.stuck == []


def test_a_worker_that_gets_stuck_again_and_again_needs_a_new_process() -> None:
    camera = Camera(hanging=99)
    with running(Duty("camera", camera.body, limit_s=5.0)) as crew:
        for run in range(MOST_REPLACED + 1):
            assert camera.entered.acquire(timeout=20)
            assert crew.workers.healthy, run
            crew.pass_time(6)
        assert crew.stuck == [("camera", True)] * MOST_REPLACED + [("camera", False)]
        assert not crew.workers.healthy
        crew.pass_time(60)
        assert len(crew.stuck) == MOST_REPLACED + 1  # it is said once
        camera.go_on.set()


def test_a_worker_that_nothing_can_replace_needs_a_new_process_at_once() -> None:
    camera = Camera(hanging=99)
    with running(Duty("session jobs", camera.body, limit_s=5.0, replaceable=False)) as crew:
        assert camera.entered.acquire(timeout=20)
        crew.pass_time(6)
        assert (crew.stuck, crew.workers.healthy, camera.runs) == ([("session jobs", False)], False, 1)
        camera.go_on.set()


@pytest.mark.parametrize("works", [True, False])
def test_a_replacement_has_a_minute_to_do_the_work(works: bool) -> None:
    camera = Camera(hanging=1)
    with running(Duty("camera", camera.body, limit_s=5.0, works=lambda: works)) as crew:
        assert camera.entered.acquire(timeout=20)
        crew.pass_time(6)
        assert camera.entered.acquire(timeout=20)
        for _ in range(62):
            wait_until(lambda: crew.workers._workers["camera"].signal.last_sign_s == crew.clock.now_s)
            crew.pass_time(1)
        assert crew.workers.healthy is works
        assert crew.stuck == [("camera", True), *([] if works else [("camera", False)])]
        camera.go_on.set()


def test_a_process_that_stood_still_blames_no_worker() -> None:
    camera = Camera(hanging=1)
    with running(Duty("camera", camera.body, limit_s=20.0)) as crew:
        assert camera.entered.acquire(timeout=20)
        crew.clock.now_s += 3600.0
        crew.workers.look()
        crew.pass_time(19)
        assert crew.stuck == []
        crew.pass_time(2)
        assert crew.stuck == [("camera", True)]
        camera.go_on.set()


def test_progress_of_a_long_job_is_a_sign_of_life() -> None:
    progress, may_go_on, signs = Progress(), threading.Semaphore(0), []
    clock = Clock()

    def body(stop: StopSignal) -> None:
        for share in (0.1, 0.2):
            may_go_on.acquire(timeout=20)
            progress.put(share)
            signs.append(stop.last_sign_s)

    workers = Workers([Duty("long jobs", body, 5.0)], lambda *_: None, lambda *_: None, clock)
    clock.now_s = 1004.0
    may_go_on.release()
    wait_until(lambda: signs == [1004.0])
    clock.now_s = 1008.0
    may_go_on.release()
    wait_until(lambda: signs == [1004.0, 1008.0])
    workers.stop("long jobs", 20)
    give_sign_of_life()  # elsewhere it means nothing


def test_an_abandoned_worker_that_fails_late_is_only_logged(caplog: pytest.LogCaptureFixture) -> None:
    go_on, entered = threading.Event(), threading.Semaphore(0)
    runs: list[int] = []

    def body(stop: StopSignal) -> None:
        runs.append(1)
        entered.release()
        if len(runs) == 1:
            go_on.wait(20)
            raise OSError("the device is gone")
        stop.wait()

    caplog.set_level(logging.WARNING)
    with running(Duty("camera", body, limit_s=5.0)) as crew:
        assert entered.acquire(timeout=20)
        crew.pass_time(6)
        assert entered.acquire(timeout=20)
        go_on.set()
        wait_until(lambda: "the abandoned camera worker failed: the device is gone" in caplog.text)
        assert crew.failed == []


def test_calls_that_run_are_timed_from_the_oldest() -> None:
    clock = Clock()
    calls = RunningCalls(clock)
    assert calls.longest_s() == 0.0
    inside, leave = threading.Event(), threading.Event()

    def hang() -> None:
        with calls:
            inside.set()
            leave.wait(20)

    thread = threading.Thread(target=hang)
    thread.start()
    assert inside.wait(20)
    clock.now_s += 2.0
    with calls:
        clock.now_s += 0.5
        assert calls.longest_s() == 2.5
    leave.set()
    thread.join()
    assert calls.longest_s() == 0.0


def test_a_call_of_many_steps_is_timed_from_the_last_step() -> None:
    clock = Clock()
    calls = RunningCalls(clock)
    with calls:
        clock.now_s += 2.0
        with calls:
            clock.now_s += 2.0
            assert calls.longest_s() == 2.0
        assert calls.longest_s() == 0.0
        clock.now_s += 1.0
        assert calls.longest_s() == 1.0
    assert calls.longest_s() == 0.0


def test_a_sign_of_life_shows_that_a_call_goes_on() -> None:
    clock = Clock()
    calls, go_on, seen = RunningCalls(clock), threading.Event(), threading.Event()

    def body(_: StopSignal) -> None:
        with calls:
            seen.set()
            assert go_on.wait(20)
            clock.now_s += 2.0
            give_sign_of_life()
            clock.now_s += 0.5
            seconds.append(calls.longest_s())

    seconds: list[float] = []
    worker = Worker("long jobs", body, lambda _name, error: seconds.append(-1.0), clock=clock).start()
    assert seen.wait(20)
    clock.now_s += 1.0
    assert calls.longest_s() == 1.0
    go_on.set()
    worker.stop(20)
    assert seconds == [0.5]
