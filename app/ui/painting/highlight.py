"""The highlight of the one switch: a frame around what it would press now."""

from __future__ import annotations

from collections.abc import Sequence

import pygame

from app.ui.painting.canvas import Canvas

WIDTH, GROUND = 9, 3  # units: the frame, and the line on both sides of it that sets it off from any background


def draw_highlight(canvas: Canvas, areas: Sequence[pygame.Rect]) -> None:
    """Draw one frame around all areas of the highlighted buttons."""
    if not areas:
        return
    px, palette, surface = canvas.px, canvas.palette, canvas.surface
    frame, ground = max(4, px(WIDTH)), max(2, px(GROUND))
    around = areas[0].unionall(list(areas[1:])).inflate(2 * (frame + ground), 2 * (frame + ground))
    around = around.clip(surface.get_rect())
    pygame.draw.rect(surface, palette.text, around, frame + 2 * ground, px(20))
    pygame.draw.rect(surface, palette.warning, around.inflate(-2 * ground, -2 * ground), frame, px(18))
