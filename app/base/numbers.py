"""Numbers as each language writes them."""

from __future__ import annotations

import math

from app.base.i18n import Message, message

_ROUNDING = 1e-9  # 0.29 is a little less than 29 hundredths


def percent(share: float, *, down: bool = False) -> Message:
    """A share, 0..1, in whole percent: "95%" in English, "%95" in Turkish, with a space before the sign elsewhere.

    Args:
        share: 0..1.
        down: Never round up, so that only all of something is 100%.
    """
    hundredths = math.floor(100 * share + _ROUNDING) if down else round(100 * share)
    return message("{number}%", number=hundredths)


def percent_with_tenth(share: float) -> Message:
    """A share, 0..1, in percent with one decimal: "99.5%", "99,5 %", "%99,5"."""
    whole, tenth = f"{100 * share:.1f}".split(".")
    return message("{whole}.{tenth}%", whole=whole, tenth=tenth)
