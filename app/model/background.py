"""Estimate how much of the evidence for an answer lies on the background of a picture.

Nothing tells the kiosk what is background, so it guesses: parts of the picture that look like at least a tenth of its
rim. A thing that was held into the middle does not look so, nor does an arm that reaches in; a wall, a table or a
pattern does. `benchmarks/background.py` measures how often this is right, and chose the numbers below.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from app.base.explanation import Explanation
from app.base.ports import ImageArray

GRID = 16  # cells along an edge
RIM = 2  # cells that count as rim
ALIKE = 16.0  # greatest difference to the rim, in units of CIELAB, of a cell that looks like it
COMMON = 0.1  # of the rim: what fewer of its cells look like is no background but a hand or an arm that reaches in
SMALLEST = 6  # cells; smaller parts are no things of their own
MOST = 0.5  # of the evidence
MOST_PICTURES = 0.5  # of a class


def looks_at_background(explained: Sequence[tuple[ImageArray, Explanation]]) -> bool:
    """Whether most evidence lies on the background in most pictures of a class."""
    return advises([background_share(square, why) for square, why in explained], MOST)


def advises(shares: Sequence[float | None], limit: float) -> bool:
    """Whether the shares of the background in the pictures of a class are reason enough for the advice.

    If nothing can be told apart in most of them, there is no reason: a few pictures say nothing about a class.
    """
    known = [share for share in shares if share is not None]
    if len(known) <= MOST_PICTURES * len(shares):
        return False
    return sum(share > limit for share in known) > MOST_PICTURES * len(known)


def is_on_background(square: ImageArray, why: Explanation) -> bool:
    """Whether most evidence of one picture lies on its background."""
    share = background_share(square, why)
    return share is not None and share > MOST


def background_share(square: ImageArray, why: Explanation) -> float | None:
    """The share of the evidence on the background, 0..1; None if nothing speaks for the answer, or all looks alike.

    Args:
        square: What the model saw, RGB, uint8, (S, S, 3).
        why: The explanation of the answer.
    """
    thing = _thing(square)
    if not thing.any():
        return None
    positive = cv2.resize(np.maximum(why.cells, 0.0), (GRID, GRID), interpolation=cv2.INTER_LINEAR)
    total = float(positive.sum())
    return float(positive[~thing].sum()) / total if total > 0 else None


def _thing(square: ImageArray) -> NDArray[np.bool_]:
    """The cells (GRID, GRID) of the thing: parts that look unlike most of the rim, and the gaps between them.

    Cells beside it count, too, because maps reach into them. Gaps count because their shape belongs to the thing: those
    between fingers tell two hands apart.
    """
    lab = cv2.cvtColor(square.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    small = cv2.resize(lab, (GRID, GRID), interpolation=cv2.INTER_AREA)
    rough = cv2.resize(lab**2, (GRID, GRID), interpolation=cv2.INTER_AREA) - small**2
    features = np.concatenate([small, np.sqrt(np.maximum(rough, 0))], axis=2).reshape(GRID * GRID, -1)
    rim = np.ones((GRID, GRID), bool)
    rim[RIM:-RIM, RIM:-RIM] = False
    to_rim = np.linalg.norm(features[:, np.newaxis] - features[rim.ravel()][np.newaxis], axis=2)
    away = np.quantile(to_rim, COMMON, axis=1)
    differs = (away.reshape(GRID, GRID) > ALIKE).astype(np.uint8)
    opened = cv2.morphologyEx(differs, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    wider = cv2.dilate(opened, np.ones((3, 3), np.uint8))
    count, parts, facts, _ = cv2.connectedComponentsWithStats(wider, connectivity=8)
    thing = np.zeros((GRID, GRID), np.uint8)
    for part in range(1, count):
        if facts[part, cv2.CC_STAT_AREA] >= SMALLEST:
            places = np.argwhere(parts == part)[:, ::-1].astype(np.int32)
            cv2.fillConvexPoly(thing, cv2.convexHull(places), 1)
    return thing > 0
