"""Heaps of the same things: fruit in a bowl, packages in a pile. Every view has another arrangement."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pretraining.bodies import random_box, random_lathed
from pretraining.families import Family
from pretraining.figures import random_blocks, random_fruit
from pretraining.packages import random_brand
from pretraining.textures import FloatImage, random_texture
from pretraining.things import SIZE_PX, Side, Thing, contour, domed, filled, turned

LOOKS = 2  # different sides of the content in one heap


@dataclass(frozen=True)
class Heap:
    """A heap.

    Attributes:
        content: What it consists of.
        count: How many there are.
        size: Edge of the frame of each, of the heap's frame.
        flat: Height of the heap, of its width.
        bowl: RGB float32 (SIZE_PX, SIZE_PX, 3) and mask of what they lie in, or None.
    """

    content: Thing
    count: int
    size: float
    flat: float
    bowl: tuple[FloatImage, FloatImage] | None

    def rest(self) -> Side:
        """See `Thing`."""
        return self._piled(np.random.default_rng(0))

    def seen(self, rng: np.random.Generator) -> Side:
        """See `Thing`."""
        return self._piled(rng)

    def _piled(self, rng: np.random.Generator) -> Side:
        sides = [self.content.seen(rng) for _ in range(LOOKS)]
        albedo = np.zeros((SIZE_PX, SIZE_PX, 3), np.float32)
        mask, height = (np.zeros((SIZE_PX, SIZE_PX), np.float32) for _ in range(2))
        edge = int(1.45 * self.size * SIZE_PX)  # of a square in which one of them can turn
        reach = (SIZE_PX - self.size * SIZE_PX) / 2
        for number in range(self.count):
            side, angle, far = sides[number % LOOKS], rng.uniform(0, 2 * np.pi), np.sqrt(rng.random()) * reach
            middle = SIZE_PX / 2 + far * np.array([np.cos(angle), self.flat * np.sin(angle)])
            left, top = (middle - edge / 2).astype(int)
            scale = self.size * rng.uniform(0.85, 1.1)
            matrix = np.zeros((2, 3))
            matrix[:, :2] = scale * turned(rng.normal(0, 0.8))
            matrix[:, 2] = edge / 2 - matrix[:, :2] @ np.full(2, SIZE_PX / 2)
            seen = [
                cv2.warpAffine(layer, matrix, (edge, edge), flags=cv2.INTER_LINEAR)
                for layer in (side.albedo, side.mask, side.height)
            ]
            rows = slice(max(0, top), min(SIZE_PX, top + edge)), slice(max(0, left), min(SIZE_PX, left + edge))
            own = tuple(slice(part.start - at, part.stop - at) for part, at in zip(rows, (top, left), strict=True))
            colour, cover, relief = (layer[own] for layer in seen)
            hidden = 1 - cover
            albedo[rows] = albedo[rows] * 0.9 * hidden[..., None] + colour * cover[..., None]
            height[rows] = height[rows] * hidden + (relief * 0.6 + 0.3) * cover
            mask[rows] = np.maximum(mask[rows], cover)
        if self.bowl is not None:
            ware, below = self.bowl
            albedo = albedo * (1 - below[..., None]) + ware * below[..., None]
            height = height * (1 - below) + (0.6 + 0.8 * domed(below, 1.0)) * below
            mask = np.maximum(mask, below)
        finish = sides[0].gloss, sides[0].metal, 1.0
        return Side(albedo, mask, height, *finish)


@dataclass(frozen=True)
class Heaps:
    """A family of heaps: of one kind of thing, in one arrangement."""

    contents: Family
    seed: int

    def member(self, rng: np.random.Generator) -> Heap:
        """See `Family`."""
        shared = np.random.default_rng(self.seed)
        count, size, flat = int(shared.integers(3, 11)), shared.uniform(0.3, 0.55), shared.uniform(0.2, 0.9)
        bowl = None
        if shared.random() < 0.35:
            outline = contour(shared, 0.9)
            outline[:, 1] = outline[:, 1] * 0.5 + 0.6
            below = filled(outline) * (np.arange(SIZE_PX)[:, None] > 0.62 * SIZE_PX)
            bowl = random_texture(SIZE_PX, shared), cv2.GaussianBlur(below.astype(np.float32), (0, 0), 0.7)
        return Heap(self.contents.member(rng), count, float(size), float(flat), bowl)


@dataclass(frozen=True)
class _Loose:
    """Things without a family as the content of heaps: another thing for each heap."""

    boxes: bool

    def member(self, rng: np.random.Generator) -> Thing:
        """See `Family`."""
        return random_box(rng) if self.boxes else random_lathed(rng)


def random_heap(rng: np.random.Generator) -> Heaps:
    """Choose what a kind of heap consists of; most often it is fruit."""
    kind = rng.random()
    contents: Family
    if kind < 0.55:
        contents = random_fruit(rng)
    elif kind < 0.75:
        contents = random_brand(rng)
    elif kind < 0.85:
        contents = random_blocks(rng)
    else:
        contents = _Loose(bool(rng.random() < 0.5))
    return Heaps(contents, int(rng.integers(2**32)))
