"""Wait for other threads and processes, with a time limit."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(
    condition: Callable[[], bool], what: str = "it happens", *, timeout_s: float = 100.0, every_s: float = 0.005
) -> None:
    """Return as soon as a condition is true; fail with a text that says `what` did not happen in time."""
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, f"waited {timeout_s:g} s without success until {what}"
        time.sleep(every_s)
