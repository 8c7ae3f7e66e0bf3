"""The typing screen: an on-screen keyboard, or a number pad for the PIN. A real keyboard types, too."""

from __future__ import annotations

import pygame

from app.ui.painting import paint
from app.ui.painting.canvas import LINE, Canvas, fitted
from app.ui.painting.kept import draw_kept
from app.ui.painting.keys import draw_key, under
from app.ui.painting.marks import draw_class_mark
from app.ui.painting.page import Target, arrange_page
from app.ui.painting.shapes import shape
from app.ui.painting.theme import font, mixed
from app.views.model import Typing

SYMBOLS = {"⌫": "erase", "←": "erase", "⇧": "shift", "↑": "shift"}  # drawn as icons: the font lacks them
SHIFTS = ("⇧", "↑")
KEYS_W = 330  # units; the greatest width of a key below the keyboard
KEY_W, KEY_H = 112, 92  # units; the largest size of a key
TEXT = 40  # units
TOOL_W = 196  # units
SELECTED = 0.4  # share of the accent colour behind selected text


def draw_typing(canvas: Canvas, typing: Typing) -> None:
    """Draw the typed text and the keyboard."""
    palette, px, page = canvas.palette, canvas.px, arrange_page(canvas)
    field, board, title, problem = _places(canvas)
    tools = _tool_places(title, typing, px(TOOL_W))
    words, align = title, "center"
    if tools:
        words, align = (
            pygame.Rect(title.left + px(62), title.top, tools[0].left - title.left - px(74), title.height),
            "left",
        )
    drawn = canvas.text(typing.title, words, 34, palette.text, palette.background, bold=True, align=align)
    if typing.index is not None:
        draw_class_mark(canvas, typing.index, (drawn.left - px(38), title.centery), px(24))
    paint.panel(canvas.surface, field, palette.panel, px(22))
    _draw_text(canvas, typing, field.inflate(-px(48), -px(12)))
    if typing.problem:
        drawn = canvas.text(typing.problem, problem, 21, palette.text, palette.background, bold=True, align="center")
        mark = (drawn.left - px(20), drawn.centery)
        shape(canvas.surface, "warning", mark, px(11), palette.warning)
    elif typing.hint:
        canvas.text(typing.hint, problem, 21, palette.quiet, palette.background, align="center")
    looks = (typing.rows, typing.accents, typing.shift)
    whole = board.unionall(list(board_places(canvas, typing, board)))  # five rows reach a little above it
    draw_kept(canvas, "board", looks, whole, lambda onto: _draw_board(onto, typing, board))
    for key, area in zip(typing.keys, _key_places(canvas, typing, page.footer), strict=True):
        draw_key(canvas, key, area, size=26)
    for key, area in zip(typing.tools, tools, strict=True):
        draw_key(canvas, key, area, size=22)


def _draw_board(canvas: Canvas, typing: Typing, board: pygame.Rect) -> None:
    """Draw the keys of the keyboard or number pad."""
    palette, px = canvas.palette, canvas.px
    accents = len(typing.rows[0]) if typing.accents else 0
    for number, ((_, text), area) in enumerate(zip(_flat(typing), board_places(canvas, typing, board), strict=True)):
        lit = number < accents or (typing.shift and text in SHIFTS)
        face = palette.accent if lit else palette.raised
        ink = canvas.theme.ink(face) if lit else palette.text
        paint.lip(canvas.surface, area, face, under(canvas, face), px(14), px(4))
        top = pygame.Rect(area.left, area.top, area.width, area.height - px(4))
        if text in SYMBOLS:
            shape(canvas.surface, SYMBOLS[text], top.center, min(px(17), top.height // 3), ink)
        elif text:
            canvas.text(text, top.inflate(-px(8), -px(4)), 34, ink, face, bold=True, align="center")
        else:
            line = pygame.Rect(0, 0, area.width // 3, px(4))
            line.center = (top.centerx, top.centery + px(4))
            paint.panel(canvas.surface, line, palette.quiet, px(2))


def typing_targets(canvas: Canvas, typing: Typing) -> list[Target]:
    """The keys that can be touched, and the text if touching it does something."""
    field, board, title, _ = _places(canvas)
    places = board_places(canvas, typing, board)
    targets: list[Target] = [(button, area) for (button, _), area in zip(_flat(typing), places, strict=True)]
    key_places = _key_places(canvas, typing, arrange_page(canvas).footer)
    targets += [(key.button, area) for key, area in zip(typing.keys, key_places, strict=True)]
    tools = _tool_places(title, typing, canvas.px(TOOL_W))
    targets += [(key.button, area) for key, area in zip(typing.tools, tools, strict=True)]
    return targets if typing.field is None else [*targets, (typing.field, field)]


def board_places(canvas: Canvas, typing: Typing, board: pygame.Rect) -> tuple[pygame.Rect, ...]:
    """A place for every key, row by row, with each row centred; the space bar is as wide as five keys."""
    px, gap = canvas.px, canvas.px(8)
    if not typing.rows:
        return ()
    widest = max(sum(1 if text else 5 for _, text in row) for row in typing.rows)
    few = widest <= 4
    unit = min(px(KEY_W * (1.5 if few else 1)), (board.width + gap) // widest)
    height = min(px(KEY_H), (board.height + gap) // len(typing.rows))
    spare = board.height - height * len(typing.rows)
    top = board.top + (spare // 2 if few else spare)  # near the keys below it
    places = []
    for number, row in enumerate(typing.rows):
        left = board.centerx - (unit * sum(1 if text else 5 for _, text in row) - gap) // 2
        for _, text in row:
            width = unit * (1 if text else 5)
            places.append(pygame.Rect(left, top + number * height, width - gap, height - gap))
            left += width
    return tuple(places)


def _key_places(canvas: Canvas, typing: Typing, footer: pygame.Rect) -> tuple[pygame.Rect, ...]:
    """The places of the keys below the keyboard, from its left end to its right end: done is at the right."""
    width, count = min(canvas.px(KEYS_W), (footer.width - canvas.px(20)) // 2), len(typing.keys)
    step = (footer.width - width) / max(1, count - 1)
    return tuple(pygame.Rect(footer.left + round(n * step), footer.top, width, footer.height) for n in range(count))


def _tool_places(title: pygame.Rect, typing: Typing, width: int) -> tuple[pygame.Rect, ...]:
    """The places of what else can be done with the class, from the right end of the row of the title."""
    gap, count = width // 16, len(typing.tools)
    lefts = [title.right - (count - place) * width - (count - 1 - place) * gap for place in range(count)]
    return tuple(pygame.Rect(left, title.top, width, title.height) for left in lefts)


def _draw_text(canvas: Canvas, typing: Typing, area: pygame.Rect) -> None:
    """Draw the typed text: with the caret after it, or highlighted if it is selected."""
    palette, px = canvas.palette, canvas.px
    place = area.inflate(-px(12), 0)
    if typing.field is not None:
        size_px, lines = fitted(typing.text, px(TEXT), place.size, 1, True)
        width = max(font(size_px, bold=True).size(line)[0] for line in lines)
        face = mixed(palette.panel, palette.accent, SELECTED)
        plate = pygame.Rect(0, 0, width + px(20), min(area.height, round(size_px * (len(lines) * LINE + 0.2))))
        plate.center = area.center
        paint.panel(canvas.surface, plate, face, px(10))
        canvas.text(typing.text, place, TEXT, palette.text, face, bold=True, align="center")
        return
    if typing.secret:
        step, radius, count = px(36), px(10), len(typing.text)
        left = area.centerx - step * (count - 1) // 2
        for number in range(count):
            disc = paint.disc(radius, palette.text)
            canvas.surface.blit(disc, disc.get_rect(center=(left + number * step, area.centery)))
        caret = pygame.Rect(left + count * step - (step // 2 if count else 0), 0, px(4), px(40))
    else:
        drawn = canvas.text(typing.text, place, TEXT, palette.text, palette.panel, bold=True, align="center")
        caret = pygame.Rect(drawn.right + px(6) if typing.text else area.centerx, 0, px(4), px(44))
    caret.centery = area.centery
    paint.panel(canvas.surface, caret, palette.accent, px(2))


def _flat(typing: Typing) -> list[tuple[object, str]]:
    return [key for row in typing.rows for key in row]


def typing_notice_place(canvas: Canvas) -> pygame.Rect:
    """Where passing messages are: over the title, so that the field stays in view."""
    _, _, title, _ = _places(canvas)
    rise = canvas.px(14)
    return pygame.Rect(title.left, title.top - rise, title.width, title.height + rise)


def _places(canvas: Canvas) -> tuple[pygame.Rect, pygame.Rect, pygame.Rect, pygame.Rect]:
    """The places of text field, keyboard, title and problem."""
    px, page = canvas.px, arrange_page(canvas)
    inner = pygame.Rect(page.body.left, page.mark.top, page.body.width, page.footer.top - px(18) - page.mark.top)
    title = pygame.Rect(inner.left, inner.top, inner.width, px(50))
    field = pygame.Rect(0, title.bottom + px(8), min(inner.width, px(760)), px(76))
    field.centerx = inner.centerx
    problem = pygame.Rect(inner.left + px(40), field.bottom + px(4), inner.width - px(80), px(34))
    board = pygame.Rect(inner.left, problem.bottom + px(6), inner.width, inner.bottom - problem.bottom - px(6))
    return field, board, title, problem
