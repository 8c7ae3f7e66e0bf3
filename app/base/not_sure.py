"""When the kiosk says "not sure"."""

from __future__ import annotations

from enum import Enum


class NotSure(Enum):
    """How easily the kiosk says it; the values are those of `model.not_sure` in the settings file."""

    STRICT = "strict"  # also for answers that are nearly sure
    NORMAL = "normal"  # beyond the limits that each training finds
    OFF = "off"  # never: the first answer always counts


STRICT_FACTOR = 1.15  # by which "strict" multiplies the novelty of pictures; the limit stays 1
STRICT_SHARE = 0.85  # the threshold is this share of that of "strict"


def strict_threshold(threshold: float) -> float:
    """Return the top probability that "strict" asks for where "normal" asks for `threshold`, 0..1."""
    return min(threshold / STRICT_SHARE, (1 + threshold) / 2)
