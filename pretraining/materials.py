"""Bare materials, such as cardboard, foil, glass and cloth. One thing is one material; every view is another piece."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pretraining.textures import (
    PATTERNS,
    FloatImage,
    Pattern,
    colour_ramp,
    random_colour,
    random_grain,
    random_pattern,
    random_texture,
)
from pretraining.things import SIZE_PX, Side, contour, domed, filled

_SHEET_PX = 2 * SIZE_PX


@dataclass(frozen=True)
class Material:
    """A large sheet from which pieces are cut.

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
    """Make a random material: colours, roughness, gloss and transparency."""
    if rng.random() < 0.5:  # one colour, slightly uneven
        colour = random_colour(rng, saturation=float(rng.uniform(0, 0.7)))
        uneven = random_pattern(_SHEET_PX, rng)[..., None] - 0.5
        sheet = np.clip(colour * (1 + rng.uniform(0, 0.5) * uneven), 0, 1)
    elif rng.random() < 0.5:
        sheet = random_texture(_SHEET_PX, rng)
    else:  # a print on a background
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


@dataclass(frozen=True)
class Stuff:
    """A kind of material in any colour, such as crumpled foil, printed cardboard or clear film.

    Attributes:
        relief: The kind of pattern of its relief; each view draws another one.
        print_: The kind of pattern of its print.
        depth: Depth of the relief.
        printed: Share of it that is printed, 0..1.
        saturation: Highest saturation of the background.
        hues: Range of the background's hue, in half degrees.
        lightness: Range of the background's lightness.
        bulge: How much a piece is domed, 0..1.
    """

    relief: Pattern
    print_: Pattern
    depth: float
    printed: float
    saturation: float
    lightness: tuple[float, float]
    bulge: float
    finish: tuple[float, float, float]
    hues: tuple[float, float] = (0.0, 180.0)

    def rest(self) -> Side:
        """See `Thing`."""
        return self._piece(np.random.default_rng(0), np.ones((SIZE_PX, SIZE_PX), np.float32))

    def seen(self, rng: np.random.Generator) -> Side:
        """See `Thing`."""
        return self._piece(rng, filled(contour(rng, radius=rng.uniform(0.7, 1.0))))

    def _piece(self, rng: np.random.Generator, mask: FloatImage) -> Side:
        ground = random_colour(rng, saturation=float(rng.uniform(0, self.saturation)), hues=self.hues)
        ground = ground / max(float(ground.max()), 1e-3) * rng.uniform(*self.lightness)
        albedo = np.broadcast_to(ground, (SIZE_PX, SIZE_PX, 3))
        if self.printed:
            ink = self.print_(SIZE_PX, rng)[..., None] > 1 - self.printed
            albedo = np.where(ink, random_colour(rng), albedo)
        height = self.depth * self.relief(SIZE_PX, rng) + self.bulge * domed(mask, 1.0)
        return Side(
            albedo.astype(np.float32), cv2.GaussianBlur(mask, (0, 0), 0.7), height.astype(np.float32), *self.finish
        )


class Swatch:
    """A pattern that is cut from one large sheet; every piece is from another place, turned and scaled."""

    def __init__(self, sheet: FloatImage) -> None:
        self._sheet = sheet.astype(np.float16)  # hundreds of them are in memory

    def __call__(self, size_px: int, rng: np.random.Generator) -> FloatImage:
        """A piece, float32 (size_px, size_px)."""
        middle = len(self._sheet) / 2
        place = middle + rng.uniform(-0.25, 0.25, 2) * len(self._sheet)
        matrix = cv2.getRotationMatrix2D((middle, middle), float(rng.uniform(0, 360)), float(rng.uniform(0.7, 1.4)))
        matrix[:, 2] += size_px / 2 - matrix[:, :2] @ place - matrix[:, 2]
        return cv2.warpAffine(
            self._sheet.astype(np.float32), matrix, (size_px, size_px), borderMode=cv2.BORDER_REFLECT_101
        )


def random_stuff(rng: np.random.Generator) -> Stuff:
    """Make a random kind of material."""
    relief, print_ = (
        PATTERNS[int(rng.integers(len(PATTERNS)))] if rng.random() < 0.3 else Swatch(random_grain(_SHEET_PX, rng))
        for _ in range(2)
    )
    kind = rng.integers(4)
    finish = (
        (float(rng.uniform(0, 0.15)), 0.0, 1.0),  # paper, cloth, wood
        (float(rng.uniform(0.4, 1.0)), 0.0, 1.0),  # plastic, lacquer
        (float(rng.uniform(0.3, 1.0)), float(rng.uniform(0.6, 1.0)), 1.0),  # metal
        (float(rng.uniform(0.4, 1.0)), 0.0, float(rng.uniform(0.15, 0.6))),  # glass, film
    )[kind]
    dark = float(rng.uniform(0.1, 0.7))
    hue = float(rng.uniform(0, 180))
    return Stuff(
        relief,
        print_,
        depth=float(rng.uniform(0, 1.2)),
        printed=float(rng.uniform(0.1, 0.5)) if rng.random() < 0.4 else 0.0,
        saturation=float(rng.uniform(0.05, 1.0)),
        lightness=(dark, min(1.0, dark + float(rng.uniform(0.1, 0.5)))),
        bulge=float(rng.uniform(0, 1)),
        finish=finish,
        hues=(hue - 12, hue + 12) if rng.random() < 0.4 else (0.0, 180.0),
    )
