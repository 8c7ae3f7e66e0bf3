"""Class cards: the button in colour and shape of its class, a ring for the count, prints, and the confidence."""

from __future__ import annotations

from dataclasses import dataclass

import pygame

from app.ui.painting import paint
from app.ui.painting.canvas import Canvas
from app.ui.painting.theme import mixed
from app.views.model import ClassCard

# Sizes in units:
TALL = 88  # higher cards have two rows
WIDE = 360  # wider cards have prints beside the bar, and the count beside the name
PRINT = 46
NOWHERE = pygame.Rect(0, 0, 0, 0)


@dataclass(frozen=True)
class CardLayout:
    """The parts of a card, in pixels; parts without room are empty."""

    button: pygame.Rect
    chip: pygame.Rect
    name: pygame.Rect
    count: pygame.Rect
    bar: pygame.Rect
    prints: pygame.Rect


def arrange_card(canvas: Canvas, card: ClassCard, area: pygame.Rect) -> CardLayout:
    """Arrange a card by its size: a wide one has prints beside the bar, a tall one a row below the name."""
    px = canvas.px
    tall, wide, live = area.height >= px(TALL), area.width >= px(WIDE), card.confidence is not None
    radius = min(px(47), area.height // 2 - px(6), area.width // 7)
    button = pygame.Rect(area.left + px(10), area.centery - radius, 2 * radius, 2 * radius)
    pad, left = px(12 if tall else 7), button.right + px(14)
    content = pygame.Rect(left, area.top + pad, area.right - px(16) - left, area.height - 2 * pad)
    badge = pygame.Rect(0, 0, px(20), px(20))
    badge.center = (button.centerx + round(radius * 0.75), button.centery + round(radius * 0.75))
    prints_h = min(px(PRINT), content.height)
    count = bar = prints = NOWHERE
    if wide and tall:
        chip = pygame.Rect(content.right - px(24), content.top, px(24), px(24))
        head = pygame.Rect(content.left, content.top - px(3), chip.left - px(10) - content.left, px(32))
        below = pygame.Rect(content.left, content.top + px(34), content.width, content.height - px(34))
        beside = pygame.Rect(head.right - px(130), head.top, px(130), head.height)
        count = beside if card.shots or live else below
        prints_w = below.width if not live else 2 * min(prints_h, below.height)
        prints = pygame.Rect(below.right - prints_w, below.top, prints_w, below.height)
        bar = pygame.Rect(below.left, below.centery - px(10), prints.left - px(14) - below.left, px(20))
        return CardLayout(button, chip, head, count, bar if live else NOWHERE, prints if card.shots else NOWHERE)
    name = content.copy()
    if wide:
        prints_w = 2 * prints_h
        prints = pygame.Rect(content.right - prints_w, content.top, prints_w, content.height)
        if not card.shots:
            count, prints = prints.inflate(px(40), 0).move(-px(20), 0), NOWHERE
        name.width = (count if count.width else prints).left - px(12) - name.left
    if live:
        thick = px(16 if tall or wide else 9)
        bar = pygame.Rect(name.left, content.bottom - thick - px(2 if tall else 0), name.width, thick)
        name.height = bar.top - px(3) - name.top
    elif tall and card.shots:
        prints = pygame.Rect(content.left, content.bottom - min(prints_h, px(40)), content.width, min(prints_h, px(40)))
        name.height = prints.top - px(3) - name.top
    return CardLayout(button, badge, name, count, bar, prints)


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
    if layout.chip.colliderect(layout.button):
        paint.panel(surface, layout.chip.inflate(px(4), px(4)), face, px(9))
    paint.panel(surface, layout.chip, palette.raised, px(8))
    canvas.text(card.key, layout.chip, 15, palette.text, palette.raised, bold=True, align="center")
    name = layout.name.copy()
    beside = layout.count.width > 0 and layout.count.top == name.top
    if layout.count.width:
        size, align = (17, "right") if beside or card.confidence is not None else (20, "left")
        drawn = canvas.text(card.count_text, layout.count, size, quiet, face, align=align, lines=2)
        if beside:
            name.width = drawn.left - px(8) - name.left
    canvas.text(card.label, name, 28 if area.width >= px(WIDE) else 22, ink, face, bold=True, lines=1 if beside else 2)
    if layout.bar.width:
        paint.bar(surface, layout.bar, bar, colour, mixed(face, ink, 0.14))
    if layout.prints.width:
        _prints(canvas, card, layout.prints)


def _prints(canvas: Canvas, card: ClassCard, area: pygame.Rect) -> None:
    """Draw the newest prints side by side, overlapping a little; left-aligned in a long row, else right-aligned."""
    edge = min(area.height, canvas.px(PRINT), area.width)
    if edge < canvas.px(18):
        return
    step = round(edge * 0.82)
    shown = card.thumbnails[-(1 + (area.width - edge) // step) :]
    left = area.left if area.width > 3 * edge else area.right - edge - step * (len(shown) - 1)
    for place, one in enumerate(shown):
        centre = (left + edge / 2 + place * step, area.centery)
        paint.snapshot(canvas.surface, one, centre, round(edge * 0.94))
