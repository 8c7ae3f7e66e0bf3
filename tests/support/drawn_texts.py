"""The texts of a screen, without painting it."""

from __future__ import annotations

from functools import lru_cache

import pygame

from app.ui import screens
from app.ui.pages.dialog import draw_question
from app.ui.pages.main_screen import draw_keys
from app.ui.painting.camera_area import draw_picture_keys
from app.ui.painting.canvas import Canvas, DrawnText
from app.ui.painting.layout import arrange
from app.ui.painting.motion import Moving, settled
from app.ui.painting.theme import load_theme
from app.views.model import KioskView


def drawn_texts(
    view: KioskView, size: tuple[int, int], palette: str = "paper", moving: Moving | None = None
) -> tuple[DrawnText, ...]:
    """The texts as `screens.draw` places them. No pixel of the screen changes, which takes most of the time."""
    return screens.draw(_unseen(size), view, load_theme(size, palette), moving)


def question_texts(view: KioskView, size: tuple[int, int]) -> tuple[DrawnText, ...]:
    """The texts of the question alone, without what is behind it."""
    assert view.question is not None
    canvas = Canvas(_unseen(size), load_theme(size))
    draw_question(canvas, view.question, settled(view))
    return tuple(canvas.texts)


def key_texts(view: KioskView, size: tuple[int, int]) -> tuple[DrawnText, ...]:
    """The texts on the keys of the main screen alone."""
    canvas = Canvas(_unseen(size), load_theme(size))
    layout = arrange(view, size, canvas.theme)
    draw_keys(canvas, view, layout, settled(view))
    draw_picture_keys(canvas, view, layout)
    return tuple(canvas.texts)


@lru_cache(maxsize=2)
def _unseen(size: tuple[int, int]) -> pygame.Surface:
    """A surface of that size that nothing changes."""
    surface = pygame.Surface(size)
    surface.set_clip(pygame.Rect(0, 0, 0, 0))
    return surface
