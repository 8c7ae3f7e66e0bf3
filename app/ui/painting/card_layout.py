"""Where the parts of a class card lie: its name above, the bar or the prints below, the chip at the right."""

from __future__ import annotations

from dataclasses import dataclass, field

import pygame

from app.ui.painting.canvas import Canvas, fitted
from app.ui.painting.theme import font
from app.views.model import ClassCard

# Sizes in units:
TALL = 88  # a higher card that is not wide says colour and shape in a line of its own
FLAT, FLAT_FROM = 58, 480  # a lower card of that width or more has everything in one row
FLAT_MARK = 144  # for colour and shape in this row
WIDE = 360  # a wider card has prints, the key at the right, and larger letters
NAME, SMALL_NAME, MARK = 28, 22, 16
PENCIL = 22  # edge of the pencil
NOWHERE = pygame.Rect(0, 0, 0, 0)


def _nowhere() -> pygame.Rect:
    return NOWHERE.copy()


@dataclass(frozen=True)
class CardLayout:
    """The parts of a card, in pixels; parts without room are empty. `key` is that of a keyboard."""

    button: pygame.Rect
    key: pygame.Rect
    name: pygame.Rect
    pencil: pygame.Rect = field(default_factory=_nowhere)
    mark: pygame.Rect = field(default_factory=_nowhere)
    count: pygame.Rect = field(default_factory=_nowhere)
    bar: pygame.Rect = field(default_factory=_nowhere)
    prints: pygame.Rect = field(default_factory=_nowhere)
    chip: pygame.Rect = field(default_factory=_nowhere)


def is_wide(canvas: Canvas, area: pygame.Rect) -> bool:
    """Whether a card of this size is arranged as a wide one."""
    return area.width >= canvas.px(WIDE)


def arrange_card(canvas: Canvas, card: ClassCard, area: pygame.Rect) -> CardLayout:
    """Arrange a card by its size."""
    px = canvas.px
    tall = area.height >= px(TALL)
    radius = min(px(47), area.height // 2 - px(6), area.width // 8)
    button = pygame.Rect(area.left + px(8), area.centery - radius, 2 * radius, 2 * radius)
    left, pad = button.right + px(12), px(10 if tall else 6)
    content = pygame.Rect(left, area.top + pad, area.right - px(12) - left, area.height - 2 * pad)
    if area.height < px(FLAT) and area.width >= px(FLAT_FROM):
        return _flat(canvas, card, button, content)
    return (_wide if is_wide(canvas, area) else _narrow)(canvas, card, button, content, tall=tall)


def chip_text_px(height: int) -> int:
    """Size of the number on a chip of that height."""
    return max(8, round(height * 0.56))


def name_lines(canvas: Canvas, place: pygame.Rect) -> int:
    """How many lines a name may take."""
    return 1 if place.height < canvas.px(42) else 2


def _flat(canvas: Canvas, card: ClassCard, button: pygame.Rect, content: pygame.Rect) -> CardLayout:
    """Everything in one row: name and pencil, bar or prints, colour and shape, the chip, and the key."""
    px = canvas.px
    edge = min(px(24), content.height)
    key = pygame.Rect(content.right - edge, content.centery - edge // 2, edge, edge)
    row = pygame.Rect(content.left, content.top, key.left - px(10) - content.left, content.height)
    chip, rest = _low(canvas, card, row, content.height)
    mark_w = min(px(FLAT_MARK), rest.width // 3)  # the same on every card, so that bars stand one below the other
    mark = pygame.Rect(rest.right - mark_w, rest.top, mark_w, rest.height)
    pencil_w = px(PENCIL + 8) if card.rename is not None else 0
    name = pygame.Rect(rest.left, rest.top, (mark.left - px(10) - rest.left) * 3 // 5 - pencil_w, rest.height)
    left = name.right + pencil_w + px(10)
    middle = pygame.Rect(left, rest.top, mark.left - px(10) - left, rest.height)
    live = card.confidence is not None
    return CardLayout(
        button,
        key,
        name,
        _behind(canvas, card, name, NAME) if pencil_w else NOWHERE,
        mark,
        count=NOWHERE if live or card.shots else middle,
        bar=_bar(canvas, middle) if live else NOWHERE,
        prints=middle if card.shots and not live else NOWHERE,
        chip=chip,
    )


def _wide(canvas: Canvas, card: ClassCard, button: pygame.Rect, content: pygame.Rect, *, tall: bool) -> CardLayout:
    """Name and pencil, colour and shape, and the key in a row; below it bar or prints, and the chip."""
    px = canvas.px
    low_h = min(px(46), content.height // 2)
    chip, rest = _low(canvas, card, content, low_h)
    edge = min(px(24), content.height - low_h)
    key = pygame.Rect(content.right - edge, content.top, edge, edge)
    name = pygame.Rect(content.left, content.top, key.left - px(8) - content.left, content.height - low_h)
    mark_w = min(font(px(MARK), bold=False).size(card.mark_text)[0], name.width // 2)
    mark = pygame.Rect(name.right - mark_w, name.top, mark_w, name.height)
    name.width -= mark_w + px(8)
    pencil = NOWHERE
    if card.rename is not None:
        name.width -= px(PENCIL + 8)
        pencil = _behind(canvas, card, name, NAME)
    live = card.confidence is not None
    return CardLayout(
        button,
        key,
        name,
        pencil,
        mark,
        count=NOWHERE if live or card.shots else rest,
        bar=_bar(canvas, rest) if live else NOWHERE,
        prints=rest if card.shots and not live else NOWHERE,
        chip=chip,
    )


def _narrow(canvas: Canvas, card: ClassCard, button: pygame.Rect, content: pygame.Rect, *, tall: bool) -> CardLayout:
    """Name and pencil; below them the bar, or colour or shape, and the chip. A long name moves the pencil down."""
    px, live = canvas.px, card.confidence is not None
    key = pygame.Rect(0, 0, px(20), px(20))
    reach = round(button.width / 2 * 0.75)
    key.center = (button.centerx + reach, button.centery + reach)
    mark_h = px(20) if tall else 0
    low_h = max(min(px(46), (content.height - mark_h) // 2), px(20))
    chip, rest = _low(canvas, card, content, low_h)
    whole = pygame.Rect(content.left, content.top, content.width, content.height - low_h - mark_h)
    name, pencil = whole, NOWHERE
    if card.rename is not None:
        name = pygame.Rect(whole.left, whole.top, whole.width - px(PENCIL + 8), whole.height)
        pencil = _behind(canvas, card, name, SMALL_NAME)
    if not _fits(canvas, card, name):
        if not _fits(canvas, card, whole):
            return _very_long(canvas, card, CardLayout(button, key, whole, pencil, chip=chip), content)
        name = whole
        if pencil.width:
            pencil = pygame.Rect(rest.left, rest.centery - px(PENCIL) // 2, px(PENCIL), px(PENCIL))
            rest = pygame.Rect(pencil.right + px(8), rest.top, max(0, rest.right - pencil.right - px(8)), rest.height)
    below = pygame.Rect(content.left, name.bottom, content.width, mark_h)
    return CardLayout(
        button,
        key,
        name,
        pencil,
        mark=below if tall else NOWHERE if live else rest,
        bar=_bar(canvas, rest) if live else NOWHERE,
        chip=chip,
    )


def _very_long(canvas: Canvas, card: ClassCard, parts: CardLayout, content: pygame.Rect) -> CardLayout:
    """A very long name takes all that the pencil, the chip and a thin bar leave."""
    px, pencil = canvas.px, parts.pencil
    side = max(parts.chip.width, px(PENCIL) if pencil.width else 0)
    if pencil.width:
        pencil = pygame.Rect(content.right - px(PENCIL), content.top, px(PENCIL), px(PENCIL))
    name = pygame.Rect(content.left, content.top, content.width - side - px(4), content.height)
    bar = NOWHERE
    if card.confidence is not None:
        bar = pygame.Rect(name.left, content.bottom - px(7), name.width, px(7))
        name.height -= px(8)
    return CardLayout(parts.button, parts.key, name, pencil, bar=bar, chip=parts.chip)


def _low(canvas: Canvas, card: ClassCard, content: pygame.Rect, height: int) -> tuple[pygame.Rect, pygame.Rect]:
    """The chip at the right of the lower row, and the rest of this row."""
    low = pygame.Rect(content.left, content.bottom - height, content.width, height)
    if card.gallery is None:
        return NOWHERE, low
    chip_h = min(canvas.px(40), height)
    number_w = max(font(chip_text_px(chip_h), bold=True).size(str(card.shots))[0], chip_h // 2)
    chip_w = number_w + round(chip_h * 1.15)
    chip = pygame.Rect(low.right - chip_w, low.bottom - chip_h, chip_w, chip_h)
    return chip, pygame.Rect(low.left, low.top, max(0, chip.left - canvas.px(10) - low.left), low.height)


def _bar(canvas: Canvas, row: pygame.Rect) -> pygame.Rect:
    thick = min(canvas.px(20), max(canvas.px(9), row.height - canvas.px(6)))
    return pygame.Rect(row.left, row.centery - thick // 2, row.width, thick)


def _behind(canvas: Canvas, card: ClassCard, name: pygame.Rect, size: float) -> pygame.Rect:
    """The place of the pencil: right behind the name, as it is drawn at `name`."""
    px = canvas.px
    size_px, lines = fitted(card.label, px(size), name.size, name_lines(canvas, name), True)
    width = min(name.width, max(font(size_px, bold=True).size(line)[0] for line in lines))
    return pygame.Rect(name.left + width + px(8), name.centery - px(PENCIL) // 2, px(PENCIL), px(PENCIL))


def _fits(canvas: Canvas, card: ClassCard, name: pygame.Rect) -> bool:
    """Whether the name is drawn there in whole words, in letters that are not much smaller than usual."""
    size_px, lines = fitted(card.label, canvas.px(SMALL_NAME), name.size, name_lines(canvas, name), True)
    words = " ".join(lines).split()
    return words == card.label.split() and size_px >= canvas.px(SMALL_NAME) * 0.6
