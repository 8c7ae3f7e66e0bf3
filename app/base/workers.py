"""Threads that lose nothing silently: a one-slot mailbox, and workers that stop when told and fail loudly."""

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
    """One slot; the newest item wins. For what may be lost: frames, observations, progress."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: Item | None = None

    def put(self, item: Item) -> None:
        """Leave `item`, in place of what was not taken yet."""
        with self._changed:
            self._item = item
            self._changed.notify()

    def take(self, timeout_s: float = 0.0) -> Item | None:
        """Take what is there, waiting up to `timeout_s` for it; None when nothing came."""
        with self._changed:
            if self._item is None and timeout_s > 0:
                self._changed.wait(timeout_s)
            item, self._item = self._item, None
            return item


class Worker:
    """A named thread around `body(stop)`.

    `body` runs until it returns, and is expected to return soon after `stop` is set. An exception out of it
    is logged and handed to `on_failure(name, error)`: a dead thread that nobody sees does not happen.
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
        """Start the thread; a worker starts once."""
        self._thread.start()
        return self

    def stop(self, timeout_s: float = 5.0) -> None:
        """Tell the body to stop and wait for it.

        Raises:
            WorkerStuck: If it still runs after `timeout_s` seconds.
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
