"""A ring that fills while somebody holds what opens the staff pages."""

from __future__ import annotations

import pygame

from app.ui.painting import paint
from app.ui.painting.canvas import Canvas
from app.ui.painting.layout import HIGH_SPEECH_H, MARGIN, SPEECH_H

RADIUS, THICK, PLATE = 34, 10, 44


def draw_hold_ring(canvas: Canvas, share: float) -> None:
    """Draw the ring below the upper left corner, where a finger may hold, and below the advice; `share` is 0..1."""
    px, palette = canvas.px, canvas.palette
    portrait = canvas.surface.get_height() > canvas.surface.get_width()
    advice_h = HIGH_SPEECH_H if portrait else SPEECH_H
    centre = (px(MARGIN + PLATE + 16), px(MARGIN + advice_h + 16 + PLATE + 12))
    plate = paint.disc(px(PLATE), palette.panel)
    covered = plate.get_rect(center=centre)
    canvas.forget(covered)
    canvas.surface.blit(plate, covered)
    paint.ring(canvas.surface, centre, px(RADIUS), px(THICK), share, palette.accent, palette.raised)
    dot = pygame.Rect(0, 0, px(12), px(12))
    dot.center = centre
    paint.panel(canvas.surface, dot, palette.text, px(6))
