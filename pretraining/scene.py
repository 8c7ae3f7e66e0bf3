"""Photograph a thing: pose, light, shadow and background; `camera` adds the faults of a camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pretraining.camera import STUDIO, Conditions, developed, lamp
from pretraining.textures import FloatImage, nearly_plain
from pretraining.things import SIZE_PX, Side, Thing, turned

CLEAN_PX, CLEAN_SIZE = 64, 0.8  # edge of a picture of the clean thing, and the thing's frame in it
FARTHEST = 0.38  # of a thing's middle from that of the picture, in edges; so it is never wholly outside


@dataclass(frozen=True)
class View:
    """A picture of a thing.

    Attributes:
        picture: RGB uint8 (S, S, 3).
        mask: Where the thing is in the picture, 0..1, float32 (S, S).
        clean: The clean thing, turned as in the picture: RGB and mask, float32 0..1, edge CLEAN_PX. It is in the middle
            and of one size wherever the picture shows it, and as near as in a close-up.
        side: The side that faces the camera.
    """

    picture: NDArray[np.uint8]
    mask: FloatImage
    clean: tuple[FloatImage, FloatImage]
    side: Side


def photograph(
    thing: Thing,
    size_px: int,
    rng: np.random.Generator,
    clutter: Sequence[NDArray[np.uint8]] = (),
    *,
    plain_share: float = 0.5,
    behind: FloatImage | None = None,
    before: Thing | None = None,
    close_ups: float = 0.25,
    conditions: Conditions = STUDIO,
) -> View:
    """Take one picture of a thing.

    Args:
        thing: The thing.
        size_px: Edge of the picture.
        rng: Decides side, pose, light, background and the camera's faults.
        clutter: Background pictures, uint8 RGB, square; without any, backgrounds are nearly plain.
        plain_share: Share of nearly plain backgrounds with `clutter`.
        behind: A given background, RGB in 0..1, (size_px, size_px, 3).
        before: A thing that covers a part of the picture's rim, such as a hand.
        close_ups: Share of close-up pictures.
        conditions: The light, and the sizes and places of things.
    """
    side = thing.seen(rng)
    pose = _random_pose(rng, close_ups, conditions)
    background = backdrop(size_px, rng, clutter, plain_share) if behind is None else behind
    picture, mask = _placed(side, pose.matrix(size_px), background, rng, conditions.mixed_light)
    if before is not None:
        picture, _ = _placed(before.seen(rng), _at_the_rim(size_px, rng), picture, rng, conditions.mixed_light)
    return View(developed(picture, rng, conditions), mask, _clean(side, pose.in_the_middle()), side)


def _clean(side: Side, pose: _Pose) -> tuple[FloatImage, FloatImage]:
    """The clean side and its mask, both with edge CLEAN_PX."""
    size, half = (CLEAN_PX, CLEAN_PX), SIZE_PX // CLEAN_PX
    matrix = pose.matrix(CLEAN_PX) @ np.diag([half, half, 1.0])
    small = (cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in (side.albedo, side.mask))
    edges = (cv2.BORDER_REPLICATE, cv2.BORDER_CONSTANT)
    albedo, mask = (
        cv2.warpPerspective(part, matrix, size, flags=cv2.INTER_LINEAR, borderMode=edge)
        for part, edge in zip(small, edges, strict=True)
    )
    return albedo, mask


def _placed(
    side: Side,
    matrix: NDArray[np.float64],
    background: FloatImage,
    rng: np.random.Generator,
    mixed_light: float = 0.0,
) -> tuple[FloatImage, FloatImage]:
    """Light a side and draw it and its shadow over a background; returns the picture and the mask."""
    size_px = len(background)
    lit = _lit(side, rng, mixed_light)
    size = (size_px, size_px)
    mask = cv2.warpPerspective(side.mask, matrix, size, flags=cv2.INTER_AREA)
    seen = cv2.warpPerspective(lit, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    shaded = background * _rgb(1 - rng.uniform(0, 0.6) * _shadow(mask, rng))
    cover = mask
    if side.opacity < 1:  # light passes the rim of a curved wall at an angle: the rim is less clear and refracts more
        height = cv2.GaussianBlur(cv2.warpPerspective(side.height, matrix, size), (0, 0), 2.0)
        rim = np.clip(1.5 - height / max(float(height.max()), 1e-3) * 1.5, 0, 1) ** 2
        cover = mask * (side.opacity + (1 - side.opacity) * rim)
        shaded = shaded + mask[..., None] * (_refracted(shaded, height, rng.uniform(0, 30)) - shaded)
    seen -= shaded
    return shaded + _rgb(cover) * seen, mask


def _rgb(grey: FloatImage) -> FloatImage:
    """The same values in three channels: multiplying equal shapes is faster."""
    return cv2.cvtColor(grey.astype(np.float32, copy=False), cv2.COLOR_GRAY2RGB)


def placed_anywhere(thing: Thing, picture: FloatImage, rng: np.random.Generator) -> FloatImage:
    """Draw a thing at a random place of a picture, RGB in 0..1, (S, S, 3)."""
    size_px = len(picture)
    scale, turn = rng.uniform(0.25, 0.9) * size_px / SIZE_PX, rng.normal(0, 0.6)
    return _placed(thing.seen(rng), _similarity(scale, turn, rng.uniform(0, size_px, 2)), picture, rng)[0]


def _refracted(background: FloatImage, height: FloatImage, strength_px: float) -> FloatImage:
    size_px = len(height)
    down, across = np.mgrid[0:size_px, 0:size_px].astype(np.float32)
    slope_x, slope_y = (cv2.Sobel(height, cv2.CV_32F, *order, ksize=3) for order in ((1, 0), (0, 1)))
    bent = (across + strength_px * slope_x).astype(np.float32), (down + strength_px * slope_y).astype(np.float32)
    return cv2.remap(background.astype(np.float32), *bent, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def backdrop(
    size_px: int, rng: np.random.Generator, clutter: Sequence[NDArray[np.uint8]], plain_share: float
) -> FloatImage:
    """A background, RGB in 0..1: nearly plain, or a piece of one of the pictures in `clutter`."""
    if not clutter or rng.random() < plain_share:
        return nearly_plain(size_px, rng)
    picture = clutter[int(rng.integers(len(clutter)))]
    zoom, angle = rng.uniform(0.8, 2.5) * size_px / len(picture), rng.uniform(0, 360)
    middle = len(picture) / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), angle, zoom)
    matrix[:, 2] += size_px / 2 - middle + rng.normal(0, 0.3 * size_px, 2)
    enlarged = cv2.warpAffine(picture, matrix, (size_px, size_px), borderMode=cv2.BORDER_REFLECT_101)
    if rng.random() < 0.5:
        enlarged = cv2.GaussianBlur(enlarged, (0, 0), rng.uniform(0.5, 2.5))
    return (enlarged / np.float32(255)).astype(np.float32)


def canonical(thing: Thing, size_px: int) -> tuple[FloatImage, FloatImage]:
    """The clean thing in its pose at rest: RGB and mask, 0..1, (size_px, size_px)."""
    size = (size_px, size_px)
    side = thing.rest()
    return (
        cv2.resize(side.albedo, size, interpolation=cv2.INTER_AREA),
        cv2.resize(side.mask, size, interpolation=cv2.INTER_AREA),
    )


@dataclass(frozen=True)
class _Pose:
    """Where a thing is in a picture; lengths are in edges of the picture.

    Attributes:
        size: Edge of its frame.
        linear: Rotation, shear and stretch, float64 (2, 2).
        shift: Of its middle from that of the picture, float64 (2,).
        tilt: Perspective, float64 (2,).
    """

    size: float
    linear: NDArray[np.float64]
    shift: NDArray[np.float64]
    tilt: NDArray[np.float64]

    def in_the_middle(self) -> _Pose:
        """The same pose at one size in the middle; a close-up keeps its size and, the nearer it is, its place."""
        kept = min(max(0.0, self.size / CLEAN_SIZE - 1), 1.0)
        return _Pose(max(self.size, CLEAN_SIZE), self.linear, kept * self.shift, self.tilt)

    def matrix(self, size_px: int) -> NDArray[np.float64]:
        """The matrix from the pixels of a side to those of a picture, (3, 3)."""
        linear = self.size * size_px / SIZE_PX * self.linear
        matrix = np.eye(3)
        matrix[:2, :2] = linear
        matrix[:2, 2] = size_px * (0.5 + self.shift) - linear @ np.full(2, SIZE_PX / 2)
        tilt = np.eye(3)
        tilt[2, :2] = self.tilt / size_px
        to_middle, back = np.eye(3), np.eye(3)
        to_middle[:2, 2], back[:2, 2] = -size_px / 2, size_px / 2
        placed: NDArray[np.float64] = back @ tilt @ to_middle @ matrix
        return placed


def _random_pose(rng: np.random.Generator, close_ups: float, conditions: Conditions) -> _Pose:
    """A random rotation, size, place and tilt."""
    close_up = rng.random() < close_ups
    size = rng.uniform(1.0, 1.6) if close_up else rng.uniform(*conditions.sizes)
    angle = rng.normal(0, 0.35) if rng.random() < 0.7 else rng.uniform(-np.pi, np.pi)
    shear, stretch = rng.normal(0, 0.12), np.exp(rng.normal(0, 0.12))
    linear = turned(angle) @ np.array([[stretch, shear], [0, 1 / stretch]])
    if rng.random() < 0.1:
        linear = linear @ np.diag([-1.0, 1.0])
    shift = rng.normal(0, conditions.shift, 2).clip(-FARTHEST, FARTHEST)
    return _Pose(size, linear, shift, rng.normal(0, 0.115, 2))


def _at_the_rim(size_px: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A pose half outside the picture; half of the time at its lower edge."""
    angle = np.pi / 2 + rng.normal(0, 0.5) if rng.random() < 0.5 else rng.uniform(0, 2 * np.pi)
    middle = size_px / 2 + rng.uniform(0.42, 0.6) * size_px * np.array([np.cos(angle), np.sin(angle)])
    return _similarity(rng.uniform(0.4, 0.8) * size_px / SIZE_PX, rng.normal(0, 0.6), middle)


def _similarity(scale: float, turn: float, middle: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrix that scales and turns a side and moves its middle to `middle`."""
    matrix = np.eye(3)
    matrix[:2, :2] = scale * turned(turn)
    matrix[:2, 2] = middle - matrix[:2, :2] @ np.full(2, SIZE_PX / 2)
    return matrix


def _lit(side: Side, rng: np.random.Generator, mixed_light: float = 0.0) -> FloatImage:
    """Light a side: Lambert's law on the normals of its relief, a highlight, ambient light; metal reflects.

    With `mixed_light`, half of the lamps have another colour than the ambient light: see `Conditions`.
    """
    relief = cv2.GaussianBlur(side.height, (0, 0), 2.0)
    depth = rng.uniform(4, 18)
    slope_x = cv2.Sobel(relief, cv2.CV_32F, 1, 0, ksize=3) * depth / 8
    slope_y = cv2.Sobel(relief, cv2.CV_32F, 0, 1, ksize=3) * depth / 8
    length = np.sqrt(slope_x**2 + slope_y**2 + 1)
    angle, lift = rng.uniform(0, 2 * np.pi), rng.uniform(0.5, 1.3)
    light = float(np.cos(angle) * np.cos(lift)), float(np.sin(angle) * np.cos(lift)), float(np.sin(lift))
    facing = np.clip((-slope_x * light[0] - slope_y * light[1] + light[2]) / length, 0, 1)
    ambient = rng.uniform(0.3, 0.8)
    shade = ambient + (1 - ambient) * facing / light[2]
    narrow = float(rng.uniform(10, 60))
    if mixed_light and rng.random() < 0.5:
        colour = side.albedo * (np.float32(ambient) + _rgb(shade - ambient) * lamp(rng, mixed_light))
    else:
        colour = side.albedo * _rgb(shade)
    if side.metal:
        room = cv2.GaussianBlur(rng.uniform(0.1, 1.5, (1, 256)).astype(np.float32), (0, 0), rng.uniform(8, 30))
        bent = np.tanh(slope_y + rng.normal(0, 0.7) * slope_x) * 127 + 128
        colour = colour * (1 - side.metal * (1 - (room[0] / room.mean())[bent.astype(int)]))[..., None]
    if side.gloss:
        colour = colour + _rgb(side.gloss * cv2.pow(facing, narrow))
    return np.clip(colour, 0, 1.5).astype(np.float32, copy=False)


def _shadow(mask: FloatImage, rng: np.random.Generator) -> FloatImage:
    shift = np.float32([[1, 0, rng.normal(0, 5)], [0, 1, rng.normal(2, 5)]])
    moved = cv2.warpAffine(mask, shift, mask.shape[::-1])
    return cv2.GaussianBlur(moved, (0, 0), rng.uniform(1, 7))
