"""Made views: copies of a picture that are moved, turned, scaled, tilted, lit and blurred as a hand and a room do it.

A thing that was taught in one hold was seen from one side only. Made views show how much other pictures of it may
differ. Their ranges are wider than the movements of a hand, because what they do not cover is refused later. A third
of the views are near: they show what a hand changes. The others are far: they also show the thing at the rim of the
picture or under another lamp, and farther away or nearer to the camera, equally often. Near views alone let the kiosk
refuse things that come smaller; far views alone blur what the classes differ in (`benchmarks/photographs.py --views`,
docs/model.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

import cv2
import numpy as np

from tpu.tensors import FloatArray, ImageArray, centre_crop

VIEW_PX = 224  # edge of a made view: the input size of the largest common extractors
GAMMA_SIGMA = 0.05  # of the tone curve
RED_TO_BLUE = np.array([1.0, 0.0, -1.0])  # how a lamp of another colour changes the channels
TILT_SIGMA = 0.10  # perspective: how much nearer one edge is than the middle
BLUR_PX, BLURRED_SHARE = 4, 0.5  # longest motion blur, and the share of views that have one
BORDERS = (cv2.BORDER_REFLECT_101, cv2.BORDER_REPLICATE)  # what fills the area beyond the picture, equally often
NOISE_SIGMA = 1.5  # grey levels
BANK_VIEWS = 2  # of each picture of the bank


class Ranges(NamedTuple):
    """How far views differ from their picture.

    Attributes:
        turn_deg: At most, in both directions.
        shift: At most, in both directions, as a share of the edge.
        sizes: Smallest and largest factor of the size.
        by_ratio: Whether equal ratios of size are equally likely, instead of equal differences.
        light: Largest change of all pixels, in both directions.
        gain_sigma: Of each channel.
        lamp_sigma: Of the logarithm of red against blue.
    """

    turn_deg: float
    shift: float
    sizes: tuple[float, float]
    by_ratio: bool
    light: float
    gain_sigma: float
    lamp_sigma: float = 0.0


NEAR = Ranges(24.0, 0.14, (0.7, 1.3), False, 0.20, 0.08)
SMALLER = Ranges(15.0, 0.22, (0.5, 1.0), True, 0.30, 0.05, 0.18)
LARGER = SMALLER._replace(sizes=(1.0, 1.8))
KINDS = (NEAR, SMALLER, LARGER)  # in turn, so that few views of a picture are of all kinds


def made_views(picture: ImageArray, count: int, rng: np.random.Generator) -> list[ImageArray]:
    """Make views of a picture.

    Args:
        picture: RGB, uint8, (H, W, 3). What lies beside its centre square appears in views that are moved.
        count: Number of views.
        rng: Chooses all changes; the same state makes the same views.

    Returns:
        Views of the centre square, RGB, uint8, (VIEW_PX, VIEW_PX, 3) each.
    """
    return list(islice(endless_views(picture, rng), count))


def endless_views(picture: ImageArray, rng: np.random.Generator) -> Iterator[ImageArray]:
    """Make the views of `made_views` one by one, as many as are taken."""
    picture, ratio = _reduced(picture)
    number = int(rng.integers(len(KINDS)))
    while True:
        yield _made(picture, ratio, KINDS[number % len(KINDS)], rng)
        number += 1


def near_views(picture: ImageArray, count: int, rng: np.random.Generator) -> list[ImageArray]:
    """Make views as `made_views` does, but only near ones: the scatter that the prior of an extractor describes."""
    picture, ratio = _reduced(picture)
    return [_made(picture, ratio, NEAR, rng) for _ in range(count)]


def quarter_turns(picture: ImageArray) -> list[ImageArray]:
    """Turn the centre square of a picture by 90, 180 and 270 degrees; its pixels stay as they are.

    So look things that lie in any direction, such as coins, and they keep their size.

    Args:
        picture: RGB, uint8, (H, W, 3).
    """
    square = centre_crop(picture)
    return [np.ascontiguousarray(np.rot90(square, turns)) for turns in (1, 2, 3)]


class PictureBank:
    """Pictures of things that nobody teaches, compressed in memory and decoded one by one.

    Args:
        path: A zip archive of JPEG files.

    Raises:
        OSError, zipfile.BadZipFile: If the archive is missing or damaged.
    """

    def __init__(self, path: Path) -> None:
        with ZipFile(path) as archive:
            self._files = [archive.read(name) for name in sorted(archive.namelist())]

    def __len__(self) -> int:
        return len(self._files)

    def picture(self, number: int) -> ImageArray:
        """Decode a picture, counted from 0 in the order of the names: RGB, uint8, (H, W, 3)."""
        return np.asarray(cv2.imdecode(np.frombuffer(self._files[number], np.uint8), cv2.IMREAD_COLOR_RGB), np.uint8)

    def embedded(self, number: int, embed: Callable[[ImageArray], FloatArray]) -> FloatArray:
        """Embed a picture and BANK_VIEWS near views of it, which are always the same.

        Returns:
            The embedding of the picture, and behind it those of the views: float32 (1 + BANK_VIEWS, D).
        """
        picture = self.picture(number)
        views = near_views(picture, BANK_VIEWS, np.random.default_rng(number))
        return np.stack([embed(image) for image in (picture, *views)])


def embedded_bank(bank: PictureBank, embed: Callable[[ImageArray], FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Embed all pictures of a bank, and made views of them.

    Returns:
        The arguments of `learning.view_prior.measure_prior`: embeddings of the pictures, float32 (B, D), and of their
        views, float32 (B, BANK_VIEWS, D).
    """
    rows = np.stack([bank.embedded(number, embed) for number in range(len(bank))])
    return rows[:, 0], rows[:, 1:]


def _reduced(picture: ImageArray) -> tuple[ImageArray, float]:
    """Reduce a large picture to the size of its views; also returns VIEW_PX over its shorter edge."""
    shorter = min(picture.shape[:2])
    ratio = VIEW_PX / shorter
    if ratio < 1:  # average areas first: warping alone would alias
        width, height = (max(VIEW_PX, round(edge * ratio)) for edge in picture.shape[1::-1])
        picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        ratio = 1.0
    return picture, ratio


def _made(picture: ImageArray, ratio: float, ranges: Ranges, rng: np.random.Generator) -> ImageArray:
    """Return one view; `ratio` is VIEW_PX over the shorter edge of the picture."""
    middle = (VIEW_PX - 1) / 2
    turn, scale = rng.uniform(-ranges.turn_deg, ranges.turn_deg), ratio * _size(ranges, rng)
    centre = ((picture.shape[1] - 1) / 2, (picture.shape[0] - 1) / 2)
    matrix = np.eye(3)
    matrix[:2] = cv2.getRotationMatrix2D(centre, turn, scale)
    matrix[:2, 2] += middle - np.array(centre) + rng.uniform(-ranges.shift, ranges.shift, 2) * VIEW_PX
    tilt, to_centre, from_centre = np.eye(3), np.eye(3), np.eye(3)
    tilt[2, :2] = rng.normal(0, TILT_SIGMA, 2) / VIEW_PX
    to_centre[:2, 2], from_centre[:2, 2] = -middle, middle
    view = cv2.warpPerspective(
        picture,
        from_centre @ tilt @ to_centre @ matrix,
        (VIEW_PX, VIEW_PX),
        borderMode=BORDERS[rng.integers(len(BORDERS))],
    )
    if rng.random() < BLURRED_SHARE:
        view = cv2.filter2D(view, -1, _motion_blur(rng))
    tones = np.linspace(0, 1, 256, dtype=np.float32) ** np.exp(rng.normal(0, GAMMA_SIGMA))
    lamp = np.exp(rng.normal(0, ranges.lamp_sigma / 2) * RED_TO_BLUE) if ranges.lamp_sigma else 1.0
    gains = (1 + rng.uniform(-ranges.light, ranges.light)) * (1 + rng.normal(0, ranges.gain_sigma, 3)) * lamp
    curves = np.clip(255 * tones[:, np.newaxis] * gains, 0, 255)
    lit = cv2.LUT(view, curves[np.newaxis].astype(np.float32))
    noisy = lit + np.float32(NOISE_SIGMA) * rng.standard_normal(lit.shape, np.float32)
    return np.asarray(np.clip(noisy + 0.5, 0, 255), np.uint8)


def _size(ranges: Ranges, rng: np.random.Generator) -> float:
    """Return the factor of the size of a view."""
    if ranges.by_ratio:
        return float(np.exp(rng.uniform(*np.log(ranges.sizes))))
    return float(rng.uniform(*ranges.sizes))


def _motion_blur(rng: np.random.Generator) -> FloatArray:
    """Return the kernel of a motion blur along a straight line: float32 with the sum 1."""
    length, angle = rng.uniform(2, BLUR_PX), rng.uniform(0, np.pi)
    kernel = np.zeros((2 * BLUR_PX + 1,) * 2, np.float32)
    reach = length / 2 * np.array([np.cos(angle), np.sin(angle)])
    ends = [tuple(round(value) for value in BLUR_PX + side * reach) for side in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0)
    return np.asarray(kernel / kernel.sum(), np.float32)
