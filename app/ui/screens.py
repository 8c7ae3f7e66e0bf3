"""The screens: a frozen view in, pixels out, and which button a point is on."""

from __future__ import annotations

from collections.abc import Hashable

import pygame

from app.ui.canvas import Canvas, DrawnText
from app.ui.dialog import arrange_dialog, draw_question
from app.ui.fault import draw_fault
from app.ui.main_screen import Target, draw_main, main_targets
from app.ui.motion import Moving, settled
from app.ui.theme import Theme, load_theme
from app.ui.view import KioskView, Screen


def draw(surface: pygame.Surface, view: KioskView, theme: Theme, moving: Moving | None = None) -> tuple[DrawnText, ...]:
    """Draw a view: same view, size, theme and motion, same pixels. Gives the texts that were written, and where.

    Without `moving` everything has come to rest.
    """
    canvas = Canvas(surface, theme)
    moving = moving or settled(view)
    surface.fill(theme.palette.background)
    if view.screen is Screen.FAULT:
        draw_fault(canvas, view, moving)
    else:
        draw_main(canvas, view, moving)
    if view.question is not None:
        canvas.texts.clear()  # those below lie under the veil
        draw_question(canvas, view.question, moving)
    return tuple(canvas.texts)


def button_at(view: KioskView, size: tuple[int, int], position: tuple[int, int]) -> Hashable | None:
    """The button under a point, or None."""
    return next((button for button, area in targets(view, size) if area.collidepoint(position)), None)


def targets(view: KioskView, size: tuple[int, int]) -> list[Target]:
    """Everything that can be touched, the uppermost first. While a question is asked only its answers can be."""
    canvas = Canvas(pygame.Surface(size), load_theme(size))
    if view.question is not None:
        layout = arrange_dialog(view.question, canvas)
        return [(key.button, area) for key, area in zip(view.question.answers, layout.answers, strict=True)]
    return main_targets(view, canvas)
