"""The fault screen: what happened and what to do."""

from __future__ import annotations

import pygame

from app.ui.painting import paint
from app.ui.painting.canvas import Canvas
from app.ui.painting.mascot import draw_mascot
from app.ui.painting.motion import Moving
from app.ui.painting.shapes import shape
from app.views.model import KioskView


def draw_fault(canvas: Canvas, view: KioskView, moving: Moving) -> None:
    """Draw the fault in words, with a sleeping face and a warning sign."""
    palette, px, window = canvas.palette, canvas.px, canvas.surface.get_rect()
    title, text = view.fault or ("", "")
    middle = pygame.Rect(0, 0, min(window.width - px(60), px(940)), min(window.height - px(40), px(540)))
    middle.center = (window.centerx, window.centery + px(10))
    face = pygame.Rect(0, middle.top, px(190), px(190))
    face.centerx = middle.centerx
    draw_mascot(canvas, face, moving)
    badge = (face.right - px(22), face.top + px(26))
    canvas.surface.blit(disc := paint.disc(px(36), palette.warning), disc.get_rect(center=badge))
    shape(canvas.surface, "triangle", (badge[0], badge[1] - px(1)), px(20), canvas.theme.ink(palette.warning))
    head = pygame.Rect(middle.left, face.bottom + px(24), middle.width, px(124))
    canvas.text(title, head, 60, palette.text, palette.background, bold=True, align="center", lines=2)
    below = pygame.Rect(middle.left, head.bottom + px(8), middle.width, middle.bottom - head.bottom - px(8))
    canvas.text(text, below, 40, palette.text, palette.background, align="center", lines=5, top=True)
