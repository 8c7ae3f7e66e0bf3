"""The line at the head of every benchmark's output that names the machine."""

from __future__ import annotations

import platform


def machine_line() -> str:
    """Architecture, processor and Python version, as a comment of a CSV table."""
    return f"# {platform.machine()}, {platform.processor() or 'cpu'}, Python {platform.python_version()}"
