"""Simulated stations: what each sees of the same eight things, by its own light, its own camera and its own habits.

Every sample is a picture of its own: rendered, spoiled by the station's camera, compressed as JPEG, decoded, embedded.
Four of the things are the demonstration's; the other four have the same shapes in slightly other colours, so a wrong
white balance can make one look like the other. People also press the wrong button now and then. So no model can be
right everywhere, and a model that knows other stations only is right less often than at home.

Rendering takes most of the time, so it is done in parts that can be stopped at any time: see `generate`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from app.demo.rendered_things import KINDS, RenderedThing, rendered_thing
from app.demo.table import View, checked_cloth, lay_down, swayed, wooden_table
from tpu.extractor import EmbeddingExtractor
from tpu.tensors import ImageArray, centre_crop

SIZE_PX = (320, 240)
HUE_SHIFT = 9  # of 180, between a thing and its variant
THINGS = (*KINDS, *(f"other {kind}" for kind in KINDS))
FRESH = 10_000  # the number of the first station that no hub knows
SKIN = np.array([(226, 178, 148), (150, 102, 74), (92, 60, 44)], np.float32)
FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Station:
    """One station.

    Attributes:
        gains: Of red, green and blue: the colour of the light and the camera's white balance.
        gamma: Of the camera.
        blur_px: Standard deviation of the blur.
        grain: Standard deviation of the sensor's noise, in grey levels.
        detail: Resolution of the camera as a share of SIZE_PX.
        quality: Of its JPEG files.
        background: "wood", "cloth" or "plain".
        tone: The colour of a plain background.
        things: Those that are taught here.
        size: Mean size of a thing in the picture, as a share of its height.
        angle: Mean angle, in radians; people put things down the same way.
        spread: How much they vary position, size and angle.
        covered: How often a hand covers a part of the thing.
        hold: Samples of one hold.
        mistakes: How often somebody presses the wrong button.
    """

    gains: tuple[float, float, float]
    gamma: float
    blur_px: float
    grain: float
    detail: float
    quality: int
    background: str
    tone: tuple[int, int, int]
    things: tuple[int, ...]
    size: float
    angle: float
    spread: float
    covered: float
    hold: int
    mistakes: float


def station(number: int) -> Station:
    """Draw a station; the same number gives the same one."""
    rng = np.random.default_rng((7, number))
    exposure, warm = rng.lognormal(0, 0.3), rng.normal(0, 0.14)
    return Station(
        gains=(float(exposure * np.exp(warm)), float(exposure), float(exposure * np.exp(-warm))),
        gamma=float(rng.uniform(0.75, 1.3)),
        blur_px=float(rng.uniform(0, 2.2)),
        grain=float(rng.uniform(1, 12)),
        detail=float(rng.uniform(0.3, 1)),
        quality=int(rng.integers(35, 93)),
        background=str(rng.choice(["wood", "cloth", "plain"])),
        tone=tuple(int(value) for value in rng.integers(40, 230, 3)),
        things=tuple(sorted(rng.choice(len(THINGS), rng.integers(5, len(THINGS) + 1), replace=False).tolist())),
        size=float(rng.uniform(0.35, 0.8)),
        angle=float(rng.normal(0, 0.5)),
        spread=float(rng.uniform(0.4, 1.6)),
        covered=float(rng.uniform(0, 0.35)),
        hold=int(rng.integers(5, 21)),
        mistakes=float(rng.uniform(0, 0.02)),
    )


def samples(number: int, count: int) -> Iterator[tuple[bytes, int, int, int]]:
    """Render the samples of a station: the JPEG, the thing, the thing that the button stands for, and the hold."""
    here = station(number)
    rng = np.random.default_rng((8, number))
    ground = _ground(here, number)
    for hold in range(-(-count // here.hold)):
        thing = here.things[hold % len(here.things)]
        pressed = int(rng.choice(here.things)) if rng.random() < here.mistakes else thing
        pressed = pressed if number < FRESH else thing
        view = _view(here, rng)
        hand = _hand(rng) if rng.random() < here.covered else None
        for step in range(min(here.hold, count - hold * here.hold)):
            picture = ground.copy()
            lay_down(picture, _thing(thing), swayed(view, 0.2 * step))
            if hand is not None:
                _cover(picture, *hand)
            yield _photographed(picture, here, rng), thing, pressed, hold


def generate(
    folder: Path, numbers: list[int], count: int, extractor: EmbeddingExtractor, pictures: Path | None
) -> None:
    """Render and embed the samples of stations that `folder` does not hold yet.

    Args:
        folder: Gets one file for each station: `embeddings`, `things`, `pressed` and `holds`.
        numbers: The stations.
        count: Samples of each.
        extractor: Embeds the pictures.
        pictures: Gets every picture as `<thing>/<station>-<row>.jpg`; None keeps none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        done = folder / f"{number:05d}.npz"
        if done.exists():
            continue
        found = []
        for row, (data, *facts) in enumerate(samples(number, count)):
            bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            found.append((extractor.embed(centre_crop(np.ascontiguousarray(bgr[..., ::-1]))), *facts))
            if pictures is not None and number < FRESH:
                path = pictures / THINGS[facts[1]] / f"{number:05d}-{row:04d}.jpg"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        embeddings, things, pressed, holds = zip(*found, strict=True)
        partial = done.with_suffix(".partial.npz")
        x = np.stack(embeddings).astype(np.float32)
        np.savez(partial, embeddings=x, things=np.array(things), pressed=np.array(pressed), holds=np.array(holds))
        partial.rename(done)


def stored(folder: Path, number: int) -> tuple[FloatArray, IntArray, IntArray, IntArray]:
    """Read what `generate` wrote of a station: embeddings, things, pressed, holds."""
    with np.load(folder / f"{number:05d}.npz") as arrays:
        return arrays["embeddings"], arrays["things"], arrays["pressed"], arrays["holds"]


@cache
def _thing(index: int) -> RenderedThing:
    kind = tuple(KINDS)[index % len(KINDS)]
    thing = rendered_thing(kind)
    if index < len(KINDS):
        return thing
    hsv = cv2.cvtColor(np.rint(thing.albedo * 255).astype(np.uint8), cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(int) + HUE_SHIFT) % 180
    return replace(thing, albedo=np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) / 255, np.float32))


@cache
def _tables(seed: int) -> dict[str, ImageArray]:
    rng = np.random.default_rng((9, seed))
    return {"wood": wooden_table(SIZE_PX, rng), "cloth": checked_cloth(SIZE_PX, rng)}


def _ground(here: Station, number: int) -> ImageArray:
    if here.background == "plain":
        return np.full((SIZE_PX[1], SIZE_PX[0], 3), here.tone, np.uint8)
    return _tables(number % 16)[here.background]


def _view(here: Station, rng: np.random.Generator) -> View:
    return View(
        x=float(0.5 + here.spread * rng.uniform(-0.1, 0.1)),
        y=float(0.5 + here.spread * rng.uniform(-0.1, 0.1)),
        angle=float(here.angle + here.spread * rng.normal(0, 0.4)),
        size=float(np.clip(here.size * np.exp(here.spread * rng.normal(0, 0.15)), 0.2, 1.2)),
        light=float(rng.uniform(0, 2 * np.pi)),
        brightness=1.0,
    )


def _hand(rng: np.random.Generator) -> tuple[FloatArray, tuple[int, int], tuple[int, int], float]:
    """A hand: its colour, where it begins and ends, and its angle in degrees."""
    side = rng.uniform(0, 2 * np.pi)
    centre = (0.5 + 0.3 * np.cos(side)) * SIZE_PX[0], (0.5 + 0.34 * np.sin(side)) * SIZE_PX[1]
    axes = rng.uniform(34, 70), rng.uniform(20, 38)
    colour = SKIN[rng.integers(len(SKIN))]
    return colour, (int(centre[0]), int(centre[1])), (int(axes[0]), int(axes[1])), float(np.degrees(side))


def _cover(
    picture: ImageArray, colour: FloatArray, centre: tuple[int, int], axes: tuple[int, int], angle: float
) -> None:
    cv2.ellipse(picture, centre, axes, angle, 0, 360, colour.tolist(), -1, cv2.LINE_AA)


def _photographed(picture: ImageArray, here: Station, rng: np.random.Generator) -> bytes:
    """What the station's camera makes of a scene: a JPEG."""
    light = np.asarray(here.gains, np.float32) * np.float32(np.exp(rng.normal(0, 0.05)))
    seen = np.clip(picture.astype(np.float32) / 255 * light, 0, 1) ** np.float32(here.gamma)
    small = (max(8, round(SIZE_PX[0] * here.detail)), max(8, round(SIZE_PX[1] * here.detail)))
    seen = cv2.resize(cv2.resize(seen, small, interpolation=cv2.INTER_AREA), SIZE_PX, interpolation=cv2.INTER_LINEAR)
    if here.blur_px > 0.2:
        seen = cv2.GaussianBlur(seen, (0, 0), here.blur_px)
    grain = rng.standard_normal(seen.shape[:2], np.float32)[..., np.newaxis] * np.float32(here.grain)
    rgb = np.clip(255 * seen + grain, 0, 255).astype(np.uint8)
    return cv2.imencode(".jpg", rgb[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, here.quality))[1].tobytes()
