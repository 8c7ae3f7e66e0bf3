"""Things to look at: a contour, a surface, inner parts, and a height map that light falls on."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pretraining.textures import FloatImage, random_texture

SIZE_PX = 128
Mask = NDArray[np.uint8]


@dataclass(frozen=True)
class Thing:
    """A thing in its canonical pose, all (SIZE_PX, SIZE_PX[, 3]).

    Attributes:
        albedo: RGB float32 in 0..1.
        mask: float32, 1 inside.
        height: float32 in 0..1, highest far from the edges.
        gloss: Strength of the highlight, 0..1.
    """

    albedo: FloatImage
    mask: FloatImage
    height: FloatImage
    gloss: float


def random_thing(rng: np.random.Generator) -> Thing:
    """Invent a thing."""
    outline = palm(rng) if rng.random() < 0.25 else contour(rng, radius=rng.uniform(0.6, 0.92))
    mask = _filled(outline)
    albedo = random_texture(SIZE_PX, rng)
    height = _domed(mask, rng.uniform(0.4, 1.5))
    for _ in range(int(rng.integers(0, 4))):
        centre = rng.uniform(-0.5, 0.5, 2)
        part = _filled(contour(rng, radius=rng.uniform(0.12, 0.5)) + centre) * mask
        soft = cv2.GaussianBlur(part, (0, 0), 0.8)[..., None]
        albedo = albedo * (1 - soft) + random_texture(SIZE_PX, rng) * soft
        height = height + rng.uniform(-0.3, 0.4) * _domed(part, 1.0)
    return Thing(
        albedo.astype(np.float32),
        cv2.GaussianBlur(mask, (0, 0), 0.7),
        height.astype(np.float32),
        float(rng.uniform(0, 0.8)) if rng.random() < 0.5 else 0.0,
    )


def contour(rng: np.random.Generator, radius: float) -> FloatImage:
    """A closed outline, float32 (N, 2) around the origin: superellipse, star, polygon or free form."""
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    kind = rng.integers(4)
    if kind == 0:
        power = rng.uniform(0.4, 4)
        r = (np.abs(np.cos(angle)) ** power + np.abs(np.sin(angle)) ** power) ** (-1 / power)
    elif kind == 1:
        r = 1 + rng.uniform(0.1, 0.5) * np.sign(np.sin(angle * rng.integers(3, 9))) * np.abs(
            np.sin(angle * rng.integers(3, 9))
        ) ** rng.uniform(0.5, 2)
    elif kind == 2:
        corners = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 9))))
        radii = rng.uniform(0.5, 1, len(corners))
        r = np.interp(angle, corners, radii, period=2 * np.pi)
    else:
        r = np.ones_like(angle)
        for order in range(2, 8):
            r = r + rng.normal(0, 0.35 / order) * np.cos(order * angle + rng.uniform(0, 6))
    r = np.clip(r, 0.15, None)
    points = np.stack([r * np.cos(angle), r * np.sin(angle)], 1)
    points[:, 0] *= rng.uniform(0.35, 1)
    points = points @ _turn(rng.uniform(0, 2 * np.pi))
    return (points * radius / np.abs(points).max()).astype(np.float32)


def palm(rng: np.random.Generator) -> FloatImage:
    """A body with limbs that bend: hands, plants, toys. A dense cloud of outline points, later filled."""
    canvas = np.zeros((SIZE_PX, SIZE_PX), np.uint8)
    middle = SIZE_PX // 2
    width = int(rng.integers(14, 26))
    cv2.ellipse(canvas, (middle, middle + 18), (width, int(width * rng.uniform(0.8, 1.3))), 0, 0, 360, 255, -1)
    limbs = int(rng.integers(1, 6))
    for number in range(limbs):
        direction = -np.pi / 2 + (number - (limbs - 1) / 2) * rng.uniform(0.25, 0.5) + rng.normal(0, 0.1)
        place = np.array([middle + (number - (limbs - 1) / 2) * 2 * width / max(limbs, 2), middle + 10.0])
        for _ in range(int(rng.integers(1, 4))):
            step = rng.uniform(10, 20) * np.array([np.cos(direction), np.sin(direction)])
            end = place + step
            cv2.line(canvas, _pixel(place), _pixel(end), 255, int(rng.integers(7, 13)))
            place, direction = end, direction + rng.normal(0, 0.5)
    cv2.line(canvas, (middle, middle + 25), (middle + int(rng.integers(-15, 15)), SIZE_PX), 255, int(width * 1.2))
    outlines, _ = cv2.findContours(canvas, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(outlines, key=cv2.contourArea)[:, 0].astype(np.float32)
    return largest / (SIZE_PX / 2) - 1


def _pixel(point: NDArray[np.floating]) -> tuple[int, int]:
    return int(point[0]), int(point[1])


def _turn(angle: float) -> NDArray[np.float64]:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _filled(outline: FloatImage) -> FloatImage:
    canvas = np.zeros((SIZE_PX, SIZE_PX), np.uint8)
    pixels = ((outline + 1) * SIZE_PX / 2 * 16).astype(np.int32)
    cv2.fillPoly(canvas, [pixels], 255, cv2.LINE_AA, 4)
    return (canvas / 255).astype(np.float32)


def _domed(mask: FloatImage, roundness: float) -> FloatImage:
    distance = cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    top = max(float(distance.max()), 1.0)
    return np.power(distance / top, roundness * 0.5).astype(np.float32)
