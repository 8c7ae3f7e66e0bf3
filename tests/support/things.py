"""Simple things to photograph."""

from __future__ import annotations

import numpy as np

from pretraining.textures import FloatImage
from pretraining.things import SIZE_PX, FlatThing, Side


def side_of(height: FloatImage, albedo: FloatImage | None = None, **finish: float) -> Side:
    """A side that fills its frame."""
    plain = np.full((SIZE_PX, SIZE_PX, 3), 0.5, np.float32)
    return Side(plain if albedo is None else albedo, np.ones((SIZE_PX, SIZE_PX), np.float32), height, **finish)


def a_white_square() -> FlatThing:
    """A white square with a margin around it."""
    mask = np.zeros((SIZE_PX, SIZE_PX), np.float32)
    mask[16:-16, 16:-16] = 1
    return FlatThing(Side(np.full((SIZE_PX, SIZE_PX, 3), 0.5, np.float32), mask, np.zeros_like(mask)))
