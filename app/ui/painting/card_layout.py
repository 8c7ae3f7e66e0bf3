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
NAME, SMALL_NAME, MARK, SMALL_MARK = 28, 22, 16, 13
ROW, BAR, BAR_GAP = 20, 6, 3  # of a narrow card: the height of colour and shape, the least of the bar below them
NO_NUMBER = "00"  # as wide as the usual number of pictures
LOW_CHIP = 24  # the greatest height of the chip on a low card
PENCIL = 22  # edge of the pencil
CHIP = 40  # the greatest height of the chip
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
    radius = min(px(47), area.height // 2 - px(6), area.width // (8 if tall else 10))
    button = pygame.Rect(area.left + px(8), area.centery - radius, 2 * radius, 2 * radius)
    left, pad = button.right + px(12), px(10 if tall else 6)
    content = pygame.Rect(left, area.top + pad, area.right - px(12) - left, area.height - 2 * pad)
    if area.height < px(FLAT) and area.width >= px(FLAT_FROM):
        return _flat(canvas, card, button, content)
    return (_wide if is_wide(canvas, area) else _narrow)(canvas, card, button, content, tall=tall)


def mark_size(canvas: Canvas, area: pygame.Rect) -> int:
    """Size of colour and shape on a card, in units: the same on all cards of a size."""
    return MARK if is_wide(canvas, area) or area.height >= canvas.px(TALL) else SMALL_MARK


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
    chip, rest = _low(canvas, card, row, content.height, always=card.confidence is not None)
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
    chip, rest = _low(canvas, card, content, low_h, always=card.confidence is not None)
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
    """Name and pencil, below them colour and shape, below these the bar; the chip at the lower right.

    On a low card the bar is thin, and the chip is beside it and beside colour and shape. A long name takes the place
    of the pencil, which moves down.
    """
    px, live = canvas.px, card.confidence is not None
    key = pygame.Rect(0, 0, px(20), px(20))
    reach = round(button.width / 2 * 0.75)
    key.center = (button.centerx + reach, button.centery + reach)
    key.bottom = min(key.bottom, content.bottom + px(2))
    content = pygame.Rect(content.left - px(5), content.top, content.width + px(10), content.height)
    if tall:
        mark_h, low_h = px(ROW), min(px(CHIP), content.height // 3)
        chip, rest = _low(canvas, card, content, low_h)
        mark = pygame.Rect(content.left, rest.top - px(BAR_GAP) - mark_h, content.width, mark_h)
        bar = _bar(canvas, rest) if live else NOWHERE
    else:
        bar_h, gap = (max(px(BAR), content.height // 9), px(BAR_GAP)) if live else (0, 0)
        low_h = min(px(ROW), (content.height - bar_h - gap) * 9 // 20) + bar_h + gap
        chip, rest = _low(canvas, card, content, low_h, most_h=LOW_CHIP)
        mark = pygame.Rect(rest.left, rest.top, rest.width, low_h - bar_h - gap)
        bar = pygame.Rect(rest.left, rest.bottom - bar_h, rest.width, bar_h) if live else NOWHERE
    whole = pygame.Rect(content.left, content.top, content.width, mark.top - content.top)
    name, pencil = whole, NOWHERE
    if card.rename is not None:
        name = pygame.Rect(whole.left, whole.top, whole.width - px(PENCIL + 8), whole.height)
        pencil = _behind(canvas, card, name, SMALL_NAME)
        if not _fits(canvas, card, name):
            name = whole
            pencil = pygame.Rect(mark.left, mark.centery - px(PENCIL) // 2, px(PENCIL), px(PENCIL))
            mark = pygame.Rect(pencil.right + px(6), mark.top, mark.right - pencil.right - px(6), mark.height)
    return CardLayout(button, key, name, pencil, mark, bar=bar, chip=chip)


def _low(
    canvas: Canvas, card: ClassCard, content: pygame.Rect, height: int, most_h: float = CHIP, *, always: bool = False
) -> tuple[pygame.Rect, pygame.Rect]:
    """The chip at the right of the lower row, and the rest of this row; `always` keeps its place free without one."""
    low = pygame.Rect(content.left, content.bottom - height, content.width, height)
    if card.gallery is None and not always:
        return NOWHERE, low
    number = str(card.shots) if card.gallery is not None else NO_NUMBER
    chip_h = min(canvas.px(most_h), height)
    letters = font(chip_text_px(chip_h), bold=True)
    number_w = max(letters.size(number)[0], letters.size(NO_NUMBER)[0])  # so bars stand one below the other
    chip_w = number_w + round(chip_h * 1.1)
    chip = pygame.Rect(low.right - chip_w, low.bottom - chip_h, chip_w, chip_h)
    rest = pygame.Rect(low.left, low.top, max(0, chip.left - canvas.px(7) - low.left), low.height)
    return chip if card.gallery is not None else NOWHERE, rest


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
