"""How jobs run: a worker takes them from a queue one by one, and a failure becomes an event."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.base.error_texts import DEFECT, EXPECTED_ERRORS, screen_text
from app.base.i18n import Text
from app.base.workers import StopSignal, give_sign_of_life, is_abandoned
from app.core.events import Event
from app.jobs.tools import Announce

logger = logging.getLogger(__name__)

Job = Callable[[StopSignal], None]
"""A job with everything it needs; it may end early once the signal is set."""

POLL_S = 0.1  # how often a worker that waits for a job checks whether to stop


class JobQueue(queue.Queue[Job]):
    """Jobs that wait for their worker. The worker calls `task_done` after each one.

    Attributes:
        hurry: Set while a visitor waits for a job that is still behind another one: what the other one does only for
            completeness should end.
    """

    def __init__(self) -> None:
        super().__init__()
        self.hurry = threading.Event()

    @property
    def idle(self) -> bool:
        """Whether every job has ended, also the one that ran."""
        return self.unfinished_tasks == 0


def run_jobs(jobs: JobQueue, stop: StopSignal, *, after_each: Callable[[], None] = lambda: None) -> None:
    """Body of a worker: run jobs in order until `stop` is set and the queue is empty.

    Args:
        jobs: The queue.
        stop: Ends the worker.
        after_each: Called after each job.
    """
    while True:
        give_sign_of_life()
        if is_abandoned(stop):
            return
        try:
            job = jobs.get(timeout=POLL_S)
        except queue.Empty:
            if stop.is_set():
                return
            continue
        try:
            job(stop)
            del job  # it may hold a whole session
            after_each()
        finally:
            jobs.task_done()


@contextmanager
def report_failure_as(failed: Callable[[Text], Event], announce: Announce) -> Iterator[None]:
    """Turn every error in the block into the event `failed(reason)`, so that the mode that waits for the job ends.

    Args:
        failed: Makes the event from the text for the screen.
        announce: Receives the event.
    """
    try:
        yield
    except EXPECTED_ERRORS as error:
        logger.warning("%s", error)
        announce(failed(screen_text(error)))
    except Exception:
        logger.exception("a job failed")
        announce(failed(DEFECT))
