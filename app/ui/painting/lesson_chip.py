"""The name of the lesson and the time that is left, on the camera picture."""

from __future__ import annotations

import pygame

from app.ui.painting import paint
from app.ui.painting.canvas import Canvas
from app.ui.painting.theme import font
from app.views.model import LessonChip

HEIGHT, TEXT = 46, 22


def draw_lesson_chip(canvas: Canvas, chip: LessonChip, camera: pygame.Rect) -> None:
    """Draw the chip in the upper left corner of the camera picture, as wide as its words."""
    px, palette = canvas.px, canvas.palette
    words = " · ".join(part for part in (chip.name, chip.time) if part)
    width = min(font(px(TEXT), bold=True).size(words)[0] + px(44), camera.width - px(40))
    area = pygame.Rect(camera.left + px(20), camera.top + px(20), width, px(HEIGHT))
    face = palette.warning if chip.hurry else palette.panel
    paint.panel(canvas.surface, area, face, px(HEIGHT / 2))
    ink = canvas.theme.ink(face) if chip.hurry else palette.text
    canvas.text(words, area.inflate(-px(36), -px(6)), TEXT, ink, face, bold=True, align="center")
