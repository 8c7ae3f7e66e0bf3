"""The strip of a game at the upper edge of the camera picture."""

from __future__ import annotations

import pygame

from app.ui.painting import paint
from app.ui.painting.canvas import Canvas
from app.ui.painting.marks import draw_class_mark
from app.views.model import GameStrip

STRIP_H = 64
BEST_W, DOT_W = 130, 18
PRINT = 132  # edge of the picture of the best trick


def draw_strip(canvas: Canvas, game: GameStrip, camera: pygame.Rect) -> None:
    """Draw the mark of the class to trick, how sure the model is of it or the title, the best trick, and the steps;
    below it, the picture of the best trick.
    """
    palette, px = canvas.palette, canvas.px
    area = pygame.Rect(camera.left + px(20), camera.top + px(20), camera.width - 2 * px(20), px(STRIP_H))
    paint.panel(canvas.surface, area, palette.panel, px(20))
    inner = area.inflate(-px(32), -px(12))
    dots = pygame.Rect(0, inner.top, px(DOT_W) * game.steps, inner.height)
    dots.right = inner.right
    _dots(canvas, game, dots)
    words = pygame.Rect(inner.left, inner.top, dots.left - px(16) - inner.left, inner.height)
    if game.index is not None:
        radius = px(20)
        draw_class_mark(canvas, game.index, (words.left + radius, words.centery), radius)
        moved = 2 * radius + px(14)
        words = pygame.Rect(words.left + moved, words.top, words.width - moved, words.height)
    if game.best_text:
        best = pygame.Rect(words.right - px(BEST_W), words.top, px(BEST_W), words.height)
        canvas.text(game.best_text, best, 20, palette.quiet, palette.panel, bold=True, align="right")
        words.width -= px(BEST_W + 14)
    if game.best is not None:
        edge = min(px(PRINT), (camera.bottom - area.bottom) // 3)
        light = game.best_light
        colour = None if light is None or light.index is None else canvas.theme.class_colour(light.index)
        centre = (area.right - edge * 0.62, area.bottom + px(8) + edge * 0.62)
        paint.snapshot(canvas.surface, game.best, centre, edge, light=light, colour=colour)
    if game.share is not None and game.index is not None:
        name = pygame.Rect(words.left, words.top, words.width * 2 // 5, words.height)
        canvas.text(game.title, name, 26, palette.text, palette.panel, bold=True)
        track = pygame.Rect(name.right + px(14), 0, words.right - name.right - px(14), px(22))
        track.centery = words.centery
        paint.bar(canvas.surface, track, game.share, canvas.theme.class_colour(game.index), palette.raised)
    else:
        canvas.text(game.title, words, 26, palette.text, palette.panel, bold=True)


def _dots(canvas: Canvas, game: GameStrip, area: pygame.Rect) -> None:
    """One dot for each step: those done and the present one are coloured, the present one is larger."""
    for n in range(game.steps):
        colour = canvas.palette.accent if n <= game.done else canvas.palette.line
        disc = paint.disc(canvas.px(8 if n == game.done else 6), colour)
        centre = (area.left + round((n + 0.5) * area.width / game.steps), area.centery)
        canvas.surface.blit(disc, disc.get_rect(center=centre))
