"""A switch for a setting that is on or off."""

from __future__ import annotations

import pygame

from app.ui.painting import paint
from app.ui.painting.canvas import Canvas


def draw_switch(canvas: Canvas, area: pygame.Rect, *, on: bool, enabled: bool) -> None:
    """Draw a switch: its knob is at the right and its track has the accent colour while it is on."""
    palette, px = canvas.palette, canvas.px
    track = pygame.Rect(0, 0, min(area.width, round(area.height * 1.8)), area.height).inflate(0, -px(6))
    track.midright = area.midright
    face = palette.accent if on else palette.line
    paint.panel(canvas.surface, track, face, track.height // 2)
    radius = track.height // 2 - px(4)
    centre = (track.right - px(4) - radius if on else track.left + px(4) + radius, track.centery)
    knob = paint.disc(radius, palette.panel if enabled else palette.raised)
    canvas.surface.blit(knob, knob.get_rect(center=centre))
