"""Colours, shapes and type of the screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import pygame

Colour = tuple[int, int, int]
FONTS = Path(__file__).resolve().parents[2] / "assets" / "fonts"
REFERENCE_PX = 720  # the shorter edge that all sizes are given for

CLASS_COLOURS: tuple[Colour, ...] = (
    (255, 107, 99),
    (92, 168, 255),
    (255, 203, 77),
    (94, 214, 142),
    (199, 146, 255),
    (255, 153, 84),
    (87, 215, 222),
    (255, 143, 196),
    (189, 204, 120),
)
CLASS_SHAPES = ("circle", "square", "triangle", "diamond", "star", "hexagon", "cross", "drop", "ring")


@dataclass(frozen=True)
class Theme:
    """How the screen looks. Sizes are in units of 1/720 of the shorter edge; `px` turns them into pixels."""

    unit: float
    background: Colour = (18, 20, 28)
    panel: Colour = (30, 33, 45)
    raised: Colour = (44, 48, 64)
    line: Colour = (66, 72, 94)
    text: Colour = (244, 245, 250)
    quiet: Colour = (168, 174, 196)
    accent: Colour = (94, 214, 142)
    warning: Colour = (255, 178, 92)
    ink: Colour = (16, 18, 24)
    classes: tuple[Colour, ...] = field(default=CLASS_COLOURS)
    shapes: tuple[str, ...] = field(default=CLASS_SHAPES)

    def px(self, size: float) -> int:
        """Pixels of a size; at least one."""
        return max(1, round(size * self.unit))

    def font(self, size: float, *, bold: bool = False) -> pygame.font.Font:
        """A font of a size; the same object every time."""
        return _font(self.px(size), bold)


def load_theme(size: tuple[int, int]) -> Theme:
    """The theme for a window of (width, height) pixels."""
    return Theme(unit=min(min(size) / REFERENCE_PX, max(size) / 1100))


def contrast_ratio(one: Colour, other: Colour) -> float:
    """Contrast of two colours, 1..21. Source: WCAG 2.1, relative luminance and contrast ratio."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """`one` with a share (0..1) of `other`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _luminance(colour: Colour) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@lru_cache(maxsize=64)
def _font(size_px: int, bold: bool) -> pygame.font.Font:
    path = next(FONTS.glob(f"Inter-{'Bold' if bold else 'Medium'}.*"))
    return pygame.font.Font(str(path), size_px)
