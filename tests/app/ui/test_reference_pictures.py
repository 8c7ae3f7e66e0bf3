"""Every screen in every palette, in landscape and in portrait, equals its reference picture.

A reference shows one screen at one size in all palettes, at a quarter of its size or less. The main screen has one for
each number of classes. A larger window of the same shape looks the same, only larger; a few screens show that. The
wheels of pygame contain their own SDL and FreeType, so machines differ only in rounding; the tolerances allow for that.
A failure saves the result, the reference and their difference in `test-pictures/`. `make reference-pictures` writes all
references again; look at every one that changed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pygame
import pytest
from PIL import Image

from app.config.checks import PALETTES
from app.ui import screens
from app.ui.painting.theme import load_theme
from app.views.model import KioskView
from tests.support.page_views import every_view
from tests.support.views import main_views

ROOT = Path(__file__).resolve().parents[3]
VIEWS = every_view()
BY_CLASSES = {f"live_{count}": main_views(count)["live"] for count in range(2, 10) if count != 3}
REFERENCE = ROOT / "tests" / "reference"
DIFFERENCES = ROOT / "test-pictures"
UPDATE = "UPDATE_REFERENCE_PICTURES"
LANDSCAPE, SMALL, PORTRAIT = (1280, 720), (800, 480), (720, 1280)
LARGE = [(1920, 1080), (1080, 1920)]
LARGEST = (3840, 2160)
PICTURES: list[tuple[str, tuple[int, int]]] = [
    *product(VIEWS, (LANDSCAPE, SMALL, PORTRAIT)),
    *product(BY_CLASSES, (LANDSCAPE, PORTRAIT)),
    *product(("live", "results", "staff"), LARGE),
    ("live", LARGEST),
]
REDUCED_PX = 320  # longest edge of a screen in a reference
STEP = 16  # levels of 255 between the colours of a reference: half of it is lost, and most of its size
CLEARLY = 40  # levels of 255 by which a pixel of another picture differs; rounding and STEP stay below it
TOLERANCE = 0.004  # share of pixels that may differ clearly: 0.4 % is a line of small text
MEAN_TOLERANCE = 6.0  # levels by which all pixels may differ on average; STEP alone makes four


def sheet(view: KioskView, size: tuple[int, int], names: Sequence[str] = PALETTES) -> Image.Image:
    """A screen in palettes, side by side, reduced."""
    factor = max(size) / REDUCED_PX
    small = (round(size[0] / factor), round(size[1] / factor))
    whole = Image.new("RGB", (small[0] * 2, small[1] * -(-len(names) // 2)))
    surface = pygame.Surface(size)  # every screen paints all of it
    for place, palette in enumerate(names):
        screens.draw(surface, view, load_theme(size, palette))
        reduced = pygame.transform.smoothscale(surface, small)
        picture = Image.frombytes("RGB", small, pygame.image.tobytes(reduced, "RGB"))
        whole.paste(picture, (place % 2 * small[0], place // 2 * small[1]))
    return whole


@pytest.mark.parametrize(("name", "size"), PICTURES, ids=[f"{name}-{size[0]}x{size[1]}" for name, size in PICTURES])
def test_the_screen_looks_like_its_reference_picture(name: str, size: tuple[int, int]) -> None:
    pygame.font.init()
    path = REFERENCE / file_name(name, size)
    seen = sheet({**VIEWS, **BY_CLASSES}[name], size)
    if os.environ.get(UPDATE):
        path.parent.mkdir(parents=True, exist_ok=True)
        levels = np.asarray(seen) // STEP * STEP + STEP // 2
        Image.fromarray(levels.astype(np.uint8)).save(path, optimize=True)
    assert path.exists(), f"{path.name} is missing. Make it with: make reference-pictures"
    expected = Image.open(path).convert("RGB")
    away, mean = difference(seen, expected)
    if away > TOLERANCE or mean > MEAN_TOLERANCE:
        left = keep(path.stem, seen, expected)
        pytest.fail(f"{away:.2%} of the pixels differ clearly, {mean:.1f} levels on average. Look at {left}.")


def file_name(name: str, size: tuple[int, int]) -> str:
    """The name of a reference picture."""
    return f"{name}_{size[0]}x{size[1]}.png"


def difference(one: Image.Image, other: Image.Image) -> tuple[float, float]:
    """Share of pixels that differ clearly, and levels by which all differ on average; (1, 255) for other sizes."""
    if one.size != other.size:
        return 1.0, 255.0
    levels = np.abs(np.asarray(one, int) - np.asarray(other, int))
    return float((levels.max(axis=2) > CLEARLY).mean()), float(levels.mean())


def keep(stem: str, seen: Image.Image, expected: Image.Image) -> Path:
    """Save the result, the reference and the differences, one above the other."""
    DIFFERENCES.mkdir(exist_ok=True)
    parts = [seen, expected]
    if seen.size == expected.size:
        levels = np.abs(np.asarray(seen, int) - np.asarray(expected, int)).max(axis=2)
        parts.append(Image.fromarray((255 - np.minimum(255, levels * 4)).astype(np.uint8)).convert("RGB"))
    whole = Image.new("RGB", (max(part.width for part in parts), sum(part.height for part in parts)))
    top = 0
    for part in parts:
        whole.paste(part, (0, top))
        top += part.height
    path = DIFFERENCES / f"{stem}.png"
    whole.save(path)
    return path


def test_a_moved_key_is_noticed_and_rounding_is_not() -> None:
    pygame.font.init()
    expected = sheet(VIEWS["ready"], LANDSCAPE, PALETTES[:4])  # the fewer palettes, the larger the share of a key
    levels = np.asarray(expected).copy()
    rounded = Image.fromarray(np.clip(levels.astype(int) + 1, 0, 255).astype(np.uint8))
    away, mean = difference(rounded, expected)
    assert away <= TOLERANCE
    assert mean <= MEAN_TOLERANCE
    moved = levels.copy()
    key = moved[139:159, 194:294].copy()  # TRAIN
    moved[143:163, 194:294] = key
    assert difference(Image.fromarray(moved), expected)[0] > TOLERANCE


def test_every_reference_picture_belongs_to_a_screen() -> None:
    wanted = {file_name(name, size) for name, size in PICTURES}
    if os.environ.get(UPDATE):
        for path in REFERENCE.glob("*.png"):
            if path.name not in wanted:
                path.unlink()
    assert {path.name for path in REFERENCE.glob("*.png")} == wanted
    sizes_bytes = [path.stat().st_size for path in REFERENCE.glob("*.png")]
    assert sum(sizes_bytes) < 12_000 * len(PALETTES) * len(wanted)
