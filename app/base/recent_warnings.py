"""The last warnings and errors of the log, for the staff pages."""

from __future__ import annotations

import logging
from collections import deque

KEPT = 5


class RecentWarnings(logging.Handler):
    """Remembers the last few messages of warning level and above; attach it to the root logger."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines: deque[str] = deque(maxlen=KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self._lines.append(f"{record.levelname.lower()}: {record.getMessage()}")

    def lines(self) -> tuple[str, ...]:
        """Newest first."""
        return tuple(reversed(self._lines))
