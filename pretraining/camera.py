"""How a picture is taken: where the thing stands, what light falls on it, and the faults of the camera.

`STUDIO` is even light on a thing near the middle. The bank and some rendered measurements keep to it, so that they stay
comparable. `ANYWHERE` is what a webcam on any desk sees, and what the network trains on.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pretraining.textures import FloatImage

MOTION_SHARE, MOTION = 0.15, (0.02, 0.09)  # of the pictures; length of the smear, of the picture's edge
JPEG_SHARE, JPEG_QUALITY = 0.4, (25, 90)
SHARPENED_SHARE = 0.2
TINT = 0.05  # deviation of the logarithm of green against red and blue
SHADE = 0.12  # deviation of the logarithm of the light between the corners of a picture

_NOISE = np.random.default_rng(0).standard_normal(2**20, np.float32)  # pictures take it from random places: it is fast


@dataclass(frozen=True)
class Conditions:
    """How pictures are taken.

    Attributes:
        sizes: Smallest and largest edge of a thing's frame in pictures that are no close-ups, in edges of the picture.
        shift: Standard deviation of the place of its middle, in edges of the picture.
        white_balance: Standard deviation of the logarithm of red against blue, as between lamps of different colour
            temperature. 0: each channel varies by 7 % on its own.
        mixed_light: The same between the light from one side and the light from all around, and between the corners
            of a picture; half of the pictures have it.
        webcam: Whether pictures are also smeared, sharpened, compressed, and of other saturation.
    """

    sizes: tuple[float, float] = (0.5, 1.0)
    shift: float = 0.08
    white_balance: float = 0.0
    mixed_light: float = 0.0
    webcam: bool = False


STUDIO = Conditions()
ANYWHERE = Conditions(sizes=(0.3, 1.0), shift=0.17, white_balance=0.18, mixed_light=0.15, webcam=True)


def lamp(rng: np.random.Generator, deviation: float) -> FloatImage:
    """The gains of red, green and blue in the light of another lamp, float32 (3,): warm or cool, with a slight tint."""
    warm, green = rng.normal(0, deviation), rng.normal(0, TINT * deviation / 0.18)
    return np.exp(np.array([warm, green, -warm])).astype(np.float32)


def developed(picture: FloatImage, rng: np.random.Generator, conditions: Conditions) -> NDArray[np.uint8]:
    """Add the faults of a camera to a picture, RGB in 0..1; returns uint8."""
    if conditions.webcam:
        return _webcam(picture, rng, conditions)
    contrast = rng.uniform(0.8, 1.15)
    gain = contrast * 2 ** rng.uniform(-0.5, 0.5) * (1 + rng.normal(0, 0.07, 3))
    picture = picture.astype(np.float32) * gain.astype(np.float32) + np.float32(0.5 * (1 - contrast))
    if rng.random() < 0.6:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.1))
    picture += np.float32(rng.uniform(0, 0.03)) * rng.standard_normal(picture.shape, np.float32)
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)


def _webcam(picture: FloatImage, rng: np.random.Generator, conditions: Conditions) -> NDArray[np.uint8]:
    """Exposure ±0.6 EV, white balance, contrast and saturation, then smear, blur or sharpening, noise and JPEG."""
    size_px = len(picture)
    contrast, saturation = rng.uniform(0.75, 1.15), rng.uniform(0.7, 1.2)
    gain = contrast * 2 ** rng.uniform(-0.6, 0.6) * lamp(rng, conditions.white_balance)
    picture = picture.astype(np.float32, copy=False)
    if rng.random() < 0.5:  # lamps of other colours: the gains differ from corner to corner
        corners = np.stack([lamp(rng, conditions.mixed_light) for _ in range(4)]).reshape(2, 2, 3)
        corners *= np.exp(rng.normal(0, SHADE, (2, 2, 1))).astype(np.float32)
        picture = picture * (gain * cv2.resize(corners, (size_px, size_px)))
    else:
        picture = picture * gain
    picture = cv2.transform(picture, _saturating(saturation))
    picture += np.float32(0.5 * (1 - contrast))
    if rng.random() < MOTION_SHARE:
        picture = cv2.filter2D(picture, -1, _smear(rng.uniform(*MOTION) * size_px, rng.uniform(0, np.pi)))
    fault = rng.random()
    if fault < 0.6:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.1))
    elif fault < 0.6 + SHARPENED_SHARE:
        strength = rng.uniform(0.2, 1.0)
        picture = cv2.addWeighted(picture, 1 + strength, cv2.GaussianBlur(picture, (0, 0), 1.0), -strength, 0)
    start = int(rng.integers(len(_NOISE) - picture.size))
    picture += np.float32(rng.uniform(0, 0.045)) * _NOISE[start : start + picture.size].reshape(picture.shape)
    pixels = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    if rng.random() < JPEG_SHARE:
        quality = int(rng.integers(*JPEG_QUALITY))
        bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
        written = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        pixels = np.asarray(cv2.cvtColor(cv2.imdecode(written, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), np.uint8)
    return pixels


def _saturating(saturation: float) -> FloatImage:
    """The matrix that moves colours away from grey (above 1) or towards it, (3, 3)."""
    grey = np.array([0.299, 0.587, 0.114])
    return (saturation * np.eye(3) + (1 - saturation) * grey[np.newaxis]).astype(np.float32)


def _smear(length_px: float, angle: float) -> FloatImage:
    """The kernel of a straight movement while the picture was exposed; it sums to 1."""
    reach = int(np.ceil(length_px / 2))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.uint8)
    half = length_px / 2 * 16 * np.array([np.cos(angle), np.sin(angle)])
    ends = (np.rint(16 * reach + sign * half).astype(int) for sign in (-1, 1))
    start, end = (tuple(map(int, point)) for point in ends)
    cv2.line(kernel, start, end, 255, 1, cv2.LINE_AA, 4)
    return (kernel / max(float(kernel.sum()), 1.0)).astype(np.float32)
