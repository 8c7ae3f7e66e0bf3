"""The results of the latest training: a verdict and one piece of advice, and below them what they come from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pygame

from app.ui.painting import paint
from app.ui.painting.canvas import Canvas
from app.ui.painting.layout import MARGIN, grid
from app.ui.painting.marks import draw_class_mark
from app.ui.painting.mascot import draw_mascot
from app.ui.painting.motion import Moving
from app.ui.painting.page import Target, arrange_page, draw_keys, key_targets
from app.ui.painting.theme import mixed
from app.views.model import ConfusedPicture, ConfusionCell, Results

# Sizes in units:
FACE = 132
TITLE_H = 36
NOTE_H = 26
WORDS_H = 50
LEAST_PRINT = 120


@dataclass(frozen=True)
class ResultsLayout:
    """The parts of the screen, in pixels: what is said, the panels, the matrix row by row, the confused pictures.

    A panel without anything to show is empty, and the others are larger. Without any panel the words are in the middle.
    """

    face: pygame.Rect
    verdict: pygame.Rect
    advice: pygame.Rect
    note: pygame.Rect
    curve: pygame.Rect
    table: pygame.Rect
    confused: pygame.Rect
    rows: tuple[pygame.Rect, ...]  # heads of the matrix's rows
    columns: tuple[pygame.Rect, ...]  # heads of its columns
    cells: tuple[tuple[pygame.Rect, ...], ...]
    pictures: tuple[pygame.Rect, ...]

    @property
    def alone(self) -> bool:
        """Whether there is no panel."""
        return not (self.curve.width or self.table.width or self.confused.width)


def arrange_results(canvas: Canvas, results: Results) -> ResultsLayout:
    """Arrange the verdict above the panels: beside each other in a landscape window, else one below the other."""
    px, window, footer = canvas.px, canvas.surface.get_rect(), arrange_page(canvas).footer
    gap, top = px(16), px(MARGIN)
    face = pygame.Rect(footer.left, top, px(FACE), px(FACE))
    words_left = face.right + px(24)
    verdict = pygame.Rect(words_left, top, footer.right - words_left, round(face.height * 0.54))
    advice = pygame.Rect(words_left, verdict.bottom, verdict.width, face.bottom - verdict.bottom)
    note = pygame.Rect(footer.left, footer.top - px(10) - px(NOTE_H), footer.width, px(NOTE_H))
    body = pygame.Rect(footer.left, face.bottom + gap, footer.width, 0)
    body.height = (note.top if results.note else footer.top) - px(12) - body.top
    areas = _panels(body, gap, results)
    if not areas:
        face = pygame.Rect(0, 0, px(220), px(220))
        face.midbottom = (window.centerx, window.centery - px(70))
        verdict = pygame.Rect(footer.left, face.bottom + px(24), footer.width, px(84))
        advice = pygame.Rect(footer.left, verdict.bottom + px(8), footer.width, px(110))
    nowhere = pygame.Rect(body.topleft, (0, 0))
    curve, table, confused = (areas.get(name, nowhere) for name in ("curve", "table", "confused"))
    rows, columns, cells = _matrix(canvas, table, len(results.labels))
    return ResultsLayout(
        face, verdict, advice, note, curve, table, confused, rows, columns, cells,
        pictures=_picture_places(canvas, _inner(canvas, confused), len(results.confused)),
    )  # fmt: skip


def _panels(body: pygame.Rect, gap: int, results: Results) -> dict[str, pygame.Rect]:
    """The places of the panels that have something to show; the pictures are the largest."""
    shown = [
        (name, share)
        for name, share, there in (
            ("confused", 6, bool(results.confused)),
            ("table", 5, bool(results.confusion)),
            ("curve", 4 if not results.confused else 0, bool(results.curve)),
        )
        if there and share
    ]
    landscape, whole = body.width >= body.height, sum(share for _, share in shown)
    room = (body.width if landscape else body.height) - gap * (len(shown) - 1)
    areas, start = {}, body.left if landscape else body.top
    for name, share in shown:
        size = room * share // whole
        areas[name] = (
            pygame.Rect(start, body.top, size, body.height)
            if landscape
            else pygame.Rect(body.left, start, body.width, size)
        )
        start += size + gap
    return areas


def _matrix(
    canvas: Canvas, table: pygame.Rect, count: int
) -> tuple[tuple[pygame.Rect, ...], tuple[pygame.Rect, ...], tuple[tuple[pygame.Rect, ...], ...]]:
    """The heads of the rows and of the columns of the confusion matrix, and its cells row by row."""
    if not table.width:
        return (), (), ()
    px, inner = canvas.px, _inner(canvas, table)
    head_w = min(px(170 if count < 6 else 224), round(inner.width * 0.4))
    height = max(8, min((inner.height - px(44)) // max(1, count), px(110)))
    width = max(8, min((inner.width - head_w) // max(1, count), round(height * 1.5)))
    left, top = inner.left + head_w, inner.top + px(44)
    rows = tuple(pygame.Rect(inner.left, top + row * height, head_w - px(10), height - px(5)) for row in range(count))
    columns = tuple(pygame.Rect(left + column * width, inner.top, width - px(5), px(40)) for column in range(count))
    cells = tuple(
        tuple(
            pygame.Rect(left + column * width, top + row * height, width - px(5), height - px(5))
            for column in range(count)
        )
        for row in range(count)
    )
    return rows, columns, cells


def draw_results(canvas: Canvas, results: Results, moving: Moving) -> None:
    """Draw the results."""
    palette, px, footer = canvas.palette, canvas.px, arrange_page(canvas).footer
    layout = arrange_results(canvas, results)
    draw_mascot(canvas, layout.face, moving)
    align = "center" if layout.alone else "left"
    cut = len(layout.pictures) < results.confused_in_all
    canvas.text(results.title, layout.verdict, 62, palette.text, palette.background, bold=True, align=align)
    canvas.text(results.text, layout.advice, 38, palette.text, palette.background, align=align, lines=2)
    if results.note:
        canvas.text(results.note, layout.note, 19, palette.quiet, palette.background, align=align)
    for area, title in (
        (layout.curve, results.curve_title),
        (layout.table, results.confusion_title),
        (layout.confused, results.confused_cut_title if cut else results.confused_title),
    ):
        if not area.width:
            continue
        paint.panel(canvas.surface, area, palette.panel, px(24))
        head = pygame.Rect(area.left + px(22), area.top + px(8), area.width - px(44), px(TITLE_H))
        canvas.text(title, head, 22, palette.quiet, palette.panel, bold=True)
    if layout.curve.width:
        _curve(canvas, results.curve, results.curve_text, _inner(canvas, layout.curve))
    _table(canvas, results, layout)
    for one, area in zip(results.confused, layout.pictures, strict=False):
        _confused(canvas, one, area)
    draw_keys(canvas, results.keys, footer, moving.breath)


def results_targets(canvas: Canvas, results: Results) -> list[Target]:
    """The cells, pictures and keys that can be touched."""
    layout = arrange_results(canvas, results)
    targets: list[Target] = [
        (cell.button, area)
        for row, areas in zip(results.confusion, layout.cells, strict=True)
        for cell, area in zip(row, areas, strict=True)
    ]
    targets += [(one.button, area) for one, area in zip(results.confused, layout.pictures, strict=False)]
    return targets + key_targets(canvas, results.keys, arrange_page(canvas).footer)


def _inner(canvas: Canvas, area: pygame.Rect) -> pygame.Rect:
    """The inside of a panel, below its title."""
    px = canvas.px
    top = area.top + px(TITLE_H + 12)
    return pygame.Rect(area.left + px(22), top, area.width - px(44), area.bottom - px(16) - top)


def _curve(canvas: Canvas, curve: tuple[float, ...], end_text: str, area: pygame.Rect) -> None:
    """Draw the accuracy during the training as a filled curve, with the final value in words."""
    palette, px = canvas.palette, canvas.px
    plot = pygame.Rect(area.left, area.top + px(4), area.width - px(96), area.height - px(8))
    for share in (0.0, 0.5, 1.0):
        y = plot.bottom - round(plot.height * share)
        canvas.surface.fill(palette.raised, (plot.left, y, plot.width, max(1, px(1.5))))
    if not curve:
        return
    points = curve if len(curve) > 1 else (curve[0], curve[0])
    at = [
        (plot.left + plot.width * n / (len(points) - 1), plot.bottom - plot.height * min(1.0, max(0.0, value)))
        for n, value in enumerate(points)
    ]
    pygame.draw.polygon(
        canvas.surface,
        mixed(palette.panel, palette.accent, 0.3),
        [(at[0][0], plot.bottom), *at, (at[-1][0], plot.bottom)],
    )
    radius = px(3.5)
    disc = paint.disc(radius, palette.accent)
    for (x0, y0), (x1, y1) in pairwise(at):
        steps = max(1, round(max(abs(x1 - x0), abs(y1 - y0)) / max(1, radius / 2)))
        for n in range(steps + 1):
            centre = (round(x0 + (x1 - x0) * n / steps), round(y0 + (y1 - y0) * n / steps))
            canvas.surface.blit(disc, disc.get_rect(center=centre))
    end = (round(at[-1][0]), round(at[-1][1]))
    big = paint.disc(px(9), palette.accent)
    canvas.surface.blit(big, big.get_rect(center=end))
    words = pygame.Rect(plot.right + px(14), 0, area.right - plot.right - px(14), px(44))
    words.centery = min(max(end[1], area.top + px(22)), area.bottom - px(22))
    canvas.text(end_text, words, 28, palette.text, palette.panel, bold=True)


def _table(canvas: Canvas, results: Results, layout: ResultsLayout) -> None:
    """Draw the confusion matrix: a row for each true class, a column for each answer."""
    for index, head in zip(results.indices, layout.columns, strict=True):
        draw_class_mark(canvas, index, head.center, min(canvas.px(16), head.width // 3))
    for index, label, head in zip(results.indices, results.labels, layout.rows, strict=True):
        radius = min(canvas.px(16), head.height // 3)
        draw_class_mark(canvas, index, (head.left + radius, head.centery), radius)
        words = pygame.Rect(head.left + 2 * radius + canvas.px(8), head.top, head.width, head.height)
        words.width = head.right - words.left
        canvas.text(label, words, 19, canvas.palette.text, canvas.palette.panel, bold=True, lines=2)
    for index, row, areas in zip(results.indices, results.confusion, layout.cells, strict=True):
        for cell, area in zip(row, areas, strict=True):
            _cell(canvas, cell, area, index)


def _cell(canvas: Canvas, cell: ConfusionCell, area: pygame.Rect, index: int) -> None:
    palette, px = canvas.palette, canvas.px
    ground = mixed(palette.panel, palette.raised, 0.45)
    colour = canvas.theme.class_colour(index) if cell.right else palette.warning
    face = mixed(ground, colour, min(1.0, 0.25 + 0.75 * cell.share)) if cell.count else ground
    radius = px(12)
    if cell.selected:
        paint.panel(canvas.surface, area.inflate(px(6), px(6)), palette.text, radius + px(3))
    paint.panel(canvas.surface, area, face, radius)
    if cell.count:
        canvas.text(str(cell.count), area, 26, canvas.theme.ink(face), face, bold=True, align="center")


def _picture_places(canvas: Canvas, area: pygame.Rect, count: int) -> tuple[pygame.Rect, ...]:
    """Places for pictures, as large as possible, and never too small to be recognised: some are left out instead."""
    px = canvas.px
    if count == 0 or area.height < px(60) or area.width < px(60):
        return ()

    def edge(columns: int, shown: int) -> float:
        return min(area.width / columns, area.height / -(-shown // columns) - px(WORDS_H))

    shown = count
    while shown > 1 and max(edge(columns, shown) for columns in range(1, shown + 1)) < px(LEAST_PRINT):
        shown -= 1
    columns = max(range(1, shown + 1), key=lambda n: edge(n, shown))
    return grid(area, -(-shown // columns) * columns, columns, px(8))[:shown]


def _confused(canvas: Canvas, one: ConfusedPicture, area: pygame.Rect) -> None:
    palette, px = canvas.palette, canvas.px
    words_h = px(WORDS_H)
    edge = min(area.width, area.height - words_h) - px(8)
    centre = (area.centerx, area.top + (area.height - edge - words_h) // 2 + edge // 2)
    colour = canvas.theme.class_colour(one.answered)
    paint.snapshot(canvas.surface, one.picture, centre, round(edge * 0.92), light=one.light, colour=colour)
    for index, side in ((one.index, -1), (one.answered, 1)):
        draw_class_mark(
            canvas,
            index,
            (centre[0] + side * round(edge * 0.36), centre[1] + round(edge * 0.4)),
            min(px(18), edge // 6),
        )
    words = pygame.Rect(area.left, centre[1] + edge // 2 + px(8), area.width, words_h - px(8))
    canvas.text(one.text, words, 19, palette.text, palette.panel, align="center", lines=2)
