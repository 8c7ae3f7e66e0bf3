"""The things that the demonstration camera shows, drawn from plain shapes with colour, outline and relief."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

SIZE_PX = 240
SCALE = 3
FloatImage = NDArray[np.float32]
Canvas = NDArray[np.uint8]


@dataclass(frozen=True)
class RenderedThing:
    """A thing, ready to be lit and drawn; S is SIZE_PX.

    Attributes:
        albedo: RGB, 0..1, float32, (S, S, 3).
        mask: Where the thing is, 0..1, float32, (S, S).
        normals: Unit normals of its surface, float32, (S, S, 3).
        gloss: Strength of the highlight, 0..1.
    """

    albedo: FloatImage
    mask: FloatImage
    normals: FloatImage
    gloss: float


@cache
def rendered_thing(kind: str) -> RenderedThing:
    """The thing of a kind in KINDS. It is drawn at the first call; later calls return the same arrays."""
    return KINDS[kind]()


class _Sketch:
    """Draws shapes on top of each other; coordinates are −1..1.

    `tall` is how far a shape rises above the ground. All is drawn SCALE times as large, for smooth edges.
    """

    def __init__(self) -> None:
        edge = SIZE_PX * SCALE
        self.colour: Canvas = np.zeros((edge, edge, 3), np.uint8)
        self.mask: Canvas = np.zeros((edge, edge), np.uint8)
        self.height: FloatImage = np.zeros((edge, edge), np.float32)

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, colour: tuple[int, int, int], tall: float, turn: float = 0
    ) -> None:
        part = np.zeros_like(self.mask)
        cv2.ellipse(part, self._at(x, y), (self._len(rx), self._len(ry)), turn, 0, 360, 255, -1)
        self._add(part, colour, tall)

    def polygon(self, points: list[tuple[float, float]], colour: tuple[int, int, int], tall: float) -> None:
        part = np.zeros_like(self.mask)
        cv2.fillPoly(part, [np.array([self._at(x, y) for x, y in points])], 255)
        self._add(part, colour, tall)

    def stroke(
        self, points: list[tuple[float, float]], width: float, colour: tuple[int, int, int], tall: float
    ) -> None:
        part = np.zeros_like(self.mask)
        path = np.array([self._at(x, y) for x, y in points])
        cv2.polylines(part, [path], False, 255, self._len(width))
        self._add(part, colour, tall)

    def thing(self, gloss: float) -> RenderedThing:
        small = (SIZE_PX, SIZE_PX)
        height = cv2.GaussianBlur(cv2.resize(self.height, small, interpolation=cv2.INTER_AREA), (0, 0), 2.5)
        slope_x = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3) / 8
        slope_y = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3) / 8
        normals = np.dstack([-slope_x, -slope_y, np.ones_like(height)])
        normals /= np.linalg.norm(normals, axis=2, keepdims=True)
        colour = cv2.resize(cv2.GaussianBlur(self.colour, (0, 0), 1.0), small, interpolation=cv2.INTER_AREA)
        mask = cv2.resize(self.mask, small, interpolation=cv2.INTER_AREA)
        return RenderedThing(
            np.asarray(colour / 255, np.float32),
            np.asarray(mask / 255, np.float32),
            np.asarray(normals, np.float32),
            gloss,
        )

    def _add(self, part: Canvas, colour: tuple[int, int, int], tall: float) -> None:
        left, top, width, height = cv2.boundingRect(part)
        # One more pixel on each side: the distance transform measures from pixels outside the shape.
        here = np.s_[max(0, top - 1) : top + height + 1, max(0, left - 1) : left + width + 1]
        part = part[here]
        inside = part > 0
        self.colour[here][inside] = colour
        self.mask[here] |= part
        distance = cv2.distanceTransform(part, cv2.DIST_L2, 5)
        rise = distance / max(1.0, float(distance.max()))
        dome = np.sqrt(np.clip(1 - (1 - rise) ** 2, 0, 1)) * tall * SIZE_PX / 2
        relief = self.height[here]
        relief[inside] = (relief * 0.5 + dome)[inside]

    def _at(self, x: float, y: float) -> tuple[int, int]:
        return self._len(x + 1), self._len(y + 1)

    def _len(self, size: float) -> int:
        return round(size * SIZE_PX * SCALE / 2)


def _apple() -> RenderedThing:
    sketch = _Sketch()
    sketch.ellipse(0.0, 0.14, 0.74, 0.68, (208, 36, 42), 0.9)
    sketch.ellipse(0.0, -0.4, 0.2, 0.07, (150, 24, 26), 0.0)
    sketch.stroke([(0.0, -0.42), (0.03, -0.6), (0.1, -0.76)], 0.08, (92, 60, 34), 0.1)
    sketch.ellipse(0.3, -0.68, 0.24, 0.1, (86, 156, 62), 0.15, -20)
    return sketch.thing(0.5)


def _cup() -> RenderedThing:
    sketch = _Sketch()
    sketch.stroke([(0.4, -0.28), (0.72, -0.24), (0.76, 0.1), (0.6, 0.3), (0.36, 0.3)], 0.13, (48, 110, 190), 0.2)
    sketch.polygon(
        [(-0.58, -0.5), (0.46, -0.5), (0.36, 0.62), (0.2, 0.72), (-0.32, 0.72), (-0.48, 0.62)], (58, 124, 206), 0.7
    )
    sketch.polygon([(-0.55, -0.12), (0.43, -0.12), (0.41, 0.12), (-0.53, 0.12)], (244, 244, 238), 0.3)
    sketch.ellipse(-0.06, -0.5, 0.52, 0.15, (232, 236, 242), 0.1)
    sketch.ellipse(-0.06, -0.48, 0.44, 0.1, (74, 46, 30), 0.02)
    return sketch.thing(0.6)


def _duck() -> RenderedThing:
    sketch = _Sketch()
    sketch.polygon([(0.5, 0.1), (0.88, -0.12), (0.7, 0.5)], (246, 200, 44), 0.3)
    sketch.ellipse(0.08, 0.34, 0.64, 0.42, (250, 206, 48), 0.7)
    sketch.ellipse(-0.32, -0.3, 0.36, 0.36, (252, 212, 56), 0.6)
    sketch.ellipse(0.2, 0.28, 0.34, 0.2, (240, 186, 34), 0.3, -12)
    sketch.ellipse(-0.7, -0.24, 0.2, 0.1, (240, 126, 38), 0.2)
    sketch.ellipse(-0.42, -0.4, 0.08, 0.09, (26, 24, 28), 0.1)
    sketch.ellipse(-0.44, -0.43, 0.025, 0.025, (255, 255, 255), 0.02)
    return sketch.thing(0.7)


def _book() -> RenderedThing:
    sketch = _Sketch()
    sketch.polygon([(-0.56, -0.78), (0.62, -0.78), (0.62, 0.82), (-0.56, 0.82)], (238, 232, 214), 0.08)
    sketch.polygon([(-0.62, -0.82), (0.56, -0.82), (0.56, 0.76), (-0.62, 0.76)], (38, 120, 88), 0.1)
    sketch.polygon([(-0.62, -0.82), (-0.46, -0.82), (-0.46, 0.76), (-0.62, 0.76)], (26, 88, 66), 0.05)
    sketch.polygon([(-0.28, -0.52), (0.38, -0.52), (0.38, -0.22), (-0.28, -0.22)], (236, 214, 150), 0.03)
    for y in (-0.44, -0.32):
        sketch.stroke([(-0.2, y), (0.3, y)], 0.03, (38, 90, 70), 0.0)
    sketch.ellipse(0.05, 0.3, 0.2, 0.2, (236, 214, 150), 0.03)
    return sketch.thing(0.15)


KINDS: dict[str, Callable[[], RenderedThing]] = {"apple": _apple, "cup": _cup, "duck": _duck, "book": _book}
