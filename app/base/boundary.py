"""The error boundary of the main loop: an unexpected error is logged, and the loop goes on from a safe state."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.base.ports import Clock

logger = logging.getLogger(__name__)

MOST_ERRORS, WITHIN_S = 3, 60.0  # then only a new process helps


class ErrorBoundary:
    """Catches unexpected errors until there are too many.

    Args:
        recover: Called after an error, to go on from a safe state.
        clock: Monotonic seconds.
    """

    def __init__(self, recover: Callable[[], None], clock: Clock) -> None:
        self._recover = recover
        self._clock = clock
        self._errors_s: deque[float] = deque(maxlen=MOST_ERRORS)

    @contextmanager
    def guard(self, doing: str) -> Iterator[None]:
        """Catch an error in the block. The third within a minute is raised: the process ends, and is started again.

        Args:
            doing: What the block does, for the log.
        """
        try:
            yield
        except Exception:
            now_s = self._clock()
            self._errors_s.append(now_s)
            repeated = len(self._errors_s) == MOST_ERRORS and now_s - self._errors_s[0] <= WITHIN_S
            logger.exception("an error in the main loop, %s%s", doing, ": too many, so it ends" if repeated else "")
            if repeated:
                raise
            self._recover()
