"""How much the samples of a class differ: how full that makes its ring, and when the kiosk asks to turn the thing.

Variety is 0 for frames of a thing that did not move and 1 for a thing that was turned well. It is None while it cannot
be measured; then only the number of samples counts.
"""

from __future__ import annotations

from dataclasses import replace

from app.core.facts import TaughtClass
from app.core.state import Held

STILL_SHARE = 0.25  # of the ring: as far as samples of a thing that does not move can fill it
ALIKE_SHOTS = 6  # samples of a class from which the kiosk says that they are alike
ALIKE_SHOTS_OF_HOLD = 3  # of the present hold: somebody who presses again may be about to turn the thing
ALIKE_BELOW = 0.25  # variety below which it says so
VARIED_FROM = 0.4  # variety from which it stops; higher than ALIKE_BELOW, so that the words do not flicker


def ring_share(shots: int, target: int, variety: float | None) -> float:
    """How full the ring of a class is, 0..1: full with `target` samples or more that differ.

    Samples of a thing that does not move fill the ring up to STILL_SHARE; there it stops until the thing is turned.
    """
    by_count = min(1.0, shots / max(1, target))
    return by_count if variety is None else min(by_count, STILL_SHARE + (1 - STILL_SHARE) * variety)


def with_sample(old: TaughtClass, variety: float | None) -> TaughtClass:
    """Count a sample that was added; `variety` includes it.

    More samples never lower the variety of a class: what was shown from several sides stays taught when some frames of
    one side follow.
    """
    known = [one for one in (old.variety, variety) if one is not None]
    return replace(old, shots=old.shots + 1, variety=max(known, default=None))


def hold_continued(held: Held, taught: TaughtClass) -> Held:
    """Count a sample of a hold, and decide whether the samples of its class look alike.

    Args:
        held: The hold before the sample.
        taught: Its class with the sample.
    """
    taken = held.taken + 1
    if taught.variety is None:
        return replace(held, taken=taken, alike=False)
    enough = taught.shots >= ALIKE_SHOTS and taken >= ALIKE_SHOTS_OF_HOLD
    alike = taught.variety < (VARIED_FROM if held.alike else ALIKE_BELOW)
    return replace(held, taken=taken, alike=enough and alike)
