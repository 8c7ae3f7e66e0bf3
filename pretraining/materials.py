"""Bare materials: cardboard, foil, glass, cloth. One thing is one material; every look at it is another piece of it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pretraining.textures import FloatImage, colour_ramp, random_colour, random_pattern, random_texture
from pretraining.things import SIZE_PX, Side, contour, domed, filled

_SHEET_PX = 2 * SIZE_PX


@dataclass(frozen=True)
class Material:
    """A big sheet that pieces are cut from.

    Attributes:
        sheet: RGB float32 (2 * SIZE_PX, 2 * SIZE_PX, 3).
        relief: Wrinkles, corrugation or grain, float32 (2 * SIZE_PX, 2 * SIZE_PX).
        bulge: How much a piece is domed, 0..1.
    """

    sheet: FloatImage
    relief: FloatImage
    bulge: float
    finish: tuple[float, float, float]

    def rest(self) -> Side:
        """See `Thing`."""
        return self._cut(SIZE_PX // 2, SIZE_PX // 2, np.ones((SIZE_PX, SIZE_PX), np.float32))

    def seen(self, rng: np.random.Generator) -> Side:
        """See `Thing`."""
        left, top = rng.integers(0, SIZE_PX, 2)
        return self._cut(int(left), int(top), filled(contour(rng, radius=rng.uniform(0.7, 1.0))))

    def _cut(self, left: int, top: int, mask: FloatImage) -> Side:
        part = np.s_[top : top + SIZE_PX, left : left + SIZE_PX]
        height = self.relief[part] + self.bulge * domed(mask, 1.0)
        return Side(self.sheet[part], cv2.GaussianBlur(mask, (0, 0), 0.7), height.astype(np.float32), *self.finish)


def random_material(rng: np.random.Generator) -> Material:
    """Make a material: what it is coloured like, how rough, how glossy, how clear."""
    if rng.random() < 0.5:  # one dye, a little uneven
        colour = random_colour(rng, saturation=float(rng.uniform(0, 0.7)))
        uneven = random_pattern(_SHEET_PX, rng)[..., None] - 0.5
        sheet = np.clip(colour * (1 + rng.uniform(0, 0.5) * uneven), 0, 1)
    elif rng.random() < 0.5:
        sheet = random_texture(_SHEET_PX, rng)
    else:  # print on a ground
        ground = random_colour(rng, saturation=float(rng.uniform(0, 0.4)))
        ink = random_pattern(_SHEET_PX, rng)[..., None] > rng.uniform(0.55, 0.8)
        sheet = np.where(ink, colour_ramp(random_pattern(_SHEET_PX, rng), rng), ground)
    kind = rng.integers(4)
    if kind == 0:
        relief = np.zeros((_SHEET_PX, _SHEET_PX), np.float32)
    elif kind == 1:  # creases: folds of smooth noise
        relief = 1 - np.abs(2 * random_pattern(_SHEET_PX, rng) - 1)
    else:
        relief = random_pattern(_SHEET_PX, rng)
    finish = (
        float(rng.uniform(0.2, 1)) if rng.random() < 0.5 else 0.0,
        float(rng.uniform(0.5, 1)) if rng.random() < 0.25 else 0.0,
        float(rng.uniform(0.4, 0.8)) if rng.random() < 0.15 else 1.0,
    )
    depth = rng.uniform(0.1, 1.2)
    return Material(sheet.astype(np.float32), (depth * relief).astype(np.float32), float(rng.uniform(0, 1)), finish)
