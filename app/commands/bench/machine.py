"""The line at the head of every benchmark's output that names the machine."""

from __future__ import annotations

import platform


def machine_line() -> str:
    """Architecture, processor and Python version, as a comment of a CSV table."""
    return f"# {platform.machine()}, {platform.processor() or 'cpu'}, Python {platform.python_version()}"


def judgement(value: float, *, good: float, slow: float, about: str) -> str:
    """Say in one line what a measured value means for visitors.

    Args:
        value: Smaller is better.
        good: Up to this the machine is good enough.
        slow: Above this it is too slow; between both it works, and visitors notice.
        about: What was measured, in words, with its unit after `{value}`.
    """
    measured = about.format(value=f"{value:.2f}")
    if value <= good:
        return f"# good enough: {measured}"
    if value <= slow:
        return f"# usable, visitors notice it: {measured}"
    return f"# too slow: {measured}. Use a faster computer, or a smaller window or picture"
