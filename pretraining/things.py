"""Things to photograph. A `Thing` shows a new random `Side` in every picture, and has one fixed side at rest.

Each kind has its own file: flat things with parts (here), bodies that turn (`bodies`), bodies made of pieces
(`assemblies`), hands that show a sign (`hands`), and bare materials in any shape (`materials`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from pretraining.textures import FloatImage, random_texture

SIZE_PX = 128
Mask = NDArray[np.uint8]


@dataclass(frozen=True)
class Side:
    """The side of a thing that faces the camera; all arrays are (SIZE_PX, SIZE_PX[, 3]).

    Attributes:
        albedo: RGB float32 in 0..1.
        mask: float32, 1 inside.
        height: The relief for lighting, float32, from 0 at the rim to about 1.
        gloss: Strength of the highlight, 0..1.
        metal: Share of the colour that is a reflection of the room, 0..1.
        opacity: 1 hides the background; glass and film have less.
    """

    albedo: FloatImage
    mask: FloatImage
    height: FloatImage
    gloss: float = 0.0
    metal: float = 0.0
    opacity: float = 1.0


class Thing(Protocol):
    """Something that can be photographed."""

    def rest(self) -> Side:
        """The fixed side that describes it."""

    def seen(self, rng: np.random.Generator) -> Side:
        """A random side that faces the camera."""


@dataclass(frozen=True)
class FlatThing:
    """An outline with a surface and inner parts; all its views show the same side."""

    side: Side

    def rest(self) -> Side:
        """See `Thing`."""
        return self.side

    def seen(self, rng: np.random.Generator) -> Side:
        """See `Thing`."""
        return self.side


def random_flat_thing(rng: np.random.Generator) -> FlatThing:
    """Make a random thing from an outline or from a body with limbs."""
    outline = creature(rng) if rng.random() < 0.25 else contour(rng, radius=rng.uniform(0.6, 0.92))
    mask = filled(outline)
    albedo = random_texture(SIZE_PX, rng)
    height = domed(mask, rng.uniform(0.4, 1.5))
    for _ in range(int(rng.integers(0, 4))):
        centre = rng.uniform(-0.5, 0.5, 2)
        part = filled(contour(rng, radius=rng.uniform(0.12, 0.5)) + centre) * mask
        soft = cv2.GaussianBlur(part, (0, 0), 0.8)[..., None]
        albedo = albedo * (1 - soft) + random_texture(SIZE_PX, rng) * soft
        height = height + rng.uniform(-0.3, 0.4) * domed(part, 1.0)
    return FlatThing(
        Side(
            albedo.astype(np.float32),
            cv2.GaussianBlur(mask, (0, 0), 0.7),
            height.astype(np.float32),
            *random_finish(rng),
        )
    )


def random_finish(rng: np.random.Generator) -> tuple[float, float, float]:
    """Random gloss, metal and opacity: half of the surfaces are dull, few are metal or transparent."""
    gloss = float(rng.uniform(0, 0.8)) if rng.random() < 0.5 else 0.0
    metal = float(rng.uniform(0.4, 1)) if rng.random() < 0.1 else 0.0
    opacity = float(rng.uniform(0.35, 0.8)) if rng.random() < 0.08 else 1.0
    return gloss, metal, opacity


def contour(rng: np.random.Generator, radius: float) -> FloatImage:
    """A closed outline, float32 (N, 2) around the origin: superellipse, star, polygon or free form."""
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    kind = rng.integers(4)
    if kind == 0:
        power = rng.uniform(0.4, 4)
        r = (np.abs(np.cos(angle)) ** power + np.abs(np.sin(angle)) ** power) ** (-1 / power)
    elif kind == 1:
        rays = np.sin(angle * rng.integers(3, 9))
        r = 1 + rng.uniform(0.1, 0.5) * np.sign(rays) * np.abs(rays) ** rng.uniform(0.5, 2)
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
    points = points @ turned(rng.uniform(0, 2 * np.pi))
    return (points * radius / np.abs(points).max()).astype(np.float32)


def creature(rng: np.random.Generator) -> FloatImage:
    """A body with limbs that bend: plants, toys, animals. Its outline, float32 (N, 2) in −1..1."""
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
            cv2.line(canvas, pixel(place), pixel(end), 255, int(rng.integers(7, 13)))
            place, direction = end, direction + rng.normal(0, 0.5)
    cv2.line(canvas, (middle, middle + 25), (middle + int(rng.integers(-15, 15)), SIZE_PX), 255, int(width * 1.2))
    outlines, _ = cv2.findContours(canvas, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(outlines, key=cv2.contourArea)[:, 0].astype(np.float32)
    return largest / (SIZE_PX / 2) - 1


def pixel(point: NDArray[np.floating]) -> tuple[int, int]:
    """Round to whole pixels for the drawing functions of OpenCV."""
    return int(point[0]), int(point[1])


def turned(angle: float) -> NDArray[np.float64]:
    """The rotation matrix for an angle in radians, (2, 2)."""
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def turned_in_space(yaw: float, pitch: float) -> NDArray[np.float64]:
    """The matrix that rotates about the vertical axis, then about the horizontal one, (3, 3); angles in radians."""
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    rotation: NDArray[np.float64] = about_x @ about_y
    return rotation


def filled(outline: FloatImage) -> FloatImage:
    """The inside of an outline in −1..1 as a mask, float32 0..1 with soft edges."""
    canvas = np.zeros((SIZE_PX, SIZE_PX), np.uint8)
    pixels = ((outline + 1) * SIZE_PX / 2 * 16).astype(np.int32)
    cv2.fillPoly(canvas, [pixels], 255, cv2.LINE_AA, 4)
    return (canvas / 255).astype(np.float32)


def domed(mask: FloatImage, roundness: float) -> FloatImage:
    """A relief that rises from the rim of the mask: steep for a small roundness, like a tent at 2."""
    distance = cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    top = max(float(distance.max()), 1.0)
    return np.power(distance / top, roundness * 0.5).astype(np.float32)
