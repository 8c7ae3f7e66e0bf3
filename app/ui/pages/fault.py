"""The fault screen: what happened and what to do."""

from __future__ import annotations

import pygame

from app.ui.pages.main_screen import SPEECH
from app.ui.painting import paint
from app.ui.painting.canvas import LINE, Canvas, lines_of
from app.ui.painting.mascot import draw_mascot
from app.ui.painting.motion import Moving
from app.ui.painting.shapes import shape
from app.ui.painting.theme import font
from app.views.model import KioskView

MARGIN, GAP = 28, 16
LARGEST_FACE, SMALLEST_FACE = 230, 96


def draw_fault(canvas: Canvas, view: KioskView, moving: Moving) -> None:
    """Draw the fault in words, with a sleeping face and a warning sign.

    The words can be read from three metres away, so the face takes the room that they leave.
    """
    palette, px, window = canvas.palette, canvas.px, canvas.surface.get_rect()
    title, text = view.fault or ("", "")
    wide = window.width > window.height
    width, title_height = min(window.width - px(60), px(1180)), px(76 if wide else 136)
    size = px(SPEECH)
    lines = lines_of(text, font(size, bold=False), width, may_break=True) or []
    most = window.height - 2 * px(MARGIN) - title_height - 2 * px(GAP)
    text_height = min(most - px(SMALLEST_FACE), round(size * LINE * len(lines)) + 1)
    side = max(px(SMALLEST_FACE), min(px(LARGEST_FACE), most - text_height))
    face = pygame.Rect(0, 0, side, side)
    face.midtop = (window.centerx, window.centery - (side + title_height + text_height) // 2 - px(GAP))
    draw_mascot(canvas, face, moving)
    badge = (face.right - side // 9, face.top + side // 7)
    canvas.surface.blit(disc := paint.disc(side // 5, palette.warning), disc.get_rect(center=badge))
    shape(canvas.surface, "triangle", (badge[0], badge[1] - px(1)), side // 9, canvas.theme.ink(palette.warning))
    head = pygame.Rect(0, face.bottom + px(GAP), width, title_height)
    head.centerx = window.centerx
    canvas.text(title, head, 60, palette.text, palette.background, bold=True, align="center", lines=1 if wide else 2)
    below = pygame.Rect(head.left, head.bottom + px(GAP), width, text_height)
    canvas.text(text, below, SPEECH, palette.text, palette.background, align="center", lines=len(lines), top=True)
