"""A one-slot mailbox between threads, and worker threads that stop on request and report their failure."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from app.base.errors import WorkerStuck
from app.base.ports import Clock

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
_current = threading.local()


class StopSignal(threading.Event):
    """Asks a worker to stop. When the worker looks at it, that is the worker's sign of life.

    A worker that is stuck is *abandoned*: its signal is set, and what it delivers later is ignored.

    Args:
        clock: Monotonic seconds.

    Attributes:
        last_sign_s: When the worker last gave a sign of life.
        abandoned: Another worker has taken its place.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self.last_sign_s = clock()
        self.abandoned = False

    def is_set(self) -> bool:
        """Whether the worker should stop."""
        self.give_sign()
        return super().is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the worker should stop, or for `timeout` seconds; return whether it should."""
        self.give_sign()
        is_set = super().wait(timeout)
        self.give_sign()
        return is_set

    def give_sign(self) -> None:
        """Say that the worker is not stuck."""
        self.last_sign_s = self._clock()

    def silent_s(self) -> float:
        """Seconds since the last sign of life."""
        return self._clock() - self.last_sign_s

    def abandon(self) -> None:
        """Ignore what this worker delivers from now on."""
        self.abandoned = True
        self.set()


def is_abandoned(stop: threading.Event) -> bool:
    """Whether another worker has taken the place of the one with this signal."""
    return isinstance(stop, StopSignal) and stop.abandoned


def unless_abandoned(stop: threading.Event, deliver: Callable[[Item], object]) -> Callable[[Item], None]:
    """Return a function that passes on what a worker delivers until the worker with this signal is abandoned."""

    def deliver_in_time(item: Item) -> None:
        if not is_abandoned(stop):
            deliver(item)

    return deliver_in_time


def current_signal() -> StopSignal | None:
    """Return the signal of the worker that runs this thread; None in other threads."""
    signal: StopSignal | None = getattr(_current, "signal", None)
    return signal


def give_sign_of_life() -> None:
    """Say that the worker that runs this thread is not stuck; does nothing in other threads."""
    signal = current_signal()
    if signal is not None:
        signal.give_sign()


class Mailbox(Generic[Item]):
    """One slot; a new item replaces the old one. For items that may be lost: frames, observations, progress.

    Args:
        wake: Set whenever an item is put.
    """

    def __init__(self, wake: threading.Event | None = None) -> None:
        self._changed = threading.Condition()
        self._wake = wake
        self._item: Item | None = None

    def put(self, item: Item) -> None:
        """Put `item` into the slot; an item that was not taken is lost."""
        with self._changed:
            self._item = item
            self._changed.notify()
        if self._wake is not None:
            self._wake.set()

    @property
    def full(self) -> bool:
        """Whether an item waits."""
        return self._item is not None

    def take(self, timeout_s: float = 0.0) -> Item | None:
        """Take the item, waiting up to `timeout_s` for one; None if there is none."""
        with self._changed:
            if self._item is None and timeout_s > 0:
                self._changed.wait(timeout_s)
            item, self._item = self._item, None
            return item


class Progress(Mailbox[float]):
    """The progress of a job, 0..1, for the screen; reporting it is a sign of life of the job's worker."""

    def put(self, item: float) -> None:
        """Report the progress."""
        give_sign_of_life()
        super().put(item)


class Worker:
    """A named thread around `body(stop)`.

    `body` has to return soon after `stop` is set. If it raises an exception, that is logged and passed to
    `on_failure(name, error)`, so no thread ends unnoticed.
    """

    def __init__(
        self,
        name: str,
        body: Callable[[StopSignal], None],
        on_failure: Callable[[str, Exception], None],
        *,
        clock: Clock = time.monotonic,
    ) -> None:
        self.name = name
        self.signal = StopSignal(clock)
        self._body = body
        self._on_failure = on_failure
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def running(self) -> bool:
        """Whether the thread has been started and has not ended."""
        return self._thread.is_alive()

    def start(self) -> Worker:
        """Start the thread, once."""
        self._thread.start()
        return self

    def stop(self, timeout_s: float = 5.0) -> None:
        """Set the stop signal and wait for the thread.

        Raises:
            WorkerStuck: If the thread still runs after `timeout_s` seconds.
        """
        self.signal.set()
        if not self._thread.is_alive():
            return
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            raise WorkerStuck(self.name, timeout_s)

    def _run(self) -> None:
        _current.signal = self.signal
        try:
            self._body(self.signal)
        except Exception as error:
            if self.signal.abandoned:
                logger.warning("the abandoned %s worker failed: %s", self.name, error)
                return
            logger.exception("the %s worker failed", self.name)
            self._on_failure(self.name, error)
