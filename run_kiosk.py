#!/usr/bin/env python3
"""Command line of the kiosk; `app.commands.command_line` does the work.

Exit codes: 0 done, 1 an error reported in one line that names the next step, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy's other threads wait in a busy loop; set before its import


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; `arguments` defaults to those of the process."""
    try:
        from app.commands.command_line import run_command_line  # takes a second, in which Ctrl-C may be pressed
    except KeyboardInterrupt:
        return 130
    return run_command_line(arguments)


if __name__ == "__main__":
    sys.exit(main())
