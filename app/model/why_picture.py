"""Draw an explanation: the picture is light where the model found its answer and dark elsewhere.

Only drawing smooths and cuts off: the numbers of an explanation stay as they are. A picture of an explanation that is
not exact says so in its lower edge.
"""

from __future__ import annotations

import sys
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from app.base.explanation import Explanation, Way
from app.base.paths import asset_path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]

SMOOTHING_CELLS = 0.8
DARKEST = 0.22  # of the picture's brightness, where nothing speaks for the winner
TINT = 0.45  # of the class colour, where most does
SMALLEST_PX, LARGEST_PX = 240, 640  # edge of the picture that is drawn on
MAP_PX = 160  # edge of a map without a picture
GROUND: Colour = (24, 26, 32)  # of a map without a picture
NOT_EXACT = "found by covering parts of the picture"


def heat(cells: NDArray[np.float32], size_px: int) -> NDArray[np.float32]:
    """Return how light to draw each pixel, 0..1, float32 (size_px, size_px): 1 where most speaks for the winner.

    What speaks against the winner counts as nothing. A class for which nothing speaks gets 0 everywhere.
    """
    soft = cv2.GaussianBlur(np.maximum(cells, 0.0), (0, 0), SMOOTHING_CELLS)
    large = cv2.resize(soft, (size_px, size_px), interpolation=cv2.INTER_CUBIC)
    top = float(large.max())
    return np.asarray(np.clip(large / top, 0.0, 1.0) if top > 0 else np.zeros_like(large), np.float32)


def drawn_over(square: Image, why: Explanation, colour: Colour, *, labelled: bool = True) -> Image:
    """Draw an explanation over the square that it explains.

    Args:
        square: RGB, uint8, (S, S, 3).
        why: The explanation.
        colour: Of the class that was explained.
        labelled: Write into a picture that is not exact that it is not; False if a text beside it says so.

    Returns:
        RGB, uint8, with an edge of SMALLEST_PX to LARGEST_PX.
    """
    size = min(LARGEST_PX, max(SMALLEST_PX, len(square)))
    how = cv2.INTER_AREA if size < len(square) else cv2.INTER_CUBIC
    picture = np.asarray(cv2.resize(square, (size, size), interpolation=how), np.float32)
    light = heat(why.cells, size)[..., np.newaxis]
    tinted = picture * (1 - TINT * light) + np.array(colour, np.float32) * TINT * light
    return _finished(tinted * (DARKEST + (1 - DARKEST) * light), why, labelled=labelled)


def drawn_alone(why: Explanation, colour: Colour, *, labelled: bool = True) -> Image:
    """Draw an explanation without the picture, RGB, uint8 (MAP_PX, MAP_PX, 3). See `drawn_over`."""
    light = heat(why.cells, MAP_PX)[..., np.newaxis]
    drawn = np.array(GROUND, np.float32) * (1 - light) + np.array(colour, np.float32) * light
    return _finished(drawn, why, labelled=labelled)


def png_file(image: Image) -> bytes:
    """Return an RGB image as the bytes of a PNG file."""
    done, data = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    if not done:
        raise ValueError(f"an image of the shape {image.shape} cannot be written as PNG")
    return data.tobytes()


@cache
def class_colours() -> tuple[Colour, ...]:
    """Return the colours of the classes in the kiosk's first palette, RGB."""
    palettes = tomllib.loads(asset_path("themes", "palettes.toml").read_text(encoding="utf-8"))
    names: list[str] = palettes["paper"]["classes"]
    return tuple((int(name[1:3], 16), int(name[3:5], 16), int(name[5:7], 16)) for name in names)


def class_colour(row: int) -> Colour:
    """Return the colour of a class; they repeat after the last one."""
    colours = class_colours()
    return colours[row % len(colours)]


def _finished(image: NDArray[np.float32], why: Explanation, *, labelled: bool) -> Image:
    drawn = np.clip(image, 0, 255).astype(np.uint8)
    if labelled and why.way is not Way.EXACT:
        size = len(drawn)
        scale = size / 640
        strip = max(12, round(36 * scale))
        drawn[-strip:] = GROUND
        place = (round(8 * scale), size - max(4, round(12 * scale)))
        cv2.putText(drawn, NOT_EXACT, place, cv2.FONT_HERSHEY_SIMPLEX, 0.85 * scale, (235, 235, 235), 1, cv2.LINE_AA)
    return drawn
