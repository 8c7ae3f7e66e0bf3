"""The splash: a sleepy face, and a word that it takes a moment."""

from __future__ import annotations

import pygame

from app.ui.painting.canvas import Canvas
from app.ui.painting.mascot import draw_mascot
from app.ui.painting.motion import Moving
from app.views.model import KioskView


def draw_waking(canvas: Canvas, view: KioskView, moving: Moving) -> None:
    """Draw the face in the middle of the window, and the words below it."""
    px, window = canvas.px, canvas.surface.get_rect()
    face = pygame.Rect(0, 0, px(240), px(240))
    face.midbottom = (window.centerx, window.centery + px(50))
    draw_mascot(canvas, face, moving)
    words = pygame.Rect(0, face.bottom + px(28), min(window.width - px(60), px(1000)), px(124))
    words.centerx = window.centerx
    canvas.text(
        view.guidance, words, 52, canvas.palette.text, canvas.palette.background, bold=True, align="center", lines=2
    )
