"""Bodies that turn between pictures: bodies of revolution, such as cups, bottles and balls, and boxes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pretraining.textures import FloatImage, random_texture
from pretraining.things import SIZE_PX, Side, contour, filled, random_finish, turned_in_space

_CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float64)
_FACES = ((0, 1, 3, 2), (5, 4, 6, 7), (0, 1, 5, 4), (2, 3, 7, 6), (0, 2, 6, 4), (1, 3, 7, 5))  # rows of _CORNERS


@dataclass(frozen=True)
class Lathed:
    """A body of revolution about the vertical axis.

    Attributes:
        radii: Radius at each row, float32 (SIZE_PX,), in half widths of the picture; 0 outside.
        skin: The unrolled surface: RGB float32 (SIZE_PX, 2 * SIZE_PX, 3), the left and right edges join.
        turn: How far it may turn from its pose at rest, in radians.
    """

    radii: FloatImage
    skin: FloatImage
    turn: float
    finish: tuple[float, float, float]

    def rest(self) -> Side:
        """See `Thing`."""
        return self._turned(0.0)

    def seen(self, rng: np.random.Generator) -> Side:
        """See `Thing`."""
        return self._turned(float(rng.uniform(-self.turn, self.turn)))

    def _turned(self, angle: float) -> Side:
        across = np.linspace(-1, 1, SIZE_PX, dtype=np.float32)[None, :]
        radii = np.maximum(self.radii, 1e-4)[:, None]
        position = np.clip(across / radii, -1, 1)
        longitude = (np.arcsin(position) + angle) / (2 * np.pi) * self.skin.shape[1]
        rows = np.repeat(np.arange(SIZE_PX, dtype=np.float32)[:, None], SIZE_PX, 1)
        columns = np.mod(longitude, self.skin.shape[1]).astype(np.float32)
        albedo = cv2.remap(self.skin, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        mask = ((np.abs(across) < radii) & (self.radii[:, None] > 0)).astype(np.float32)
        height = np.sqrt(np.clip(radii**2 - across**2, 0, None)) * 1.5
        return Side(albedo, cv2.GaussianBlur(mask, (0, 0), 0.7), height.astype(np.float32), *self.finish)


def random_lathed(rng: np.random.Generator) -> Lathed:
    """Make a random body of revolution: a few radii, joined smoothly or in steps."""
    top, bottom = rng.uniform(0.02, 0.25), rng.uniform(0.75, 0.98)
    knots = int(rng.integers(2, 7))
    heights = np.linspace(top, bottom, knots)
    widths = rng.uniform(0.2, 0.75, knots)
    if rng.random() < 0.35:
        widths[:] = widths[0]
    rows = np.linspace(0, 1, SIZE_PX)
    if rng.random() < 0.3:  # a ball, an egg
        middle, half = (top + bottom) / 2, (bottom - top) / 2
        radii = np.sqrt(np.clip(1 - ((rows - middle) / half) ** 2, 0, None)) * rng.uniform(0.5, 0.9)
    else:
        radii = np.interp(rows, heights, widths)
        radii = cv2.GaussianBlur(radii.astype(np.float32)[:, None], (1, 0), 0.1, sigmaY=rng.uniform(0.5, 6))[:, 0]
        radii[(rows < top) | (rows > bottom)] = 0
    skin = random_texture(SIZE_PX, rng)
    skin = np.concatenate([skin, skin[:, ::-1]], 1)
    if rng.random() < 0.7:  # a label, a handle's base, a print
        mark = filled(contour(rng, radius=rng.uniform(0.3, 0.8)))[..., None]
        patch = random_texture(SIZE_PX, rng)
        half_turn = SIZE_PX // 2
        part = skin[:, :SIZE_PX] if rng.random() < 0.5 else skin[:, half_turn : half_turn + SIZE_PX]
        part[:] = part * (1 - mark) + patch * mark
    skin = np.roll(skin, int(rng.integers(0, skin.shape[1])), 1)
    return Lathed(radii.astype(np.float32), skin.astype(np.float32), rng.uniform(0.2, 1.2), random_finish(rng))


@dataclass(frozen=True)
class Box:
    """A box with its own picture on each pair of faces.

    Attributes:
        edges: Half lengths, float64 (3,).
        faces: One RGB texture for each pair of faces, float32 (3, SIZE_PX, SIZE_PX, 3).
        yaw_pitch: The pose at rest, in radians.
        turn: Standard deviation of the pose, in radians.
    """

    edges: NDArray[np.float64]
    faces: FloatImage
    yaw_pitch: tuple[float, float]
    turn: float
    finish: tuple[float, float, float]

    def rest(self) -> Side:
        """See `Thing`."""
        return self._turned(*self.yaw_pitch)

    def seen(self, rng: np.random.Generator) -> Side:
        """See `Thing`."""
        yaw, pitch = np.array(self.yaw_pitch) + rng.uniform(-self.turn, self.turn, 2)
        return self._turned(float(yaw), float(pitch))

    def _turned(self, yaw: float, pitch: float) -> Side:
        corners = (_CORNERS * self.edges) @ turned_in_space(yaw, pitch).T
        nearer = 1 + 0.12 * corners[:, 2:]
        flat = ((corners[:, :2] * nearer + 1) * SIZE_PX / 2).astype(np.float32)
        albedo = np.full((SIZE_PX, SIZE_PX, 3), self.faces[0].mean((0, 1)), np.float32)
        mask, height = (np.zeros((SIZE_PX, SIZE_PX), np.float32) for _ in range(2))
        across = np.arange(SIZE_PX, dtype=np.float32)[None] / SIZE_PX
        down = across.T
        square = np.array([[0, 0], [SIZE_PX, 0], [SIZE_PX, SIZE_PX], [0, SIZE_PX]], np.float32)
        for number in sorted(range(6), key=lambda face: corners[list(_FACES[face]), 2].mean())[-3:]:
            rows = list(_FACES[number])
            one, other = corners[rows[1]] - corners[rows[0]], corners[rows[3]] - corners[rows[0]]
            normal = np.cross(one, other)
            normal *= np.sign(normal[2] or 1) / max(float(np.linalg.norm(normal)), 1e-6)
            if normal[2] < 0.08:
                continue
            left, top = (max(0, int(low) - 1) for low in flat[rows].min(0))
            right, bottom = (min(SIZE_PX, int(high) + 2) for high in flat[rows].max(0))
            if left >= right or top >= bottom:
                continue
            part, seen = np.s_[top:bottom, left:right], flat[rows] - np.array([left, top], np.float32)
            inside = np.zeros((bottom - top, right - left), np.uint8)
            cv2.fillConvexPoly(inside, (seen * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
            cover = (inside / 255).astype(np.float32)
            matrix = cv2.getPerspectiveTransform(square, seen)
            picture = cv2.warpPerspective(
                self.faces[number // 2], matrix, inside.shape[::-1], borderMode=cv2.BORDER_REPLICATE
            )
            albedo[part] += cover[..., None] * (picture - albedo[part])
            if (inside > 127).any():
                slope = -(normal[0] * across[:, left:right] + normal[1] * down[top:bottom]) / normal[2] * 2.5
                height[part] += cover * (slope - slope[inside > 127].mean() + 1 - height[part])
            mask[part] = np.maximum(mask[part], cover)
        return Side(albedo, mask, height, *self.finish)


def random_box(rng: np.random.Generator) -> Box:
    """Make a random box; half of them have one material on all faces."""
    edges = rng.uniform(0.2, 0.62, 3)
    faces = np.stack([random_texture(SIZE_PX, rng) for _ in range(3)])
    if rng.random() < 0.5:
        faces[1:] = faces[0]
    pose = (float(rng.uniform(-0.8, 0.8)), float(rng.uniform(-0.7, 0.7)))
    return Box(edges, faces, pose, float(rng.uniform(0.1, 0.5)), random_finish(rng))
