"""The layout of the main screen, which both drawing and touching use."""

from __future__ import annotations

from dataclasses import dataclass

import pygame

from app.ui.painting.theme import Theme
from app.views.model import KioskView

MARGIN, GAP = 20, 12
COLUMN = 476  # width of the column beside the camera picture


@dataclass(frozen=True)
class Layout:
    """The parts of the main screen, in pixels; `cards` and `actions` are in the order of the view.

    The column is beside the camera picture in a landscape window, and below it in a portrait one. `not_sure` is empty
    where the view has no such bar; the cards are then higher.
    """

    mascot: pygame.Rect
    guidance: pygame.Rect
    camera: pygame.Rect
    cards: tuple[pygame.Rect, ...]
    not_sure: pygame.Rect
    actions: tuple[pygame.Rect, ...]
    language: pygame.Rect
    status: pygame.Rect
    foot: pygame.Rect  # around all actions
    corner: pygame.Rect


def arrange(view: KioskView, size: tuple[int, int], theme: Theme) -> Layout:
    """Arrange the main screen for a window of (width, height) pixels."""
    px = theme.px
    margin, gap = px(MARGIN), px(GAP)
    window = pygame.Rect(0, 0, *size).inflate(-2 * margin, -2 * margin)
    landscape = size[0] >= size[1]
    speech_h, status_h, row_h, main_h, not_sure_h = px(100), px(18), px(58), px(64), px(44)
    if landscape:
        column_w = max(px(COLUMN), window.width - round(window.height * 1.5))
        camera = pygame.Rect(window.left, window.top, window.width - column_w - margin, window.height)
        column = pygame.Rect(window.right - column_w, window.top, column_w, window.height)
        speech = pygame.Rect(column.left, column.top, column.width, speech_h)
        cards_top = speech.bottom + gap
    else:
        speech = pygame.Rect(window.left, window.top, window.width, speech_h)
        count = len(view.cards)
        cards_h = px(112) * (count if count <= 4 else -(-count // 2))
        rest = window.height - speech_h - status_h - row_h - main_h - not_sure_h - 7 * gap - cards_h
        camera_h = max(px(380), min(rest, window.width))
        camera = pygame.Rect(window.left, speech.bottom + gap, window.width, camera_h)
        column = window
        cards_top = camera.bottom + gap
    mascot = pygame.Rect(speech.left, speech.top + (speech.height - px(84)) // 2, px(84), px(84))
    guidance = pygame.Rect(mascot.right + px(18), speech.top, speech.right - mascot.right - px(18), speech.height)
    status = pygame.Rect(column.left, column.bottom - status_h + px(6), column.width, status_h)
    row = pygame.Rect(column.left, status.top - gap - row_h, column.width, row_h)
    main = pygame.Rect(column.left, row.top - gap - main_h, column.width, main_h)
    cards_bottom = main.top - px(16)
    not_sure = pygame.Rect(column.left, cards_bottom, 0, 0)
    if view.not_sure is not None:
        not_sure = pygame.Rect(column.left, cards_bottom - not_sure_h, column.width, not_sure_h)
        cards_bottom = not_sure.top - gap
    area = pygame.Rect(column.left, cards_top, column.width, cards_bottom - cards_top)
    language_w = px(92) if view.language is not None else 0
    train = pygame.Rect(main.left, main.top, main.width - (language_w + gap if language_w else 0), main.height)
    return Layout(
        mascot=mascot,
        guidance=guidance,
        camera=camera,
        cards=grid(area, len(view.cards), 1 if len(view.cards) <= 4 else 2, px(10)),
        not_sure=not_sure,
        actions=(train, *grid(row, len(view.actions) - 1, len(view.actions) - 1, gap)) if view.actions else (),
        language=pygame.Rect(main.right - language_w, main.top, language_w, main.height),
        status=status,
        foot=pygame.Rect(column.left, main.top, column.width, row.bottom - main.top),
        corner=pygame.Rect(0, 0, px(96), px(96)),
    )


def grid(area: pygame.Rect, count: int, columns: int, gap: int) -> tuple[pygame.Rect, ...]:
    """Divide an area into `count` equal cells with gaps between them, row by row."""
    if count <= 0:
        return ()
    rows = -(-count // columns)
    xs = [round(area.left + (area.width + gap) * n / columns) for n in range(columns + 1)]
    ys = [round(area.top + (area.height + gap) * n / rows) for n in range(rows + 1)]
    return tuple(
        pygame.Rect(
            xs[n % columns],
            ys[n // columns],
            xs[n % columns + 1] - gap - xs[n % columns],
            ys[n // columns + 1] - gap - ys[n // columns],
        )
        for n in range(count)
    )
