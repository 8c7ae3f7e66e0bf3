"""Bodies of given rounded parts: boxes, balls, cylinders and rings, as one cloud of points."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pretraining.assemblies import Assembly, Points
from pretraining.textures import FloatImage
from pretraining.things import turned_in_space

POINTS, FEWEST = 11_000, 200  # of a figure, and of a part
FILLING = 1.15  # the farthest point from the middle: a figure just fits its frame however it is turned
STEP = 100  # parts have a multiple of this many points
Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Part:
    """A rounded solid: |x/a|ᵖ + |y/b|ᵖ + |z/c|ᵖ = 1, or a cylinder or a ring with rounded edges.

    Attributes:
        radii: Half lengths along x (right), y (down) and z (towards the camera). A ring lies in the plane of x and y;
            its third number is half its thickness.
        place: Its middle.
        paint: The number of its paint.
        power: 2 is an ellipsoid, 6 almost a box.
        about: The axis of a cylinder, 0 to 2; −1 is a solid without one.
        taper: How much wider its lower end is; negative if it is narrower.
        turn: Yaw and pitch, in radians.
        lid: The number of the paint of its upper face; −1 is the paint of the rest.
        ring: Whether it is a ring.
    """

    radii: Vector
    place: Vector
    paint: int = 0
    power: float = 2.5
    about: int = -1
    taper: float = 0.0
    turn: tuple[float, float] = (0.0, 0.0)
    lid: int = -1
    ring: bool = False


def assembled(
    parts: list[Part],
    paints: list[FloatImage],
    yaw_pitch: tuple[float, float],
    turn: tuple[float, float],
    finish: tuple[float, float, float],
) -> Assembly:
    """Put parts together; parts that are hidden inside others do no harm."""
    sizes = np.array([_area(part) for part in parts])
    counts = np.maximum(FEWEST, POINTS * sizes / sizes.sum()) / STEP
    clouds = [_cloud(part, STEP * int(count), paints) for part, count in zip(parts, counts, strict=True)]
    points, normals, colours = (np.concatenate(layer) for layer in zip(*clouds, strict=True))
    points = points - (points.min(0) + points.max(0)) / 2
    points *= FILLING / np.linalg.norm(points, axis=1).max()
    layers = (layer.astype(np.float32) for layer in (points, normals, colours))
    return Assembly(*layers, yaw_pitch, turn, finish)


def _area(part: Part) -> float:
    a, b, c = part.radii
    return 2 * np.pi * (a + b) * c if part.ring else 4 * (a * b + b * c + c * a)


@lru_cache(maxsize=256)
def _directions(count: int) -> Points:
    """Evenly spaced points on the unit sphere, (count, 3). Source: González 2010, the Fibonacci lattice."""
    number = np.arange(count)
    down = 1 - (2 * number + 1) / count
    around = np.pi * (1 + 5**0.5) * number
    wide = np.sqrt(1 - down**2)
    return np.column_stack([wide * np.cos(around), down, wide * np.sin(around)]).astype(np.float32)


def _cloud(part: Part, count: int, paints: list[FloatImage]) -> tuple[Points, Points, Points]:
    """Points, normals and colours of a part, (count, 3) each."""
    way, radii = _directions(count), np.array(part.radii, np.float32)
    if part.ring:
        points, normals = _ring(way, part.radii)
    else:
        far = np.abs(way) + np.float32(1e-6)
        if part.about >= 0:
            others = [axis for axis in range(3) if axis != part.about]
            far[:, others] = np.hypot(*way[:, others].T)[:, None] + np.float32(1e-6)
        total = (far**part.power).sum(1) if part.about < 0 else (far[:, [part.about, others[0]]] ** part.power).sum(1)
        unit = way * total[:, None] ** (-1 / part.power)
        normals = way * far ** (part.power - 2) / radii
        if part.taper:
            unit[:, [0, 2]] *= 1 + part.taper * unit[:, 1:2]
        points = unit * radii
    normals = normals / (np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9)
    colours = _painted(paints[part.paint], way)
    if part.lid >= 0:
        colours = np.where(normals[:, 1:2] < -0.7, _painted(paints[part.lid], way), colours)
    turn = turned_in_space(*part.turn).T.astype(np.float32)
    return points @ turn + np.array(part.place, np.float32), normals @ turn, colours


def _ring(way: Points, radii: Vector) -> tuple[Points, Points]:
    along = np.arctan2(way[:, 2], way[:, 0])
    across = np.pi * way[:, 1] * 1.02  # even areas on a sphere are even steps along its axis
    outward = np.column_stack([np.cos(along), np.sin(along), np.zeros_like(along)])
    normals = outward * np.cos(across)[:, None] + np.array([0, 0, 1]) * np.sin(across)[:, None]
    return outward * np.array([radii[0], radii[1], 0]) + normals * radii[2], normals


def _painted(paint: FloatImage, way: Points) -> Points:
    """The colours of a paint that is projected along z."""
    last = len(paint) - 1
    at = ((way[:, :2] + 1) / 2 * last).astype(np.intp)
    return paint[at[:, 1], at[:, 0]]
