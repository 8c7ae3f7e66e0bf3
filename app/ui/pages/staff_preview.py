"""The live picture on the staff page of the camera: the whole frame, with the square that the model sees."""

from __future__ import annotations

import pygame

from app.ui.painting import paint
from app.ui.painting.canvas import Canvas
from app.views.model import KioskView

SHARE = 0.4  # of the body, beside the rows or above them
EDGE, GROUND = 5, 2  # units: the line around the square, and the dark lines on both sides of it


def split_body(canvas: Canvas, body: pygame.Rect) -> tuple[pygame.Rect, pygame.Rect]:
    """Divide the body of the page into the place of the rows and the place of the picture."""
    pad = canvas.px(20)
    if body.width >= body.height:
        width = round(body.width * SHARE)
        place = pygame.Rect(body.right - width, body.top, width, body.height)
        rows = pygame.Rect(body.left, body.top, body.width - width, body.height)
    else:
        height = round(body.height * SHARE)
        place = pygame.Rect(body.left, body.top, body.width, height)
        rows = pygame.Rect(body.left, place.bottom, body.width, body.height - height)
    return rows, place.inflate(-2 * pad, -2 * pad)


def draw_preview(canvas: Canvas, view: KioskView, place: pygame.Rect) -> None:
    """Draw the frame as large as it fits into its place, dark outside the square that the model sees."""
    palette, px = canvas.palette, canvas.px
    if view.picture is None:
        paint.panel(canvas.surface, place, palette.raised, px(20))
        words = place.inflate(-px(32), -px(16))
        canvas.text(view.waiting_text, words, 22, palette.text, palette.raised, align="center", lines=3)
        return
    height, width = view.picture.pixels.shape[:2]
    scale = min(place.width / width, place.height / height)
    area = pygame.Rect(0, 0, round(width * scale), round(height * scale))
    area.midtop = place.centerx, place.top
    if place.width < place.height:
        area.top = place.top + px(4)
    paint.camera(canvas.surface, view.picture, area)
    if view.model_square is not None:
        left, top, side = view.model_square
        square = pygame.Rect(
            area.left + round(left * scale), area.top + round(top * scale), round(side * scale), round(side * scale)
        ).clip(area)
        _darken_outside(canvas, area, square)
        thick, ground = max(2, px(EDGE)), max(1, px(GROUND))
        pygame.draw.rect(canvas.surface, palette.text, square, thick + 2 * ground)
        pygame.draw.rect(canvas.surface, palette.accent, square.inflate(-2 * ground, -2 * ground), thick)


def _darken_outside(canvas: Canvas, area: pygame.Rect, square: pygame.Rect) -> None:
    for strip in (
        pygame.Rect(area.left, area.top, square.left - area.left, area.height),
        pygame.Rect(square.right, area.top, area.right - square.right, area.height),
        pygame.Rect(square.left, area.top, square.width, square.top - area.top),
        pygame.Rect(square.left, square.bottom, square.width, area.bottom - square.bottom),
    ):
        if strip.width > 0 and strip.height > 0:
            paint.veil(canvas.surface, strip, (0, 0, 0), 0.5)
