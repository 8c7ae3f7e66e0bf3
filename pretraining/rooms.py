"""Rooms as backgrounds: a wall, a table or floor in perspective, and other things. RGB, uint8, square."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pretraining.scene import placed_anywhere
from pretraining.textures import FloatImage, nearly_plain, random_texture
from pretraining.things import Thing

Picture = NDArray[np.uint8]


def random_room(size_px: int, things: Sequence[Thing], rng: np.random.Generator) -> Picture:
    """A random room with `things` in it, uint8 (size_px, size_px, 3)."""
    room = _surface(size_px, rng)
    if rng.random() < 0.7:
        room = _with_table(room, rng)
    for _ in range(int(rng.integers(0, 3))):  # frames, doors, screens
        left, top = rng.uniform(-0.2, 0.9, 2) * size_px
        right, bottom = left + rng.uniform(0.1, 0.6) * size_px, top + rng.uniform(0.1, 0.6) * size_px
        part = np.s_[max(0, int(top)) : max(0, int(bottom)), max(0, int(left)) : max(0, int(right))]
        room[part] = _surface(size_px, rng)[part]
    for thing in things:
        room = placed_anywhere(thing, room, rng)
    light = cv2.resize(rng.uniform(0.6, 1.2, (2, 2)).astype(np.float32), (size_px, size_px))
    return (np.clip(room * light[..., None], 0, 1) * 255).astype(np.uint8)


def _surface(size_px: int, rng: np.random.Generator) -> FloatImage:
    return nearly_plain(size_px, rng) if rng.random() < 0.5 else random_texture(size_px, rng)


def _with_table(wall: FloatImage, rng: np.random.Generator) -> FloatImage:
    """Add a table or a floor in front of a wall, in perspective."""
    size_px = len(wall)
    far = rng.uniform(0.25, 0.8) * size_px
    narrow = rng.uniform(0.3, 0.9)
    lean = rng.normal(0, 0.04) * size_px
    corners = np.array([[0, 0], [size_px, 0], [size_px, size_px], [0, size_px]], np.float32)
    left, right = size_px * (0.5 - 0.5 / narrow), size_px * (0.5 + 0.5 / narrow)
    edge = np.array([[0, far - lean], [size_px, far + lean], [right, size_px], [left, size_px]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, edge)
    table = cv2.warpPerspective(_surface(size_px, rng), matrix, (size_px, size_px), borderMode=cv2.BORDER_REFLECT_101)
    cover = cv2.warpPerspective(np.ones((size_px, size_px), np.float32), matrix, (size_px, size_px))[..., None]
    return wall * (1 - cover) + table * cover
