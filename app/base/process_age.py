"""How long this process has been running, so that a start can be measured from its very beginning."""

from __future__ import annotations

import os
import time
from pathlib import Path

STAT = Path("/proc/self/stat")
START_FIELD = 19  # after the name in parentheses. Source: proc(5), field 22, in clock ticks since the boot


def process_age_s() -> float:
    """Return the seconds since the system started this process; the interpreter and its imports are included."""
    ticks = int(STAT.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[START_FIELD])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
