"""Class cards: the button in colour and shape of its class, a ring for the count, the name with a pencil, prints or the
confidence, and a chip with the number of pictures, which opens them."""

from __future__ import annotations

import pygame

from app.ui.painting import paint
from app.ui.painting.canvas import Canvas
from app.ui.painting.card_layout import (
    NAME,
    SMALL_NAME,
    arrange_card,
    chip_text_px,
    is_wide,
    mark_size,
    name_lines,
)
from app.ui.painting.keys import under
from app.ui.painting.page import Target
from app.ui.painting.shapes import shape
from app.ui.painting.theme import SMALLEST_TEXT_PX, font, mixed
from app.views.model import ClassCard

PRINT = 46  # units
TOUCH = 44  # units; the least that can be touched of a pencil or a chip


def card_targets(canvas: Canvas, card: ClassCard, area: pygame.Rect) -> list[Target]:
    """The pencil and the chip of a card, with places inside the card that are large enough for a finger.

    Where both are close to each other, they divide the room between them.
    """
    layout, least = arrange_card(canvas, card, area), canvas.px(TOUCH)
    pencil, chip = _reach(layout.pencil, least).clip(area), _reach(layout.chip, least)
    chip = chip.union((chip.left, chip.top, area.right - chip.left, area.bottom - chip.top)).clip(area)
    if layout.pencil.width and layout.chip.width and pencil.colliderect(chip):
        if layout.pencil.centery < layout.chip.top:
            middle = (layout.pencil.bottom + layout.chip.top) // 2
            pencil.height, chip.height, chip.top = middle - pencil.top, chip.bottom - middle, middle
        else:
            middle = (layout.pencil.right + layout.chip.left) // 2
            pencil.width, chip.width, chip.left = middle - pencil.left, chip.right - middle, middle
    found = ((card.gallery, layout.chip, chip), (card.rename, layout.pencil, pencil))
    return [(button, place) for button, drawn, place in found if button is not None and drawn.width]


def _reach(part: pygame.Rect, least: int) -> pygame.Rect:
    """A part, enlarged where it is too small for a finger."""
    return part.inflate(max(0, least - part.width), max(0, least - part.height))


def draw_card(
    canvas: Canvas, card: ClassCard, area: pygame.Rect, *, bar: float, ring: float, light: float, lead: float
) -> None:
    """Draw a card.

    Args:
        canvas: Where to draw.
        card: The class.
        area: The place of the card.
        bar, ring, light, lead: As in `Moving`: confidence, share of the target, whether the button is held, whether
            the verdict names the class; 0..1.
    """
    palette, px, surface = canvas.palette, canvas.px, canvas.surface
    layout = arrange_card(canvas, card, area)
    colour = canvas.theme.class_colour(card.index)
    glow = round(20 * max(0.85 * light, 0.42 * lead)) / 20
    face = mixed(palette.panel, colour, glow * 0.62)
    ink = canvas.theme.ink(face) if glow > 0.3 else palette.text
    quiet = ink if glow > 0.1 else palette.quiet
    paint.panel(surface, area, face, px(22))
    radius, centre = layout.button.width // 2, layout.button.center
    track = mixed(palette.raised, colour, 0.12)
    paint.ring(surface, centre, radius, max(3, round(radius * 0.15)), ring, colour if glow < 0.5 else ink, track)
    paint.arcade_button(surface, centre, round(radius * 0.76), card.index, canvas.theme, light)
    if layout.key.colliderect(layout.button):
        paint.panel(surface, layout.key.inflate(px(4), px(4)), face, px(9))
    paint.panel(surface, layout.key, palette.raised, px(8))
    canvas.text(card.key, layout.key, 15, palette.text, palette.raised, bold=True, align="center")
    wide = is_wide(canvas, area)
    canvas.text(
        card.label,
        layout.name,
        NAME if wide else SMALL_NAME,
        ink,
        face,
        bold=True,
        lines=name_lines(canvas, layout.name),
    )
    if layout.pencil.width:
        shape(
            surface, "rename" if card.pencil else "dots", layout.pencil.center, layout.pencil.width // 2 - px(2), quiet
        )
    if layout.mark.width:
        room = font(SMALLEST_TEXT_PX, bold=False).size(card.mark_text)[0] <= layout.mark.width
        canvas.text(card.mark_text if room else card.mark_short, layout.mark, mark_size(canvas, area), quiet, face)
    if layout.count.width:
        canvas.text(card.count_text, layout.count, 20, quiet, face, lines=2)
    if layout.bar.width:
        paint.bar(surface, layout.bar, bar, colour, mixed(face, ink, 0.14))
    if layout.prints.width:
        _prints(canvas, card, layout.prints)
    if layout.chip.width:
        _chip(canvas, card, layout.chip)


def _chip(canvas: Canvas, card: ClassCard, area: pygame.Rect) -> None:
    """Draw the key with the number of pictures and an arrow."""
    palette, px = canvas.palette, canvas.px
    depth = px(3)
    radius = min(px(12), area.height // 2)
    paint.lip(canvas.surface, area, palette.raised, under(canvas, palette.raised), radius, depth)
    top = pygame.Rect(area.left, area.top, area.width, area.height - depth)
    size_px = chip_text_px(area.height)
    words = pygame.Rect(top.left + area.height // 4, top.top, top.width - round(area.height * 0.8), top.height)
    canvas.text(
        str(card.shots), words, size_px / canvas.theme.unit, palette.text, palette.raised, bold=True, align="center"
    )
    arrow = (top.right - round(area.height * 0.36), top.centery)
    shape(canvas.surface, "later", arrow, max(4, round(area.height * 0.24)), palette.text)


def _prints(canvas: Canvas, card: ClassCard, area: pygame.Rect) -> None:
    """Draw the newest prints side by side, overlapping a little."""
    edge = min(area.height, canvas.px(PRINT), area.width)
    if edge < canvas.px(18):
        return
    step = round(edge * 0.82)
    for place, one in enumerate(card.thumbnails[-(1 + (area.width - edge) // step) :]):
        centre = (area.left + edge / 2 + place * step, area.centery)
        paint.snapshot(canvas.surface, one, centre, round(edge * 0.94))
