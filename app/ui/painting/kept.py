"""Parts of a screen that were drawn before: what stays the same is copied, not drawn again."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import pygame

from app.ui.painting.canvas import Canvas, DrawnText
from app.ui.painting.surfaces import PRINTS

MOST_PLACES = 64

_latest: dict[Hashable, int] = {}  # by place: the hash of what was drawn there last, which may show pictures of a visit


class _Part(pygame.Surface):
    """A part that was drawn, with its texts."""

    texts: tuple[DrawnText, ...] = ()


def draw_kept(
    canvas: Canvas, place: Hashable, looks: Hashable, area: pygame.Rect, draw: Callable[[Canvas], None]
) -> None:
    """Draw a part that lies on the plain background.

    A part that changes all the time is drawn directly. Once it stays the same from one draw to the next, it is kept
    among the prints, because it may show pictures, and copied from there.

    Args:
        canvas: Where to draw.
        place: Tells this part from all others.
        looks: Equal whenever `draw` draws the same pixels there, with the same theme.
        area: The place of the part in the window; `draw` stays inside.
        draw: Draws the part onto a canvas, at `area`.
    """
    key = ("part", looks, tuple(area), canvas.theme)
    if _latest.get(place) != hash(key):
        if len(_latest) >= MOST_PLACES:
            _latest.clear()
        _latest[place] = hash(key)
        draw(canvas)
        return
    part = PRINTS.get(key, lambda: _drawn(canvas, area, draw))
    canvas.surface.blit(part, area)
    if isinstance(part, _Part):
        canvas.texts.extend(part.texts)


def _drawn(canvas: Canvas, area: pygame.Rect, draw: Callable[[Canvas], None]) -> _Part:
    """Draw at the same place of an empty window, and cut the part out."""
    whole = Canvas(pygame.Surface(area.bottomright, 0, canvas.surface), canvas.theme)
    whole.surface.fill(canvas.palette.background, area)
    draw(whole)
    part = _Part(area.size, 0, canvas.surface)
    part.blit(whole.surface, (0, 0), area)
    part.texts = tuple(whole.texts)
    return part
