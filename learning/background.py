"""Find out whether a model names a class by what stands behind the thing: the background.

There is no outline of the thing. It counts as the middle of the picture, because that is where people hold things: a
circle around the centre. The model looks at the background of a picture if much of what speaks for its class lies
outside this circle, and if it keeps much of its lead while the middle is hidden. The first alone would blame the rim of
large things, the second alone would blame the class that a model names when it sees nothing.

The limits are measured on rendered pictures whose outlines are known (`benchmarks/why.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from learning.layers import FloatArray

MIDDLE_RADIUS = 0.3  # of the circle around the centre, as a share of the picture's edge
OUTSIDE_SHARE = 0.36  # of what speaks for the class; evenly spread over the picture, it would be 0.72
LEAD_KEPT = 0.3  # of the lead, while the middle is hidden
MOST = 0.5  # of the pictures of a class


def outside_share(cells: FloatArray) -> float:
    """Return which share of what speaks for the class lies outside the middle, 0..1; 0 if nothing speaks for it.

    Args:
        cells: How much each cell speaks for the class, float32 (rows, columns); negative cells count as 0.
    """
    favourable = np.maximum(cells, 0.0)
    total = float(favourable.sum())
    return float(favourable[~in_the_middle(*cells.shape)].sum()) / total if total > 0 else 0.0


def in_the_middle(rows: int, columns: int) -> NDArray[np.bool_]:
    """Return which cells of a grid, or pixels of a square picture, have their centre in the middle: (rows, columns)."""
    down, across = (np.arange(rows) + 0.5) / rows - 0.5, (np.arange(columns) + 0.5) / columns - 0.5
    return np.asarray(np.hypot(down[:, np.newaxis], across[np.newaxis]) <= MIDDLE_RADIUS)


def looks_at_background(outside: Sequence[float], leads: Sequence[float], leads_hidden: Sequence[float]) -> bool:
    """Return whether a class is named by the background in most of its pictures.

    Args:
        outside: `outside_share` of each picture of the class.
        leads: How far the class leads the next one in each picture, as a difference of logits.
        leads_hidden: The same while the middle is hidden.
    """
    by_background = [
        share > OUTSIDE_SHARE and lead > 0 and hidden > LEAD_KEPT * lead
        for share, lead, hidden in zip(outside, leads, leads_hidden, strict=True)
    ]
    return len(by_background) > 0 and sum(by_background) > MOST * len(by_background)
