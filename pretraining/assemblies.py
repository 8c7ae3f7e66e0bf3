"""Bodies made of rounded pieces and rings, such as toys, tools, cups with handles and animals, seen from any side.

A body is a cloud of points with colours and normals. To render a view, the cloud is turned and the nearest points are
kept, which takes a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pretraining.textures import FloatImage, random_colour, random_texture
from pretraining.things import SIZE_PX, Side, random_finish, turned_in_space

POINTS, CANDIDATES = 16_000, 6000  # of a body and of each piece; at least two per pixel
EDGE_PX = 60
PATTERN_PX = 64
Points = NDArray[np.float32]


@dataclass(frozen=True)
class Assembly:
    """A cloud of surface points.

    Attributes:
        points: float32 (N, 3) within the unit ball; x right, y down, z towards the camera.
        normals: float32 (N, 3), outward, of unit length.
        colours: RGB float32 (N, 3) in 0..1.
        yaw_pitch: The pose at rest, in radians.
        turn: How far it may turn from there, about the vertical and about the horizontal axis, in radians.
    """

    points: Points
    normals: Points
    colours: Points
    yaw_pitch: tuple[float, float]
    turn: tuple[float, float]
    finish: tuple[float, float, float]

    def rest(self) -> Side:
        """See `Thing`."""
        return self._turned(*self.yaw_pitch)

    def seen(self, rng: np.random.Generator) -> Side:
        """See `Thing`."""
        yaw, pitch = (rest + rng.uniform(-far, far) for rest, far in zip(self.yaw_pitch, self.turn, strict=True))
        return self._turned(float(yaw), float(pitch))

    def _turned(self, yaw: float, pitch: float) -> Side:
        turn = turned_in_space(yaw, pitch).astype(np.float32)
        facing = self.normals @ turn[2] > 0
        points = self.points[facing] @ turn.T
        near = 1 / (1 - 0.15 * points[:, 2:])
        places = ((points[:, :2] * near * 0.85 + 1) * EDGE_PX / 2).astype(np.intp).clip(0, EDGE_PX - 1)
        order = np.argsort(points[:, 2])  # of all points on one pixel the last one wins: the nearest
        rows, columns = places[order, 1], places[order, 0]
        layers = np.zeros((EDGE_PX, EDGE_PX, 5), np.float32)
        layers[rows, columns, 0] = 1
        layers[rows, columns, 1] = points[order, 2]
        layers[rows, columns, 2:] = self.colours[facing][order]
        return _side(layers, self.finish)


def random_assembly(rng: np.random.Generator) -> Assembly:
    """Make a random body; many are symmetric."""
    pieces = []
    for number in range(int(rng.integers(1, 6))):
        place = rng.normal(0, 0.45, 3) if number else np.zeros(3)
        size = rng.uniform(0.12, 0.45) if number else rng.uniform(0.4, 0.8)
        make = _ring if number and rng.random() < 0.15 else _egg
        pieces.append(make(rng, size, place))
        if number and rng.random() < 0.5:
            pieces.append(pieces[-1].mirrored())
    outside = [
        ~np.any([np.zeros(CANDIDATES, bool), *(one.holds(piece.points) for one in pieces if one is not piece)], axis=0)
        for piece in pieces
    ]
    points, normals, colours, areas = (
        np.concatenate([getattr(piece, part)[rows] for piece, rows in zip(pieces, outside, strict=True)])
        for part in ("points", "normals", "colours", "areas")
    )
    kept = rng.choice(len(points), POINTS, p=areas / areas.sum())
    points = points[kept] - (points.min(0) + points.max(0)) / 2
    points /= np.linalg.norm(points, axis=1).max()
    pose = float(rng.uniform(-np.pi, np.pi)), float(rng.uniform(-0.6, 0.6))
    turn = float(rng.uniform(0.3, 1.4)), float(rng.uniform(0.1, 0.5))
    clouds = (cloud.astype(np.float32) for cloud in (points, normals[kept], colours[kept]))
    return Assembly(*clouds, pose, turn, random_finish(rng))


@dataclass(frozen=True)
class _Piece:
    """A part of a body: surface points (N, 3) with normals, colours and areas (N,), and a test of what is inside."""

    points: Points
    normals: Points
    colours: Points
    areas: Points
    holds: Callable[[Points], NDArray[np.bool_]]

    def mirrored(self) -> _Piece:
        """The mirror image of the part."""
        return replace(
            self,
            points=self.points * _MIRROR,
            normals=self.normals * _MIRROR,
            holds=lambda points: self.holds(points * _MIRROR),
        )


_MIRROR = np.array([-1, 1, 1])


def _egg(rng: np.random.Generator, size: float, place: Points) -> _Piece:
    """|x/a|ᵖ + |y/b|ᵖ + |z/c|ᵖ = 1: an ellipsoid at p = 2, almost a box at 6. Source: Barr 1981, with one exponent."""
    ray = rng.normal(0, 1, (CANDIDATES, 3))
    ray /= np.linalg.norm(ray, axis=1, keepdims=True)
    power = rng.uniform(1.7, 6)
    radii = size * np.exp(rng.normal(0, 0.45, 3))
    length = (np.abs(ray / radii) ** power).sum(1) ** (-1 / power)
    points = ray * length[:, None]
    normals = np.sign(points) * np.abs(points / radii) ** (power - 1) / radii
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9
    turn = np.linalg.qr(rng.normal(0, 1, (3, 3)))[0] if rng.random() < 0.6 else np.eye(3)

    def holds(other: Points) -> NDArray[np.bool_]:
        return np.asarray((np.abs((other - place) @ turn.T / radii) ** power).sum(1) < 0.98)

    areas = length**2 / np.clip((normals * ray).sum(1), 0.1, 1)  # of a unit of the sphere of rays
    return _Piece(points @ turn + place, normals @ turn, _painted(rng, ray), areas, holds)


def _ring(rng: np.random.Generator, size: float, place: Points) -> _Piece:
    """A torus, such as a handle or a tyre."""
    along, across = rng.uniform(0, 2 * np.pi, (2, CANDIDATES))
    thick = rng.uniform(0.15, 0.4) * size
    outward = np.stack([np.cos(along), np.sin(along), np.zeros(CANDIDATES)], 1)
    normals = outward * np.cos(across)[:, None] + np.array([0, 0, 1]) * np.sin(across)[:, None]
    points = outward * size + normals * thick
    turn = np.linalg.qr(rng.normal(0, 1, (3, 3)))[0]
    areas = np.full(CANDIDATES, np.pi * size * thick)
    colours = _painted(rng, outward)
    return _Piece(points @ turn + place, normals @ turn, colours, areas, lambda other: np.zeros(len(other), bool))


def _painted(rng: np.random.Generator, where: Points) -> Points:
    if rng.random() < 0.45:
        return np.broadcast_to(random_colour(rng), where.shape)
    texture = random_texture(PATTERN_PX, rng)  # projected along one axis
    at = ((where[:, rng.permutation(3)[:2]] + 1) * (PATTERN_PX - 1) / 2).astype(np.intp)
    return texture[at[:, 0], at[:, 1]]


def _side(layers: FloatImage, finish: tuple[float, float, float]) -> Side:
    """Close the gaps between points and enlarge; `layers` (EDGE_PX, EDGE_PX, 5) are cover, depth and RGB."""
    cover = cv2.morphologyEx(layers[..., 0], cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    blurred = cv2.blur(layers, (5, 5))
    filled = np.where(layers[..., :1] > 0, layers, blurred / (blurred[..., :1] + 1e-3))
    around = cv2.blur(filled * cover[..., None], (9, 9))
    filled = np.where(cover[..., None] > 0, filled, around / (around[..., :1] + 1e-3))
    size = (SIZE_PX, SIZE_PX)
    mask = cv2.resize(cover, size, interpolation=cv2.INTER_CUBIC)
    large = cv2.resize(filled.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    mask = cv2.GaussianBlur(np.clip((mask - 0.25) * 2, 0, 1), (0, 0), 0.8)
    height = np.where(mask > 0.5, (large[..., 1] + 1) * 0.75, 0)
    return Side(np.clip(large[..., 2:], 0, 1), mask, height.astype(np.float32), *finish)
