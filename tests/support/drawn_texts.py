"""The texts of a screen, without painting it."""

from __future__ import annotations

import pygame

from app.ui import screens
from app.ui.painting.canvas import DrawnText
from app.ui.painting.motion import Moving
from app.ui.painting.theme import load_theme
from app.views.model import KioskView


def drawn_texts(
    view: KioskView, size: tuple[int, int], palette: str = "paper", moving: Moving | None = None
) -> tuple[DrawnText, ...]:
    """The texts as `screens.draw` places them. No pixel of the screen changes, which takes most of the time."""
    surface = pygame.Surface(size)
    surface.set_clip(pygame.Rect(0, 0, 0, 0))
    return screens.draw(surface, view, load_theme(size, palette), moving)
