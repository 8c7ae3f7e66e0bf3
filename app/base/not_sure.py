"""When the kiosk says "not sure"."""

from __future__ import annotations

from enum import Enum


class NotSure(Enum):
    """How easily the kiosk says it; the values are those of `model.not_sure` in the settings file."""

    STRICT = "strict"  # also for answers that are nearly sure
    NORMAL = "normal"  # beyond the limits that each training finds
    OFF = "off"  # never: the first answer always counts
