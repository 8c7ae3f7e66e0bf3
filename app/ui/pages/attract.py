"""The attract screen, shown when nobody is there: a visit that plays by itself, and an invitation to press a button."""

from __future__ import annotations

import pygame

from app.ui.pages.main_screen import draw_cards, draw_flights, draw_language
from app.ui.painting import paint
from app.ui.painting.camera_area import draw_camera_area
from app.ui.painting.canvas import Canvas
from app.ui.painting.layout import Layout, arrange
from app.ui.painting.mascot import draw_mascot
from app.ui.painting.motion import Moving
from app.ui.painting.page import Target
from app.ui.painting.theme import mixed
from app.views.model import Attract, KioskView


def draw_attract(canvas: Canvas, view: KioskView, attract: Attract, moving: Moving) -> None:
    """Draw one scene of the visit."""
    palette, px = canvas.palette, canvas.px
    layout = arrange(view, canvas.surface.get_size(), canvas.theme)
    draw_mascot(canvas, layout.mascot, moving)
    canvas.text(attract.headline, layout.guidance, 64, palette.text, palette.background, bold=True, lines=2)
    draw_stage(canvas, view, attract, layout, moving)
    draw_cards(canvas, view, layout, moving)
    draw_call(canvas, view, attract, layout, moving)
    foot = layout.foot
    if view.language is not None:
        area = pygame.Rect(layout.language.left, foot.top, layout.language.width, foot.height - px(34))
        draw_language(canvas, view.language, area)
    _dots(canvas, attract, pygame.Rect(foot.left, foot.bottom - px(22), foot.width, px(12)))
    draw_flights(canvas, view, layout, moving)


def draw_stage(canvas: Canvas, view: KioskView, attract: Attract, layout: Layout, moving: Moving) -> None:
    """Draw the picture of the scene, and what happens in it."""
    palette, px = canvas.palette, canvas.px
    draw_camera_area(canvas, view, layout, moving)
    caption = pygame.Rect(
        layout.camera.left + px(20), layout.camera.top + px(20), layout.camera.width - px(40), px(112)
    )
    paint.panel(canvas.surface, caption, palette.text, px(24))
    ink = canvas.theme.ink(palette.text)
    canvas.text(
        attract.caption, caption.inflate(-px(40), -px(6)), 47, ink, palette.text, bold=True, align="center", lines=2
    )


def draw_call(canvas: Canvas, view: KioskView, attract: Attract, layout: Layout, moving: Moving) -> None:
    """Draw the invitation to press a button, which breathes."""
    palette, px, call = canvas.palette, canvas.px, call_place(canvas, view, layout)
    face = mixed(palette.accent, (255, 255, 255), 0.3 * moving.breath)
    paint.lip(canvas.surface, call, face, mixed(palette.accent, (0, 0, 0), 0.32), px(28), px(7))
    words = pygame.Rect(call.left, call.top, call.width, call.height - px(7)).inflate(-px(64), -px(8))
    ink = canvas.theme.ink(palette.accent)
    canvas.text(attract.call, words, 47, ink, face, bold=True, align="center", lines=2, whole=True)


def call_place(canvas: Canvas, view: KioskView, layout: Layout) -> pygame.Rect:
    """The place of the invitation, beside the key of the language."""
    foot, px = layout.foot, canvas.px
    right = foot.right if view.language is None else layout.language.left - px(12)
    return pygame.Rect(foot.left, foot.top, right - foot.left, foot.height - px(34))


def attract_targets(view: KioskView, canvas: Canvas) -> list[Target]:
    """The language key, the staff corner and the cards; a touch anywhere else presses the first card."""
    layout = arrange(view, canvas.surface.get_size(), canvas.theme)
    targets: list[Target] = []
    if view.language is not None:
        foot = layout.foot
        area = pygame.Rect(layout.language.left, foot.top, layout.language.width, foot.height - canvas.px(34))
        targets.append((view.language.button, area))
    if view.corner is not None:
        targets.append((view.corner, layout.corner))
    targets += [(card.button, area) for card, area in zip(view.cards, layout.cards, strict=True)]
    if view.cards:
        targets.append((view.cards[0].button, canvas.surface.get_rect()))
    return targets


def _dots(canvas: Canvas, attract: Attract, area: pygame.Rect) -> None:
    """Draw one dot for each scene; the present one is longer."""
    palette, size, step = canvas.palette, area.height, area.height * 2
    left = area.centerx - (step * (attract.scenes - 1) + size * 2) // 2
    for scene in range(attract.scenes):
        now = scene == attract.scene
        dot = pygame.Rect(left, area.top, size * (2 if now else 1), size)
        paint.panel(canvas.surface, dot, palette.text if now else palette.line, size // 2)
        left += step + (size if now else 0)
