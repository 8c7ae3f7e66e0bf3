"""The saving screen: what was taught, a drive or the kiosk that fills up, a few checks, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass

import pygame

from app.ui.painting import paint
from app.ui.painting.canvas import Canvas
from app.ui.painting.confetti import draw_confetti
from app.ui.painting.layout import MARGIN, grid
from app.ui.painting.marks import draw_class_mark
from app.ui.painting.mascot import draw_mascot
from app.ui.painting.motion import Moving
from app.ui.painting.page import Target, arrange_page, draw_keys, key_targets
from app.ui.painting.shapes import shape
from app.ui.painting.theme import mixed
from app.views.model import Saving, SavingLine, TaughtThing

# Sizes in units:
FACE, PLATE_H, LABEL_H = 120, 106, 40
TITLE, LEAST_TITLE = 54, 34  # the least with the names of what was taught
HIGH_TITLE_H, HIGH_PLATE_H = 160, 178  # in a portrait window: a title of three lines, and a text of two on the plate
KEY_W = 310  # of the key in the footer, with the gap beside it


@dataclass(frozen=True)
class SavingLayout:
    """The parts of the screen, in pixels."""

    face: pygame.Rect
    title: pygame.Rect
    things: pygame.Rect
    vessel: pygame.Rect  # the drive, or the kiosk
    steps: pygame.Rect
    plate: pygame.Rect
    where: pygame.Rect


def arrange_saving(canvas: Canvas) -> SavingLayout:
    """Arrange what was taught beside the drive in a landscape window, and above it in a portrait one."""
    px, footer = canvas.px, arrange_page(canvas).footer
    gap, top, portrait = px(16), px(MARGIN), footer.width < canvas.surface.get_height()
    title_h = px(HIGH_TITLE_H if portrait else FACE)
    face = pygame.Rect(footer.left, top + (title_h - px(FACE)) // 2, px(FACE), px(FACE))
    title = pygame.Rect(face.right + px(24), top, footer.right - face.right - px(24), title_h)
    plate_h = px(HIGH_PLATE_H if portrait else PLATE_H)
    plate = pygame.Rect(footer.left, footer.top - gap - plate_h, footer.width, plate_h)
    body = pygame.Rect(footer.left, title.bottom + gap, footer.width, plate.top - title.bottom - 2 * gap)
    if not portrait:
        things = pygame.Rect(body.left, body.top, round(body.width * 0.58), body.height)
        side = pygame.Rect(things.right + gap, body.top, body.right - things.right - gap, body.height)
    else:
        things = pygame.Rect(body.left, body.top, body.width, round(body.height * 0.6))
        side = pygame.Rect(body.left, things.bottom + gap, body.width, body.bottom - things.bottom - gap)
    vessel = pygame.Rect(side.left, side.top, round(side.width * 0.42), side.height)
    steps = pygame.Rect(vessel.right + gap, side.top, side.right - vessel.right - gap, side.height)
    where = pygame.Rect(footer.left + px(KEY_W), footer.top, footer.width - px(KEY_W), footer.height)
    return SavingLayout(face, title, things, vessel, steps, plate, where)


def draw_saving(canvas: Canvas, saving: Saving, moving: Moving) -> None:
    """Draw what was taught, the drive or the kiosk that fills up, and what to do with it."""
    palette, px, layout = canvas.palette, canvas.px, arrange_saving(canvas)
    draw_mascot(canvas, layout.face, moving)
    lines = 2 if layout.title.height <= px(FACE) else 3
    title = canvas.wording(saving.title, saving.short_title, layout.title, TITLE, lines=lines, least=LEAST_TITLE)
    canvas.text(title, layout.title, TITLE, palette.text, palette.background, bold=True, lines=lines)
    _things(canvas, saving.things, layout.things)
    done = sum(step.done is True for step in saving.steps) / max(1, len(saving.steps))
    filled = 1.0 if saving.safe else max(moving.progress, done * 0.96)
    (_drive if saving.onto_drive else _kiosk)(canvas, layout.vessel, filled, safe=saving.safe)
    _steps(canvas, saving.steps, layout.steps)
    if saving.text:
        face = palette.accent if saving.safe else palette.panel
        paint.panel(canvas.surface, layout.plate, face, px(24))
        ink = canvas.theme.ink(face) if saving.safe else palette.text
        inner = layout.plate.inflate(-px(48), -px(16))
        words, two_lines = inner.copy(), not saving.home or layout.plate.height > px(PLATE_H)
        if saving.home:
            words.height = round(inner.height * (0.57 if two_lines else 0.52))
            below = pygame.Rect(inner.left, words.bottom, inner.width, inner.bottom - words.bottom)
            canvas.text(saving.home, below, 27, ink, face, align="center", lines=1 + two_lines)
        canvas.text(saving.text, words, 38, ink, face, bold=True, align="center", lines=1 + two_lines)
    draw_keys(canvas, saving.keys, arrange_page(canvas).footer, moving.breath)
    canvas.text(saving.where, layout.where, 24, palette.quiet, palette.background, align="right", lines=2)
    draw_confetti(canvas, layout.things.center, layout.things.width // 2, moving)


def _things(canvas: Canvas, things: tuple[TaughtThing, ...], area: pygame.Rect) -> None:
    """Draw a print of each class with its name; a class without pictures has its mark instead."""
    palette, px = canvas.palette, canvas.px
    paint.panel(canvas.surface, area, palette.panel, px(24))
    if not things:
        return
    inner, count = area.inflate(-px(32), -px(24)), len(things)
    columns = max(range(1, count + 1), key=lambda n: min(inner.width / n, inner.height / -(-count // n) - px(LABEL_H)))
    for one, cell in zip(things, grid(inner, count, columns, px(8)), strict=True):
        edge = min(cell.width, cell.height - px(LABEL_H)) - px(10)
        centre = (cell.centerx, cell.centery - px(LABEL_H) // 2)
        words = pygame.Rect(cell.left, centre[1] + edge // 2 + px(5), cell.width, px(LABEL_H))
        if one.picture is None:
            draw_class_mark(canvas, one.index, centre, max(4, edge // 3))
        else:
            paint.snapshot(canvas.surface, one.picture, centre, max(8, round(edge * 0.94)))
            radius = max(4, min(px(24), edge // 5))
            draw_class_mark(canvas, one.index, (centre[0] - edge // 2 + radius, centre[1] + edge // 2 - radius), radius)
        canvas.text(one.label, words, 27, palette.text, palette.panel, bold=True, align="center", whole=True)


def saving_targets(canvas: Canvas, saving: Saving) -> list[Target]:
    """The keys that can be touched."""
    return key_targets(canvas, saving.keys, arrange_page(canvas).footer)


def _steps(canvas: Canvas, steps: tuple[SavingLine, ...], area: pygame.Rect) -> None:
    palette, px = canvas.palette, canvas.px
    if not steps:
        return
    row_h = min(px(52), area.height // len(steps))
    top = area.centery - row_h * len(steps) // 2
    for number, step in enumerate(steps):
        row = pygame.Rect(area.left, top + number * row_h, area.width, row_h)
        radius = min(px(14), row_h // 3)
        centre = (row.left + radius, row.centery)
        if step.done:
            canvas.surface.blit(disc := paint.disc(radius, palette.accent), disc.get_rect(center=centre))
            shape(canvas.surface, "done", centre, round(radius * 0.6), canvas.theme.ink(palette.accent))
        elif step.done is False:
            paint.ring(canvas.surface, centre, radius, max(3, radius // 3), 0.3, palette.accent, palette.raised)
        else:
            canvas.surface.blit(disc := paint.disc(radius // 3, palette.line), disc.get_rect(center=centre))
        ink = palette.quiet if step.done is None else palette.text
        words = pygame.Rect(centre[0] + radius + px(14), row.top, row.right - centre[0] - radius - px(14), row.height)
        canvas.text(step.text, words, 22, ink, palette.background, bold=step.done is False)


def _drive(canvas: Canvas, area: pygame.Rect, filled: float, *, safe: bool) -> None:
    """Draw a USB drive that fills up to `filled`, 0..1."""
    palette, px, surface = canvas.palette, canvas.px, canvas.surface
    height = min(area.height - px(10), px(400), round(area.width * 1.9))
    width = min(round(height * 0.42), area.width)
    body = pygame.Rect(0, 0, width, round(height * 0.72))
    body.midbottom = (area.centerx, area.centery + height // 2)
    plug = pygame.Rect(0, 0, round(width * 0.62), round(height * 0.28) + px(20))
    plug.midbottom = (body.centerx, body.top + px(20))
    paint.panel(surface, plug, mixed(palette.line, palette.quiet, 0.35), px(8))
    for side in (-1, 1):
        hole = pygame.Rect(0, 0, round(width * 0.13), round(width * 0.13))
        hole.center = (plug.centerx + side * round(width * 0.15), plug.top + round(height * 0.12))
        surface.fill(palette.background, hole)
    _tank(canvas, body, filled, safe=safe)


def _kiosk(canvas: Canvas, area: pygame.Rect, filled: float, *, safe: bool) -> None:
    """Draw the kiosk, a screen on a foot, that fills up to `filled`, 0..1."""
    palette, px = canvas.palette, canvas.px
    width = min(area.width, px(330), round(area.height * 0.9))
    body = pygame.Rect(0, 0, width, round(width * 0.72))
    body.center = (area.centerx, area.centery - round(width * 0.12))
    metal = mixed(palette.line, palette.quiet, 0.35)
    neck = pygame.Rect(0, 0, round(width * 0.16), round(width * 0.2))
    neck.midtop = (body.centerx, body.bottom - px(8))
    foot = pygame.Rect(0, 0, round(width * 0.5), max(px(14), 4))
    foot.midtop = (body.centerx, neck.bottom - px(6))
    paint.panel(canvas.surface, neck, metal, px(6))
    paint.panel(canvas.surface, foot, metal, px(7))
    _tank(canvas, body, filled, safe=safe)


def _tank(canvas: Canvas, body: pygame.Rect, filled: float, *, safe: bool) -> None:
    """Draw a body with a window that shows how full it is."""
    palette, px, surface = canvas.palette, canvas.px, canvas.surface
    paint.lip(surface, body, palette.text, mixed(palette.text, palette.background, 0.35), px(30), px(7))
    tank = body.inflate(-px(26), -px(26))
    tank.height -= px(7)
    paint.panel(surface, tank, mixed(palette.text, palette.background, 0.2), px(18))
    level = round(tank.height * min(1.0, filled))
    if level > px(36):
        paint.panel(surface, pygame.Rect(tank.left, tank.bottom - level, tank.width, level), palette.accent, px(18))
    if safe:
        edge = min(tank.width, tank.height)
        shape(surface, "done", tank.center, round(edge * 0.32), canvas.theme.ink(palette.accent))
