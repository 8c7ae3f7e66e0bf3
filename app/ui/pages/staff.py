"""The staff pages: tabs, and rows of settings with arrows beside values that can be changed."""

from __future__ import annotations

from dataclasses import dataclass

import pygame

from app.ui.pages.staff_preview import draw_preview, split_body
from app.ui.painting import paint
from app.ui.painting.canvas import Canvas, fitted
from app.ui.painting.keys import under
from app.ui.painting.layout import grid
from app.ui.painting.page import Target, arrange_page, draw_keys, key_targets
from app.ui.painting.shapes import shape
from app.ui.painting.switch import draw_switch
from app.ui.painting.theme import font, mixed
from app.views.model import KioskView, Setting, Staff

ROW_H = 62
LEAST_ROW_H = 50  # units; more rows take two columns
LABEL_SHARE, LEAST_LABEL_SHARE = 0.42, 0.2  # of a row: the labels of a page end at the same place
TEXT, KEY_TEXT = 21, 19
READABLE = 15  # units: a value that would be smaller gets the room that its label does not need
LEAST_KEY_W, MOST_KEY_W = 92, 168


@dataclass(frozen=True)
class RowLayout:
    """The parts of a row, in pixels; parts that a row does not have are empty."""

    row: pygame.Rect
    label: pygame.Rect
    value: pygame.Rect
    less: pygame.Rect
    more: pygame.Rect
    press: pygame.Rect


def draw_staff(canvas: Canvas, staff: Staff, view: KioskView) -> None:
    """Draw a staff page; the page of the camera shows the picture of the view."""
    palette, px, page = canvas.palette, canvas.px, arrange_page(canvas)
    title, tabs, body = _places(canvas, staff)
    canvas.text(staff.title, title, 30, palette.text, palette.background, bold=True)
    for tab, area in zip(staff.tabs, tabs, strict=True):
        face = palette.text if tab.selected else palette.raised
        ink = canvas.theme.ink(face) if tab.selected else palette.text
        paint.panel(canvas.surface, area, face, px(16))
        canvas.text(tab.text, area.inflate(-px(32), -px(8)), 22, ink, face, bold=True, whole=True)
    paint.panel(canvas.surface, body, palette.panel, px(26))
    if staff.preview:
        draw_preview(canvas, view, split_body(canvas, body)[1])
    for row, layout in zip(staff.rows, row_places(canvas, staff, body), strict=True):
        _row(canvas, row, layout)
    draw_keys(canvas, staff.keys, page.footer)
    canvas.text(staff.hint, hint_place(canvas, staff), 19, palette.quiet, palette.background, lines=3)


def hint_place(canvas: Canvas, staff: Staff) -> pygame.Rect:
    """Where the hint is, and passing messages, so that they cover no row: beside the keys."""
    footer = arrange_page(canvas).footer
    used = key_targets(canvas, staff.keys, footer)
    left = used[-1][1].right + canvas.px(20) if used else footer.left
    return pygame.Rect(left, footer.top, footer.right - left, footer.height)


def staff_targets(canvas: Canvas, staff: Staff) -> list[Target]:
    """The tabs, arrows, rows and keys that can be touched."""
    _, tabs, body = _places(canvas, staff)
    targets: list[Target] = [(tab.button, area) for tab, area in zip(staff.tabs, tabs, strict=True)]
    for row, layout in zip(staff.rows, row_places(canvas, staff, body), strict=True):
        for button, area in ((row.less, layout.less), (row.more, layout.more), (row.press, layout.press)):
            if button is not None:
                targets.append((button, area))
    return targets + key_targets(canvas, staff.keys, arrange_page(canvas).footer)


def row_places(canvas: Canvas, staff: Staff, body: pygame.Rect) -> tuple[RowLayout, ...]:
    """Arrange the rows from the top; many rows are less high, and too many for one column take two."""
    px, count = canvas.px, max(len(staff.rows), staff.places)
    rows = split_body(canvas, body)[0] if staff.preview else body
    inner = rows.inflate(-px(28), -px(20))
    columns = 1 if count * px(LEAST_ROW_H) <= inner.height or inner.width < px(700) else 2
    lines = max(1, -(-count // columns))
    height = min(px(ROW_H), inner.height // lines)
    width = (inner.width - px(24) * (columns - 1)) // columns
    return tuple(
        _row_layout(
            canvas,
            row,
            pygame.Rect(inner.left + n // lines * (width + px(24)), inner.top + n % lines * height, width, height),
        )
        for n, row in enumerate(staff.rows)
    )


def _row_layout(canvas: Canvas, row: Setting, area: pygame.Rect) -> RowLayout:
    """The parts of a row; a label is narrower than those of other rows if its value is long."""
    inner = area.inflate(-canvas.px(20), -max(2, min(canvas.px(10), area.height // 6)))
    has_value = bool(row.value) or row.less is not None or row.more is not None
    layout = _parts(canvas, row, area, inner, round(inner.width * (LABEL_SHARE if has_value else 1.0)))
    if not row.value or _value_size(canvas, row, layout) >= canvas.px(READABLE):
        return layout
    return _parts(canvas, row, area, inner, _label_width(canvas, row, layout.label))


def _value_size(canvas: Canvas, row: Setting, layout: RowLayout) -> int:
    return fitted(row.value, canvas.px(TEXT), _value_area(canvas, row, layout.value).size, 2, False)[0]


def _label_width(canvas: Canvas, row: Setting, area: pygame.Rect) -> int:
    """The width that a label needs in two lines, in pixels."""
    least = round(area.width * LEAST_LABEL_SHARE / LABEL_SHARE)
    size, step = canvas.px(TEXT), max(1, canvas.px(8))
    for width in range(least, area.width, step):
        now, lines = fitted(row.label, size, (width, area.height), 2, True)
        if now >= 0.85 * size and " ".join(lines) == row.label:  # no word is broken
            return width
    return area.width


def _parts(canvas: Canvas, row: Setting, area: pygame.Rect, inner: pygame.Rect, label_w: int) -> RowLayout:
    px = canvas.px
    edge = min(inner.height, px(52))
    nowhere = pygame.Rect(inner.right, inner.top, 0, 0)
    press = less = more = nowhere
    right = inner.right
    if row.press is not None:
        words = font(px(KEY_TEXT), bold=True).size(row.press_text)[0]
        width = max(px(LEAST_KEY_W), min(px(MOST_KEY_W), words + px(34)))
        press = pygame.Rect(right - width, inner.centery - edge // 2, width, edge)
        right = press.left - px(10)
    label = pygame.Rect(inner.left, inner.top, min(label_w, right - inner.left), inner.height)
    if row.on is not None:
        switch = pygame.Rect(right - round(edge * 1.9), inner.centery - edge // 2, round(edge * 1.9), edge)
        less, more = (switch if button is not None else nowhere for button in (row.less, row.more))
        value = pygame.Rect(label.right + px(14), inner.top, switch.left - label.right - px(30), inner.height)
    elif row.less is not None or row.more is not None:
        more = pygame.Rect(right - round(edge * 1.2), inner.centery - edge // 2, round(edge * 1.2), edge)
        less = pygame.Rect(label.right + px(14), more.top, more.width, edge)
        value = pygame.Rect(less.right + px(6), inner.top, more.left - less.right - px(12), inner.height)
    else:
        value = pygame.Rect(label.right + px(14), inner.top, max(0, right - label.right - px(14)), inner.height)
    return RowLayout(area, label, value, less, more, press)


def _value_area(canvas: Canvas, row: Setting, value: pygame.Rect) -> pygame.Rect:
    """Where the value is written: beside the sign of a warning, if it has one."""
    if not row.warning or not row.value:
        return value
    left = 2 * _sign_size(canvas, value) + canvas.px(8)
    return pygame.Rect(value.left + left, value.top, max(0, value.width - left), value.height)


def _sign_size(canvas: Canvas, value: pygame.Rect) -> int:
    return min(canvas.px(11), value.height // 3)


def _row(canvas: Canvas, row: Setting, layout: RowLayout) -> None:
    palette, px = canvas.palette, canvas.px
    ground = palette.panel
    if row.lit:
        ground = mixed(palette.panel, palette.warning if row.warning else palette.accent, 0.35)
        paint.panel(canvas.surface, layout.row.inflate(0, -px(4)), ground, px(14))
    ink = palette.text if not row.lit else canvas.theme.ink(ground)
    quiet = ink if row.lit else palette.quiet
    canvas.text(row.label, layout.label, TEXT, ink, ground, bold=True, lines=2)
    stepped = row.on is None and (row.less is not None or row.more is not None)
    if row.warning and row.value:
        size = _sign_size(canvas, layout.value)
        shape(canvas.surface, "warning", (layout.value.left + size, layout.value.centery), size, palette.warning)
    canvas.text(
        row.value,
        _value_area(canvas, row, layout.value),
        TEXT,
        ink if stepped or row.warning else quiet,
        ground,
        align="center" if stepped else "left",
        lines=2,
    )
    if row.on is not None:
        place = layout.less if row.less is not None else layout.more
        draw_switch(canvas, place if place.width else _switch_place(canvas, layout), on=row.on, enabled=place.width > 0)
    elif stepped:
        for button, area, icon in ((row.less, layout.less, "earlier"), (row.more, layout.more, "later")):
            if button is not None:
                _little_key(canvas, area)
            middle, radius = (area.centerx, area.centery - px(2)), min(px(12), area.height // 3)
            shape(canvas.surface, icon, middle, radius, palette.text if button is not None else palette.line)
    if row.press is not None:
        _little_key(canvas, layout.press)
        words = pygame.Rect(layout.press.left, layout.press.top, layout.press.width, layout.press.height - px(4))
        canvas.text(
            row.press_text,
            words.inflate(-px(16), -px(4)),
            KEY_TEXT,
            palette.text,
            palette.raised,
            bold=True,
            align="center",
            lines=2,
            whole=True,
        )


def _switch_place(canvas: Canvas, layout: RowLayout) -> pygame.Rect:
    """Where a switch is drawn that cannot be used."""
    edge = min(layout.label.height, canvas.px(52))
    area = pygame.Rect(0, 0, round(edge * 1.9), edge)
    area.midright = layout.less.right, layout.label.centery
    return area


def _little_key(canvas: Canvas, area: pygame.Rect) -> None:
    face = canvas.palette.raised
    paint.lip(canvas.surface, area, face, under(canvas, face), canvas.px(13), canvas.px(4))


def _places(canvas: Canvas, staff: Staff) -> tuple[pygame.Rect, tuple[pygame.Rect, ...], pygame.Rect]:
    """Title, tabs and body: the tabs are beside the rows in a landscape window, above them in a portrait one."""
    px, page = canvas.px, arrange_page(canvas)
    inner = pygame.Rect(page.body.left, page.mark.top, page.body.width, page.body.bottom - page.mark.top)
    count = max(1, len(staff.tabs))
    if inner.width >= inner.height:
        side = pygame.Rect(inner.left, inner.top, px(250), inner.height)
        title = pygame.Rect(side.left, side.top, side.width, px(52))
        height = min(count * px(68), side.bottom - title.bottom - px(10))
        tabs = grid(pygame.Rect(side.left, title.bottom + px(10), side.width, height), len(staff.tabs), 1, px(8))
        return title, tabs, pygame.Rect(side.right + px(20), inner.top, inner.right - side.right - px(20), inner.height)
    title = pygame.Rect(inner.left, inner.top, inner.width, px(52))
    rows = -(-count // 3)
    strip = pygame.Rect(inner.left, title.bottom + px(8), inner.width, rows * px(60))
    tabs = grid(strip, len(staff.tabs), min(3, count), px(8))
    return (
        title,
        tabs,
        pygame.Rect(inner.left, strip.bottom + px(14), inner.width, inner.bottom - strip.bottom - px(14)),
    )
