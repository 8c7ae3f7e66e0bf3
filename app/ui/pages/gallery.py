"""The gallery: all pictures of a class, as prints on a table; a tap removes one."""

from __future__ import annotations

import pygame

from app.ui.painting import paint
from app.ui.painting.canvas import Canvas
from app.ui.painting.layout import grid
from app.ui.painting.page import Target, arrange_page, draw_head, draw_keys, key_targets
from app.ui.painting.shapes import shape
from app.ui.painting.theme import mixed
from app.views.model import Gallery

FEWEST_PLACES = 10  # limits the size of the prints where there are few


def draw_gallery(canvas: Canvas, gallery: Gallery, breath: float) -> None:
    """Draw one page of a gallery; `breath` is that of `Moving`."""
    palette, px, page = canvas.palette, canvas.px, arrange_page(canvas)
    colour = canvas.theme.class_colour(gallery.index)
    paint.arcade_button(canvas.surface, page.mark.center, page.mark.width // 2 - px(2), gallery.index, canvas.theme)
    pages = pygame.Rect(page.title.right - px(170), page.title.top, px(170), page.title.height)
    canvas.text(gallery.page_text, pages, 22, palette.quiet, palette.background, align="right")
    page.title.width -= pages.width + px(12)
    draw_head(canvas, page, gallery.title, gallery.hint, None)
    table = page.body
    paint.panel(canvas.surface, table, mixed(palette.panel, colour, 0.1), px(26))
    for shown, area in zip(gallery.pictures, gallery_places(canvas, gallery, table), strict=True):
        paint.snapshot(canvas.surface, shown.picture, area.center, round(min(area.size) * 0.9))
        badge = (area.centerx + round(min(area.size) * 0.38), area.centery - round(min(area.size) * 0.38))
        size = max(px(13), min(area.size) // 9)
        canvas.surface.blit(disc := paint.disc(size, palette.text), disc.get_rect(center=badge))
        shape(canvas.surface, "remove", badge, round(size * 0.62), palette.background)
    draw_keys(canvas, gallery.keys, page.footer, breath)


def gallery_places(canvas: Canvas, gallery: Gallery, table: pygame.Rect) -> tuple[pygame.Rect, ...]:
    """A place for every picture, as large as possible."""
    px, count = canvas.px, max(FEWEST_PLACES, len(gallery.pictures))
    area = table.inflate(-px(36), -px(32))
    columns = max(range(1, count + 1), key=lambda n: min(area.width / n, area.height / -(-count // n)))
    return grid(area, count, columns, px(8))[: len(gallery.pictures)]


def gallery_targets(canvas: Canvas, gallery: Gallery) -> list[Target]:
    """The pictures and keys that can be touched."""
    page = arrange_page(canvas)
    places = gallery_places(canvas, gallery, page.body)
    targets: list[Target] = [(one.button, area) for one, area in zip(gallery.pictures, places, strict=True)]
    return targets + key_targets(canvas, gallery.keys, page.footer)
