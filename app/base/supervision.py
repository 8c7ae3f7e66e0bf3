"""Watch the workers: one that gives no sign of life is abandoned and replaced, and a late result of it is ignored.

A thread cannot be killed. An abandoned one keeps what it holds, such as a camera, until the call that it is stuck in
returns; then its stop signal ends it. If a replacement does not help, only a new process does: `Workers.healthy` is
False then, the kiosk no longer feeds the watchdog, and systemd restarts it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.base.ports import Clock
from app.base.workers import StopSignal, Worker, current_signal

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5
PAUSED_S = 5.0  # if nobody looked for so long, the whole process stood still, and the workers with it
MOST_REPLACED = 3  # times per worker and process
WORKS_WITHIN_S = 60.0  # after a replacement


@dataclass(frozen=True)
class Duty:
    """What a worker does, and how it is watched.

    Attributes:
        name: Of the worker.
        body: Runs until its signal is set; asking the signal is the worker's sign of life.
        limit_s: The longest time without a sign of life.
        replaceable: Whether another thread may continue while this one is stuck.
        works: Whether what it is for gets done. Asked only after it was replaced.
    """

    name: str
    body: Callable[[StopSignal], None]
    limit_s: float
    replaceable: bool = True
    works: Callable[[], bool] = lambda: True


class Workers:
    """Starts one worker for each duty, and replaces those that are stuck.

    Args:
        duties: What the workers do.
        on_failure: Receives name and error of a worker that ended with an error.
        on_stuck: Receives the name of a worker that is stuck, and whether another one took its place.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        duties: Sequence[Duty],
        on_failure: Callable[[str, Exception], None],
        on_stuck: Callable[[str, bool], None],
        clock: Clock = time.monotonic,
    ) -> None:
        self._duties = {duty.name: duty for duty in duties}
        self._on_failure = on_failure
        self._on_stuck = on_stuck
        self._clock = clock
        self._replaced: dict[str, int] = {}
        self._replaced_at_s: dict[str, float] = {}
        self._lost: set[str] = set()
        self._looked_at_s = self._since_s = clock()
        self._workers = {duty.name: self._started(duty) for duty in duties}

    @property
    def healthy(self) -> bool:
        """False once a stuck worker could not be replaced, or its replacement does not work."""
        return not self._lost

    def look(self) -> None:
        """Look after all workers; call it once per tick of the main loop."""
        now_s = self._clock()
        if now_s - self._looked_at_s < LOOK_EVERY_S:
            return
        if now_s - self._looked_at_s > PAUSED_S:
            self._since_s = now_s
        self._looked_at_s = now_s
        for name, duty in self._duties.items():
            self._look_after(duty, self._workers[name], now_s)

    def stop(self, name: str, timeout_s: float) -> None:
        """Stop one worker.

        Raises:
            WorkerStuck: If it still runs after `timeout_s`.
        """
        self._workers[name].stop(timeout_s)

    def _look_after(self, duty: Duty, worker: Worker, now_s: float) -> None:
        name = duty.name
        if name in self._lost or not worker.running:
            return
        silent_s = now_s - max(worker.signal.last_sign_s, self._since_s)
        if silent_s > duty.limit_s:
            self._handle_stuck(duty, worker, silent_s)
        elif name in self._replaced_at_s and now_s - self._replaced_at_s[name] > WORKS_WITHIN_S:
            if duty.works():
                del self._replaced_at_s[name]
            else:
                self._lost.add(name)
                logger.error("the %s worker was replaced, and what it does still fails", name)
                self._on_stuck(name, False)

    def _handle_stuck(self, duty: Duty, worker: Worker, silent_s: float) -> None:
        name, count = duty.name, self._replaced.get(duty.name, 0)
        if not duty.replaceable or count >= MOST_REPLACED:
            self._lost.add(name)
            logger.error("the %s worker has been stuck for %.0f s and cannot be replaced", name, silent_s)
            self._on_stuck(name, False)
            return
        logger.error("the %s worker has been stuck for %.0f s: another one takes its place", name, silent_s)
        worker.signal.abandon()
        self._replaced[name], self._replaced_at_s[name] = count + 1, self._clock()
        try:
            self._workers[name] = self._started(duty)
        except RuntimeError:  # no more threads
            self._lost.add(name)
            logger.exception("the %s worker cannot be replaced", name)
        self._on_stuck(name, name not in self._lost)

    def _started(self, duty: Duty) -> Worker:
        return Worker(duty.name, duty.body, self._on_failure, clock=self._clock).start()


@dataclass
class _Running:
    """What one thread does: the number of calls inside each other, the last progress, and the worker's signal."""

    depth: int
    since_s: float
    signal: StopSignal | None


class RunningCalls:
    """How long calls to a device have been running, such as writes to a disk that may hang. Any thread may use it.

    A call may consist of others: each of them that begins or ends is progress, and so is a sign of life of its worker.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self.clock = clock
        self._lock = threading.Lock()
        self._running: dict[int, _Running] = {}

    def __enter__(self) -> RunningCalls:
        self._step(1)
        return self

    def __exit__(self, *_: object) -> None:
        self._step(-1)

    def longest_s(self) -> float:
        """Seconds since the call that has waited longest made progress; 0 if none runs."""
        with self._lock:
            return max((self._waits_s(one) for one in self._running.values()), default=0.0)

    def _step(self, change: int) -> None:
        with self._lock:
            thread = threading.get_ident()
            before = self._running.pop(thread, None)
            depth = (before.depth if before is not None else 0) + change
            if depth:
                self._running[thread] = _Running(depth, self.clock(), current_signal())

    def _waits_s(self, one: _Running) -> float:
        waits_s = self.clock() - one.since_s
        return waits_s if one.signal is None else min(waits_s, one.signal.silent_s())
