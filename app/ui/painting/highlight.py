"""The highlight of the one switch: a frame around what it would press now."""

from __future__ import annotations

from collections.abc import Sequence

import pygame

from app.ui.painting.canvas import Canvas

WIDTH, GROUND = 9, 3  # units: the frame, and the line on both sides of it that sets it off from any background
SMALL = 60  # units; the frame of a smaller button lies on the edge of its place, so that it covers little beside it
SMALLER = 0.6  # the frames of buttons that stand apart
TOGETHER = 0.75  # share of the rectangle around a group that its buttons fill if they stand together


def draw_highlight(canvas: Canvas, areas: Sequence[pygame.Rect]) -> None:
    """Draw one frame around buttons that stand together, or a frame around each of them if others lie between them."""
    if not areas:
        return
    whole = areas[0].unionall(list(areas[1:]))
    if sum(area.width * area.height for area in areas) >= TOGETHER * whole.width * whole.height:
        _draw_frame(canvas, whole, 1.0)
        return
    for area in areas:
        _draw_frame(canvas, area, SMALLER)


def _draw_frame(canvas: Canvas, area: pygame.Rect, share: float) -> None:
    px, palette, surface = canvas.px, canvas.palette, canvas.surface
    frame, ground = max(4, px(WIDTH * share)), max(2, px(GROUND * share))
    around = area.inflate(2 * (frame + ground), 2 * (frame + ground)).clip(surface.get_rect())
    if max(area.size) < px(SMALL):  # its place is larger than what is drawn there
        around = area.inflate(frame + ground, frame + ground).clip(surface.get_rect())
    pygame.draw.rect(surface, palette.text, around, frame + 2 * ground, px(20))
    pygame.draw.rect(surface, palette.warning, around.inflate(-2 * ground, -2 * ground), frame, px(18))
