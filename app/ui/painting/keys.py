"""Keys on the screen: they stand out, and go down while they are held."""

from __future__ import annotations

import pygame

from app.ui.painting import paint
from app.ui.painting.canvas import Canvas
from app.ui.painting.shapes import ICONS, shape
from app.ui.painting.theme import Colour, font, mixed
from app.views.model import ActionKey


def draw_key(
    canvas: Canvas,
    key: ActionKey,
    area: pygame.Rect,
    *,
    size: float = 26,
    breath: float = 0.0,
    strong: bool = False,
    tall: bool = False,
) -> None:
    """Draw a key: its icon, its text, and the name of the key on a real keyboard.

    Args:
        canvas: Where to draw.
        key: The key.
        area: The place of the key.
        size: Of the text, in units.
        breath: 0..1, how bright a suggested key is at this moment.
        strong: Use the accent colour, for the main answer.
        tall: Draw the icon above the text, for narrow keys with long texts.
    """
    palette, px = canvas.palette, canvas.px
    face, ink = face_of(canvas, key, breath, strong=strong)
    depth = px(5)
    if not key.enabled:
        paint.panel(canvas.surface, area, face, px(18))
        top = area.copy()
    elif key.held:
        top = area.move(0, depth - px(1))
        top.height = area.height - depth + px(1)
        paint.panel(canvas.surface, top, face, px(18))
    else:
        paint.lip(canvas.surface, area, face, under(canvas, face), px(18), depth)
        top = pygame.Rect(area.left, area.top, area.width, area.height - depth)
    hint = _hint_place(canvas, key, top, corner=tall or key.name not in ICONS)
    canvas.text(key.key, hint, 15, ink if key.enabled else palette.quiet, face, align="center", bold=True)
    inner = top.inflate(-px(20), -px(8))
    icon = px(11 if tall else size * 0.42)
    if key.name not in ICONS:  # only text, below the name of the keyboard's key
        if key.key:
            inner = pygame.Rect(top.left + px(6), hint.bottom, top.width - px(12), top.bottom - px(6) - hint.bottom)
        canvas.text(key.text, inner, size, ink, face, bold=True, align="center", lines=2, whole=True)
    elif tall:
        words_top = min(px(32), top.height - px(3) - px(size))
        words = pygame.Rect(top.left + px(6), top.top + words_top, top.width - px(12), top.height - px(4) - words_top)
        shape(canvas.surface, key.name, (top.centerx, top.top + min(px(20), words_top - icon - px(1))), icon, ink)
        canvas.text(key.text, words, size, ink, face, bold=True, align="center", whole=True)
    else:
        before, after = icon * 2 + px(12), hint.width + px(12) if key.key else 0
        side = max(before, after)
        words = pygame.Rect(inner.left + side, inner.top, inner.width - 2 * side, inner.height)
        if font(px(size), bold=True).size(key.text)[0] > words.width:  # then not in the middle of the key
            words = pygame.Rect(inner.left + before, inner.top, inner.width - before - after, inner.height)
        if key.detail:
            words.height = round(inner.height * 0.56)
            below = pygame.Rect(words.left, words.bottom, words.width, inner.bottom - words.bottom)
            canvas.text(key.detail, below, size * 0.7, ink, face, align="center", whole=True)
        lines = 1 if key.detail else 2
        drawn = canvas.text(key.text, words, size, ink, face, bold=True, align="center", lines=lines, whole=True)
        left = words.left if key.detail else drawn.left  # left of both lines
        shape(canvas.surface, key.name, (left - px(12) - icon, top.centery), icon, ink)


def _hint_place(canvas: Canvas, key: ActionKey, top: pygame.Rect, *, corner: bool) -> pygame.Rect:
    """The place for the name of the keyboard's key: the upper corner, or the right end."""
    px = canvas.px
    place = pygame.Rect(0, 0, px(22 if len(key.key) == 1 else 44), px(20))
    if corner:
        place.topright = (top.right - px(8), top.top + px(5))
    else:
        place.midright = (top.right - px(12), top.centery)
    return place


def face_of(canvas: Canvas, key: ActionKey, breath: float = 0.0, *, strong: bool = False) -> tuple[Colour, Colour]:
    """Colours of a key's face and of its text."""
    palette = canvas.palette
    if not key.enabled:
        return mixed(palette.background, palette.raised, 0.4), palette.quiet
    if key.erases:
        return palette.warning, canvas.theme.ink(palette.warning)
    if key.suggested or strong:
        face = mixed(palette.accent, (255, 255, 255), 0.3 * breath)
        return face, canvas.theme.ink(palette.accent)
    if key.held:
        return mixed(palette.raised, palette.line, 0.35), palette.text
    return palette.raised, palette.text


def under(canvas: Canvas, face: Colour) -> Colour:
    """Colour of the lower edge of a key, from the colour of its face."""
    palette = canvas.palette
    return palette.line if face == palette.raised else mixed(face, (0, 0, 0), 0.32)
