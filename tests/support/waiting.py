"""Waiting for other threads and processes, with an end to it."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(true: Callable[[], bool], what: str = "", *, patience_s: float = 30.0) -> None:
    """Return as soon as it is true; fail, and say what was waited for, if it does not become so."""
    end_s = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < end_s, f"waited in vain until {what}" if what else "waited in vain"
        time.sleep(0.005)
