"""The theme of the screen: colours, class shapes, fonts and scale."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache

from app.base.paths import asset_path
from app.base.tone import Tone
from app.ui.painting.fonts import FontStack

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Colour = tuple[int, int, int]
DEFAULT_PALETTE = "paper"
CLASS_SHAPES = ("circle", "square", "triangle", "diamond", "star", "hexagon", "cross", "drop", "ring")
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
READABLE = 4.5  # lowest contrast of text. Source: WCAG 2.1, success criterion 1.4.3
SMALLEST_TEXT_PX = 8
WEIGHTS = {False: "Medium", True: "ExtraBold"}


@dataclass(frozen=True)
class Palette:
    """Colours by purpose; `assets/themes/palettes.toml` describes them."""

    background: Colour
    panel: Colour
    raised: Colour
    line: Colour
    text: Colour
    quiet: Colour
    accent: Colour
    warning: Colour
    classes: tuple[Colour, ...]


@dataclass(frozen=True)
class Theme:
    """A palette and a scale. Sizes are in units, 720 of them along the shorter edge; `px` converts them to pixels."""

    unit: float
    palette: Palette

    def px(self, size: float) -> int:
        """Convert a size to pixels; at least one."""
        return max(1, round(size * self.unit))

    def class_colour(self, index: int) -> Colour:
        """Colour of a class by its label index."""
        return self.palette.classes[index % len(self.palette.classes)]

    def class_shape(self, index: int) -> str:
        """Shape of a class by its label index."""
        return CLASS_SHAPES[index % len(CLASS_SHAPES)]

    def tone(self, tone: Tone) -> Colour:
        """Background colour of a message with that tone."""
        hint, success, warning = self.palette.text, self.palette.accent, self.palette.warning
        return {Tone.HINT: hint, Tone.SUCCESS: success, Tone.WARNING: warning}[tone]

    def ink(self, ground: Colour) -> Colour:
        """The text colour with the best contrast on `ground`: one of the palette, else black or white."""
        dark, light = sorted((self.palette.text, self.palette.background), key=_luminance)
        soft = (mixed(dark, BLACK, 0.5), mixed(light, WHITE, 0.8))
        best = max(soft, key=lambda ink: contrast_ratio(ink, ground))
        if contrast_ratio(best, ground) >= READABLE:
            return best
        return max((BLACK, WHITE), key=lambda ink: contrast_ratio(ink, ground))  # one has at least 4.58


def load_theme(size: tuple[int, int], palette: str = DEFAULT_PALETTE) -> Theme:
    """The theme for a window of (width, height) pixels; an unknown palette means the default one."""
    known = _palettes()
    return Theme(unit_of(size), known.get(palette, known[DEFAULT_PALETTE]))


def unit_of(size: tuple[int, int]) -> float:
    """Pixels of one unit: 1280 × 720 units fit into a landscape window, 720 × 1180 into a portrait one."""
    width, height = size
    return min(width / 1280, height / 720) if width >= height else min(width / 720, height / 1180)


def font(size_px: int, *, bold: bool) -> FontStack:
    """The font with a size in pixels; it is cached."""
    return _font(max(SMALLEST_TEXT_PX, size_px), bold)


@lru_cache(maxsize=4096)
def contrast_ratio(one: Colour, other: Colour) -> float:
    """Contrast of two colours, 1..21. Source: WCAG 2.1, definition of contrast ratio."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """Mix two colours; `share` 0..1 is that of `other`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _luminance(colour: Colour) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@lru_cache(maxsize=1)
def _palettes() -> dict[str, Palette]:
    table = tomllib.loads(asset_path("themes", "palettes.toml").read_text(encoding="utf-8"))
    return {name: _palette(colours) for name, colours in table.items()}


def _palette(colours: dict[str, str | list[str]]) -> Palette:
    parts = {name: _colour(value) for name, value in colours.items() if isinstance(value, str)}
    return Palette(**parts, classes=tuple(_colour(value) for value in colours["classes"]))


def _colour(code: str) -> Colour:
    red, green, blue = bytes.fromhex(code.removeprefix("#"))
    return red, green, blue


@lru_cache(maxsize=96)
def _font(size_px: int, bold: bool) -> FontStack:
    return FontStack(asset_path("fonts", f"MPLUSRounded1c-{WEIGHTS[bold]}.ttf"), size_px)
