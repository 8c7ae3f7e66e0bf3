"""Remember the last warnings and errors of the log, for the staff pages."""

from __future__ import annotations

import logging
from collections import deque

KEPT = 5


class RecentWarnings(logging.Handler):
    """A handler for the root logger that remembers the last messages of level WARNING and above."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines: deque[str] = deque(maxlen=KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        """Remember a message."""
        self._lines.append(f"{record.levelname.lower()}: {record.getMessage()}")

    def lines(self) -> tuple[str, ...]:
        """Return the messages, newest first."""
        return tuple(reversed(self._lines))
