"""The parts that all pages but the main screen share: mascot, title and text at the top, keys at the bottom."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import pygame

from app.ui.painting import paint
from app.ui.painting.canvas import Canvas
from app.ui.painting.keys import draw_key
from app.ui.painting.layout import GAP, MARGIN, grid
from app.ui.painting.mascot import draw_mascot
from app.ui.painting.motion import Moving
from app.ui.painting.shapes import ICONS
from app.views.model import ActionKey, Banner

NOTICE = 40  # units; height of letters at most, as on the main screen
TALL_BELOW = 190  # units; narrower keys have their icon above the text

Target = tuple[Hashable, pygame.Rect]
"""A button, and where it can be touched."""


@dataclass(frozen=True)
class Page:
    """The parts of a page, in pixels."""

    mark: pygame.Rect
    title: pygame.Rect
    text: pygame.Rect
    body: pygame.Rect
    footer: pygame.Rect


def arrange_page(canvas: Canvas) -> Page:
    """Arrange a page in the window of a canvas."""
    px, window = canvas.px, canvas.surface.get_rect()
    inner = window.inflate(-2 * px(MARGIN + 8), -2 * px(MARGIN))
    mark = pygame.Rect(inner.left, inner.top, px(84), px(84))
    words = pygame.Rect(mark.right + px(20), inner.top, inner.right - mark.right - px(20), mark.height)
    title = pygame.Rect(words.left, words.top, words.width, px(48))
    text = pygame.Rect(words.left, title.bottom, words.width, words.bottom - title.bottom)
    footer = pygame.Rect(inner.left, inner.bottom - px(64), inner.width, px(64))
    body_top = mark.bottom + px(18)
    return Page(
        mark, title, text, pygame.Rect(inner.left, body_top, inner.width, footer.top - px(18) - body_top), footer
    )


def draw_head(canvas: Canvas, page: Page, title: str, text: str, moving: Moving | None) -> None:
    """Draw title and text, and the mascot if `moving` is given."""
    palette = canvas.palette
    if moving is not None:
        draw_mascot(canvas, page.mark, moving)
    canvas.text(title, page.title, 38, palette.text, palette.background, bold=True)
    canvas.text(text, page.text, 22, palette.quiet, palette.background, lines=2)


def draw_page_notice(canvas: Canvas, notice: Banner, arrived: float, place: pygame.Rect | None = None) -> None:
    """Draw a passing message over a place, by default the title; `arrived` 0..1 is how far it has come in."""
    px, page = canvas.px, arrange_page(canvas)
    face = canvas.theme.tone(notice.tone)
    if place is None:
        place = pygame.Rect(page.title.left, page.mark.top, page.title.width, page.mark.height)
    area = place.move(0, -round((1 - arrived) * px(16)))
    canvas.forget(area)
    canvas.surface.fill(canvas.palette.background, place.union(area).inflate(px(4), px(4)))
    paint.panel(canvas.surface, area, face, px(22))
    inner = area.inflate(-px(48), -px(14))
    canvas.text(notice.text, inner, NOTICE, canvas.theme.ink(face), face, bold=True, align="center", lines=2)


def key_places(canvas: Canvas, keys: Sequence[ActionKey], footer: pygame.Rect) -> tuple[pygame.Rect, ...]:
    """The places of a row of keys of equal size; few keys do not take the whole width."""
    px, count = canvas.px, len(keys)
    width = min(footer.width, count * px(290) + (count - 1) * px(GAP))
    return grid(pygame.Rect(footer.left, footer.top, width, footer.height), count, max(1, count), px(GAP))


def draw_keys(canvas: Canvas, keys: Sequence[ActionKey], footer: pygame.Rect, breath: float = 0.0) -> None:
    """Draw a row of keys."""
    for key, area in zip(keys, key_places(canvas, keys, footer), strict=True):
        tall = area.width < canvas.px(TALL_BELOW) and key.name in ICONS
        draw_key(
            canvas,
            key,
            area,
            size=18 if tall else 24,
            breath=breath if key.suggested else 0.0,
            strong=key.held,
            tall=tall,
        )


def key_targets(canvas: Canvas, keys: Sequence[ActionKey], footer: pygame.Rect) -> list[Target]:
    """The keys of a row that can be touched, with their places."""
    return [(key.button, area) for key, area in zip(keys, key_places(canvas, keys, footer), strict=True)]
