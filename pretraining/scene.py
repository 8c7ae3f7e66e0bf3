"""Photographing a thing: pose, light, shadow, background, and the faults of a camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pretraining.textures import FloatImage, nearly_plain
from pretraining.things import SIZE_PX, Side, Thing


@dataclass(frozen=True)
class View:
    """A picture, uint8 RGB (S, S, 3), and the clean thing behind it in the same pose: RGB and mask, 0..1."""

    picture: NDArray[np.uint8]
    clean: FloatImage
    mask: FloatImage


def photograph(
    thing: Thing,
    size_px: int,
    rng: np.random.Generator,
    clutter: Sequence[NDArray[np.uint8]] = (),
    *,
    plain_share: float = 0.5,
) -> View:
    """Take one picture of a thing.

    Args:
        thing: What to look at.
        size_px: Edge of the picture.
        rng: Decides side, pose, light, background and the camera's faults.
        clutter: Pictures to stand before, uint8 RGB, square; without any, backgrounds are nearly plain.
        plain_share: How often the background is nearly plain all the same.
    """
    side = thing.seen(rng)
    matrix = _pose(size_px, rng)
    lit = _lit(side, rng)
    size = (size_px, size_px)
    mask = cv2.warpPerspective(side.mask, matrix, size, flags=cv2.INTER_AREA)
    seen = cv2.warpPerspective(lit, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    clean = cv2.warpPerspective(side.albedo, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    background = _background(size_px, rng, clutter, plain_share)
    background = background * (1 - rng.uniform(0, 0.6) * _shadow(mask, rng)[..., None])
    cover = (side.opacity * mask)[..., None]
    picture = background * (1 - cover) + seen * cover
    return View(_developed(picture, rng), clean, mask)


def _background(
    size_px: int, rng: np.random.Generator, clutter: Sequence[NDArray[np.uint8]], plain_share: float
) -> FloatImage:
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
    """The clean thing in its own pose: RGB and mask, 0..1, at (size_px, size_px)."""
    size = (size_px, size_px)
    side = thing.rest()
    return (
        cv2.resize(side.albedo, size, interpolation=cv2.INTER_AREA),
        cv2.resize(side.mask, size, interpolation=cv2.INTER_AREA),
    )


def _pose(size_px: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Turn, scale, shift, tilt; a quarter are close-ups."""
    close_up = rng.random() < 0.25
    scale = (rng.uniform(1.0, 1.6) if close_up else rng.uniform(0.5, 1.0)) * size_px / SIZE_PX
    angle = rng.normal(0, 0.35) if rng.random() < 0.7 else rng.uniform(-np.pi, np.pi)
    shear, stretch = rng.normal(0, 0.12), np.exp(rng.normal(0, 0.12))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = scale * turn @ np.array([[stretch, shear], [0, 1 / stretch]])
    if rng.random() < 0.1:
        linear = linear @ np.diag([-1.0, 1.0])
    shift = size_px / 2 + rng.normal(0, 0.08 * size_px, 2) - linear @ np.full(2, SIZE_PX / 2)
    matrix = np.eye(3)
    matrix[:2, :2], matrix[:2, 2] = linear, shift
    tilt = np.eye(3)
    tilt[2, :2] = rng.normal(0, 0.0012 * 96 / size_px, 2)
    to_middle, back = np.eye(3), np.eye(3)
    to_middle[:2, 2], back[:2, 2] = -size_px / 2, size_px / 2
    return back @ tilt @ to_middle @ matrix


def _lit(side: Side, rng: np.random.Generator) -> FloatImage:
    """Lambert's law on the height map's normals, a highlight, some ambient light; metal mirrors a striped room."""
    relief = cv2.GaussianBlur(side.height, (0, 0), 2.0)
    depth = rng.uniform(4, 18)
    slope_x = cv2.Sobel(relief, cv2.CV_32F, 1, 0, ksize=3) * depth / 8
    slope_y = cv2.Sobel(relief, cv2.CV_32F, 0, 1, ksize=3) * depth / 8
    length = np.sqrt(slope_x**2 + slope_y**2 + 1)
    angle, lift = rng.uniform(0, 2 * np.pi), rng.uniform(0.5, 1.3)
    light = np.array([np.cos(angle) * np.cos(lift), np.sin(angle) * np.cos(lift), np.sin(lift)])
    facing = np.clip((-slope_x * light[0] - slope_y * light[1] + light[2]) / length, 0, 1)
    ambient = rng.uniform(0.3, 0.8)
    shade = ambient + (1 - ambient) * facing / light[2]
    highlight = side.gloss * facing ** rng.uniform(10, 60)
    colour = side.albedo * shade[..., None]
    if side.metal:
        room = cv2.GaussianBlur(rng.uniform(0.1, 1.5, (1, 256)).astype(np.float32), (0, 0), rng.uniform(8, 30))
        bent = np.tanh(slope_y + rng.normal(0, 0.7) * slope_x) * 127 + 128
        colour = colour * (1 - side.metal * (1 - (room[0] / room.mean())[bent.astype(int)]))[..., None]
    return np.clip(colour + highlight[..., None], 0, 1.5).astype(np.float32)


def _shadow(mask: FloatImage, rng: np.random.Generator) -> FloatImage:
    shift = np.float32([[1, 0, rng.normal(0, 5)], [0, 1, rng.normal(2, 5)]])
    moved = cv2.warpAffine(mask, shift, mask.shape[::-1])
    return cv2.GaussianBlur(moved, (0, 0), rng.uniform(1, 7))


def _developed(picture: FloatImage, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Exposure ±0.5 EV, white balance 7 %, contrast, blur, sensor noise."""
    contrast = rng.uniform(0.8, 1.15)
    gain = contrast * 2 ** rng.uniform(-0.5, 0.5) * (1 + rng.normal(0, 0.07, 3))
    picture = picture.astype(np.float32) * gain.astype(np.float32) + np.float32(0.5 * (1 - contrast))
    if rng.random() < 0.6:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.1))
    picture += np.float32(rng.uniform(0, 0.03)) * rng.standard_normal(picture.shape, np.float32)
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
