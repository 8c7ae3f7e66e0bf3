"""A ring that fills while somebody holds what opens the staff pages."""

from __future__ import annotations

import pygame

from app.ui.painting import paint
from app.ui.painting.canvas import Canvas

RADIUS, THICK, PLATE = 34, 10, 44


def draw_hold_ring(canvas: Canvas, share: float) -> None:
    """Draw the ring in the upper left corner, beside the finger that may hold it; `share` is 0..1."""
    px, palette = canvas.px, canvas.palette
    centre = (px(PLATE + 96), px(PLATE + 14))
    plate = paint.disc(px(PLATE), palette.panel)
    canvas.surface.blit(plate, plate.get_rect(center=centre))
    paint.ring(canvas.surface, centre, px(RADIUS), px(THICK), share, palette.accent, palette.raised)
    dot = pygame.Rect(0, 0, px(12), px(12))
    dot.center = centre
    paint.panel(canvas.surface, dot, palette.text, px(6))
