"""Confetti for a cheer: dots in the colours of the classes that burst from a point and fall."""

from __future__ import annotations

import math

from app.ui.painting import paint
from app.ui.painting.canvas import Canvas
from app.ui.painting.motion import Moving

DOTS = 18
GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))  # between neighbours: they spread evenly, whatever their number
SMALL = 0.85  # from this part of the cheer on the dots become smaller


def draw_confetti(canvas: Canvas, centre: tuple[int, int], reach_px: int, moving: Moving) -> None:
    """Draw the dots of a cheer around `centre`; they come `reach_px` pixels far."""
    passed = moving.cheer
    if passed <= 0:
        return
    flown = 1 - (1 - passed) ** 3
    size = canvas.px(7) if passed < SMALL else canvas.px(4)
    for n in range(DOTS):
        angle, share = n * GOLDEN_ANGLE, 0.45 + 0.55 * (n * 7 % DOTS) / DOTS
        x = centre[0] + math.cos(angle) * reach_px * share * flown
        y = centre[1] + math.sin(angle) * reach_px * share * flown * 0.7 + canvas.px(70) * passed * passed
        disc = paint.disc(size, canvas.theme.class_colour(n))
        canvas.surface.blit(disc, disc.get_rect(center=(round(x), round(y))))
