"""A one-slot mailbox between threads, and worker threads that stop on request and report their failure."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from app.base.errors import WorkerStuck

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
StopSignal = threading.Event


class Mailbox(Generic[Item]):
    """One slot; a new item replaces the old one. For items that may be lost: frames, observations, progress."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: Item | None = None

    def put(self, item: Item) -> None:
        """Put `item` into the slot; an item that was not taken is lost."""
        with self._changed:
            self._item = item
            self._changed.notify()

    def take(self, timeout_s: float = 0.0) -> Item | None:
        """Take the item, waiting up to `timeout_s` for one; None if there is none."""
        with self._changed:
            if self._item is None and timeout_s > 0:
                self._changed.wait(timeout_s)
            item, self._item = self._item, None
            return item


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
    ) -> None:
        self.name = name
        self._body = body
        self._on_failure = on_failure
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> Worker:
        """Start the thread, once."""
        self._thread.start()
        return self

    def stop(self, timeout_s: float = 5.0) -> None:
        """Set the stop signal and wait for the thread.

        Raises:
            WorkerStuck: If the thread still runs after `timeout_s` seconds.
        """
        self._stop.set()
        if not self._thread.is_alive():
            return
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            raise WorkerStuck(self.name, timeout_s)

    def _run(self) -> None:
        try:
            self._body(self._stop)
        except Exception as error:
            logger.exception("the %s worker failed", self.name)
            self._on_failure(self.name, error)
