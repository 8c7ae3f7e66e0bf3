"""Painted pictures of things, and names for them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from app.base.picture import Picture

NAMES = ("apple", "cup", "duck", "book", "Schraubenzieher", "banana", "telephone", "glove", "key")
LONG = "The very long name of a thing, 40 letter"
COLOURS = ((212, 60, 48), (60, 120, 200), (236, 190, 60), (70, 160, 90), (140, 90, 200), (230, 120, 50),
           (40, 160, 170), (220, 110, 160), (150, 160, 60))  # fmt: skip


@lru_cache(maxsize=256)
def painted(kind: int, turn: float = 0.0, edge: tuple[int, int] = (120, 160)) -> np.ndarray:
    """A picture of a thing on a table, uint8, (H, W, 3), in plain shapes so that reference pictures are small."""
    height, width = edge
    y, x = np.mgrid[0:height, 0:width] / height
    dx, dy = x - width / height / 2 - 0.05 * np.cos(turn), y - 0.52 - 0.05 * np.sin(turn)
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = (178, 148, 114)
    picture[(y * 6).astype(int) % 2 == 1] = (170, 140, 107)
    near = [dx**2 + dy**2 < 0.09, np.maximum(abs(dx), abs(dy)) < 0.26, (dy < 0.25) & (dy > 2 * abs(dx) - 0.3)][kind % 3]
    picture[near] = COLOURS[kind % len(COLOURS)]
    return picture


def picture(kind: int, number: int = 0) -> Picture:
    """A small picture of a thing, with a key."""
    return Picture(("painted", kind, number), painted(kind, number, (48, 48)))
