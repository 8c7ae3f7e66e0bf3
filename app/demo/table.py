"""Render a thing on a wooden table: shading, shadow, and the noise of a camera's sensor."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from app.base.ports import ImageArray
from app.demo.rendered_things import SIZE_PX, RenderedThing

NOISE_MARGIN_PX = 64


@dataclass(frozen=True)
class View:
    """How a thing lies on the table, and the light on it.

    Attributes:
        x, y: Its centre, as fractions of the picture's width and height.
        angle: In radians.
        size: As a fraction of the picture's height.
        light: Direction of the light, in radians.
        brightness: Gain of the picture; 1 changes nothing.
    """

    x: float
    y: float
    angle: float
    size: float
    light: float
    brightness: float


def swayed(view: View, now_s: float) -> View:
    """Move a view a little, as a hand that holds a thing does; `now_s` in seconds."""
    return replace(
        view,
        x=view.x + 0.012 * np.sin(1.3 * now_s),
        y=view.y + 0.01 * np.sin(1.7 * now_s + 1),
        angle=view.angle + 0.05 * np.sin(0.9 * now_s),
        light=view.light + 0.3 * now_s,
    )


def lay_down(picture: ImageArray, thing: RenderedThing, view: View) -> None:
    """Draw a thing and its shadow into a picture, in place; only the rectangle around them is computed."""
    height, width = picture.shape[:2]
    scale = view.size * height / SIZE_PX
    cos, sin = scale * np.cos(view.angle), scale * np.sin(view.angle)
    middle = SIZE_PX / 2
    x, y = view.x * width, view.y * height
    matrix = np.array([[cos, -sin, x - cos * middle + sin * middle], [sin, cos, y - sin * middle - cos * middle]])
    reach = int(scale * SIZE_PX * 0.75) + 12
    left, top = max(0, int(x) - reach), max(0, int(y) - reach)
    right, bottom = min(width, int(x) + reach), min(height, int(y) + reach)
    matrix[:, 2] -= (left, top)
    size = (right - left, bottom - top)
    seen = cv2.warpAffine(_lit(thing, view), matrix, size, flags=cv2.INTER_LINEAR)
    mask = cv2.warpAffine(thing.mask, matrix, size, flags=cv2.INTER_LINEAR)
    shadow = _shadow(thing, matrix, view.light, size)
    area = picture[top:bottom, left:right]
    cv2.blendLinear(area, np.zeros_like(seen), 1 - shadow, shadow, area)
    cv2.blendLinear(seen, area, mask, 1 - mask, area)


def _shadow(
    thing: RenderedThing, matrix: NDArray[np.float64], light: float, size: tuple[int, int]
) -> NDArray[np.float32]:
    """The share of the light that the thing takes from the table, 0..1, (H, W); soft, so computed at a quarter size."""
    shift = matrix.copy()
    shift[:, 2] += (-10 * np.cos(light), 8 - 8 * np.sin(light))
    small = (max(1, size[0] // 4), max(1, size[1] // 4))
    quarter = cv2.warpAffine(thing.mask, shift / 4, small, flags=cv2.INTER_AREA)
    soft = cv2.resize(cv2.GaussianBlur(quarter, (0, 0), 3.0), size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(0.5 * soft, np.float32)


def _lit(thing: RenderedThing, view: View) -> ImageArray:
    """The thing's picture in the light of a view: Lambert's shading with a highlight. Source: Blinn, 1977."""
    angle = view.light - view.angle
    direction = np.array([0.55 * np.cos(angle), 0.55 * np.sin(angle), 0.83], np.float32)
    facing = np.clip(cv2.transform(thing.normals, direction[np.newaxis]), 0, 1)
    eighth = np.square(np.square(np.square(facing)))
    gain, highlight = 255 * (0.4 + 0.65 * facing), thing.gloss * 150 * eighth * np.square(eighth)
    shaded = cv2.multiply(thing.albedo, cv2.merge([gain] * 3))
    return np.asarray(cv2.add(shaded, cv2.merge([highlight] * 3), dtype=cv2.CV_8U), np.uint8)


def wooden_table(size_px: tuple[int, int], rng: np.random.Generator) -> ImageArray:
    """A picture of a table of pale wooden planks, darker towards the corners: RGB, uint8, (H, W, 3)."""
    height = size_px[1]
    grain = cv2.resize(rng.normal(0, 1, (height, 12)).astype(np.float32), size_px, interpolation=cv2.INTER_CUBIC)
    rings = np.sin(np.linspace(0, 60, height)[:, np.newaxis] + 2.5 * cv2.GaussianBlur(grain, (0, 0), 9))
    tone = 0.5 + 0.12 * rings + 0.05 * grain
    plank = np.arange(height) * 4 // height
    tone += rng.uniform(-0.12, 0.12, 4)[plank][:, np.newaxis]
    dark, pale = np.array([150, 112, 78]), np.array([206, 172, 130])
    wood = dark + (pale - dark) * np.clip(tone, 0, 1)[..., np.newaxis]
    seam = np.flatnonzero(np.diff(plank))
    wood[seam] *= 0.6
    wood[seam + 1] *= 0.8
    planks = cv2.GaussianBlur(wood.astype(np.float32), (0, 0), 0.8) * _vignette(size_px)
    return np.asarray(np.clip(np.rint(planks), 0, 255), np.uint8)


def checked_cloth(size_px: tuple[int, int], rng: np.random.Generator) -> ImageArray:
    """A picture of a table cloth with blue and white checks, darker towards the corners: RGB, uint8, (H, W, 3)."""
    width, height = size_px
    edge = height / 7
    stripes = [(np.arange(length) // edge).astype(int) % 2 for length in (height, width)]
    dyed = stripes[0][:, np.newaxis] + stripes[1][np.newaxis]
    threads = rng.normal(0, 6, (height, width, 1))
    colours = np.array([(236, 236, 230), (104, 138, 206), (38, 70, 160)], np.float32)
    cloth = cv2.GaussianBlur((colours[dyed] + threads).astype(np.float32), (0, 0), 0.8) * _vignette(size_px)
    return np.asarray(np.clip(np.rint(cloth), 0, 255), np.uint8)


def _vignette(size_px: tuple[int, int]) -> NDArray[np.float32]:
    """Brightness of a picture that darkens towards the corners: float32, (H, W, 1)."""
    x = np.linspace(-1, 1, size_px[0], dtype=np.float32)[np.newaxis]
    y = np.linspace(-1, 1, size_px[1], dtype=np.float32)[:, np.newaxis]
    return np.asarray(1 - 0.18 * (x**2 + y**2), np.float32)[..., np.newaxis]


def sensor_noise(size_px: tuple[int, int], rng: np.random.Generator) -> tuple[ImageArray, ImageArray]:
    """The noise to add to a picture and to subtract from it, uint8.

    Both are NOISE_MARGIN_PX larger than a picture, so that every frame can take another part of them.
    """
    shape = (size_px[1] + NOISE_MARGIN_PX, size_px[0] + NOISE_MARGIN_PX, 1)
    grain = np.clip(np.rint(rng.normal(0, 2.0, shape)), -8, 8).repeat(3, axis=2)
    return np.maximum(grain, 0).astype(np.uint8), np.maximum(-grain, 0).astype(np.uint8)
