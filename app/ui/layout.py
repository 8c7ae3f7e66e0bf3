"""Where everything is: one frozen layout for a view and a size, for drawing and for touching alike."""

from __future__ import annotations

from dataclasses import dataclass

import pygame

from app.ui.theme import Theme
from app.ui.view import KioskView

GAP = 14


@dataclass(frozen=True)
class Layout:
    """Rectangles in pixels; `cards`, `actions` and `answers` in the order of the view."""

    guidance: pygame.Rect
    camera: pygame.Rect
    cards: tuple[pygame.Rect, ...]
    not_sure: pygame.Rect
    actions: tuple[pygame.Rect, ...]
    status: pygame.Rect
    dialog: pygame.Rect
    answers: tuple[pygame.Rect, ...]


def arrange(view: KioskView, size: tuple[int, int], theme: Theme) -> Layout:
    """Arrange a view: beside the camera in landscape, below it in portrait."""
    gap = theme.px(GAP)
    window = pygame.Rect(0, 0, *size).inflate(-2 * gap, -2 * gap)
    status_h, actions_h, guidance_h, not_sure_h = (theme.px(h) for h in (22, 68, 46, 44))
    guidance = pygame.Rect(window.left, window.top, window.width, guidance_h)
    status = pygame.Rect(window.left, window.bottom - status_h, window.width, status_h)
    actions = pygame.Rect(window.left, status.top - gap - actions_h, window.width, actions_h)
    body = pygame.Rect(window.left, guidance.bottom + gap, window.width, actions.top - guidance.bottom - 2 * gap)
    count = len(view.cards)
    if size[0] >= size[1]:
        camera = pygame.Rect(body.left, body.top, min(round(body.width * 0.6), round(body.height * 4 / 3)), body.height)
        side = pygame.Rect(camera.right + gap, body.top, body.right - camera.right - gap, body.height)
        columns = 1 if count <= 4 else 2
    else:
        camera = pygame.Rect(body.left, body.top, body.width, min(round(body.width * 0.75), round(body.height * 0.5)))
        side = pygame.Rect(body.left, camera.bottom + gap, body.width, body.bottom - camera.bottom - gap)
        columns = 1 if count <= 3 else 2
    not_sure = pygame.Rect(side.left, side.bottom - not_sure_h, side.width, not_sure_h)
    area = pygame.Rect(side.left, side.top, side.width, side.height - not_sure_h - gap)
    dialog = pygame.Rect(0, 0, min(window.width, theme.px(620)), min(window.height, theme.px(300)))
    dialog.center = window.center
    answers = pygame.Rect(dialog.left, dialog.bottom - theme.px(92), dialog.width, theme.px(68)).inflate(-4 * gap, 0)
    return Layout(
        guidance=guidance,
        camera=camera,
        cards=_grid(area, count, columns, gap),
        not_sure=not_sure,
        actions=_grid(actions, len(view.actions), len(view.actions), gap),
        status=status,
        dialog=dialog,
        answers=_grid(answers, len(view.question.answers), len(view.question.answers), gap) if view.question else (),
    )


def _grid(area: pygame.Rect, count: int, columns: int, gap: int) -> tuple[pygame.Rect, ...]:
    rows = -(-count // columns)
    width, height = (area.width - gap * (columns - 1)) // columns, (area.height - gap * (rows - 1)) // rows
    return tuple(
        pygame.Rect(area.left + i % columns * (width + gap), area.top + i // columns * (height + gap), width, height)
        for i in range(count)
    )
