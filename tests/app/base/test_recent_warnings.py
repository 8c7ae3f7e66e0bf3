"""The last warnings in the log, for the staff pages."""

from __future__ import annotations

import logging

from app.base.recent_warnings import RecentWarnings


def test_the_last_five_warnings_are_kept_newest_first() -> None:
    log = RecentWarnings()
    for number in range(7):
        log.handle(logging.LogRecord("app", logging.WARNING, "x", 1, "trouble %d", (number,), None))
    assert log.lines() == tuple(f"warning: trouble {number}" for number in (6, 5, 4, 3, 2))
