"""The saving screen: a drive or the kiosk that fills up, the steps, and whether the drive may be pulled out."""

from __future__ import annotations

import pygame

from app.ui.painting import paint
from app.ui.painting.canvas import Canvas
from app.ui.painting.motion import Moving
from app.ui.painting.page import Target, arrange_page, draw_head, draw_keys, key_targets
from app.ui.painting.shapes import shape
from app.ui.painting.theme import mixed
from app.views.model import Saving, SavingLine


def draw_saving(canvas: Canvas, saving: Saving, moving: Moving) -> None:
    """Draw the steps, beside a picture of the drive, or of the kiosk if the model is saved there."""
    palette, px, page = canvas.palette, canvas.px, arrange_page(canvas)
    draw_head(canvas, page, saving.title, saving.where, moving)
    body = page.body
    landscape = body.width > body.height
    if landscape:
        left = pygame.Rect(body.left, body.top, round(body.width * 0.3), body.height)
        right = pygame.Rect(left.right + px(24), body.top, body.right - left.right - px(24), body.height)
    else:
        left = pygame.Rect(body.left, body.top, body.width, round(body.height * 0.34))
        right = pygame.Rect(body.left, left.bottom + px(24), body.width, body.bottom - left.bottom - px(24))
    done = sum(step.done is True for step in saving.steps) / max(1, len(saving.steps))
    filled = 1.0 if saving.safe else max(moving.progress, done * 0.96)
    (_drive if saving.onto_drive else _kiosk)(canvas, left, filled, safe=saving.safe)
    steps = right.copy()
    if saving.text:
        steps.height -= px(108)
        plate = pygame.Rect(right.left, right.bottom - px(96), right.width, px(96))
        face = palette.accent if saving.safe else palette.panel
        paint.panel(canvas.surface, plate, face, px(24))
        ink = canvas.theme.ink(face) if saving.safe else palette.text
        canvas.text(saving.text, plate.inflate(-px(48), -px(16)), 34, ink, face, bold=True, align="center", lines=2)
    _steps(canvas, saving.steps, steps)
    draw_keys(canvas, saving.keys, page.footer, moving.breath)


def saving_targets(canvas: Canvas, saving: Saving) -> list[Target]:
    """The keys that can be touched."""
    return key_targets(canvas, saving.keys, arrange_page(canvas).footer)


def _steps(canvas: Canvas, steps: tuple[SavingLine, ...], area: pygame.Rect) -> None:
    palette, px = canvas.palette, canvas.px
    if not steps:
        return
    row_h = min(px(72), (area.height - px(8)) // len(steps))
    paint.panel(
        canvas.surface, pygame.Rect(area.left, area.top, area.width, row_h * len(steps) + px(8)), palette.panel, px(24)
    )
    for number, step in enumerate(steps):
        row = pygame.Rect(area.left + px(24), area.top + px(4) + number * row_h, area.width - px(48), row_h)
        radius = min(px(17), row_h // 3)
        centre = (row.left + radius, row.centery)
        if step.done:
            canvas.surface.blit(disc := paint.disc(radius, palette.accent), disc.get_rect(center=centre))
            shape(canvas.surface, "done", centre, round(radius * 0.6), canvas.theme.ink(palette.accent))
        elif step.done is False:
            paint.ring(canvas.surface, centre, radius, max(3, radius // 3), 0.3, palette.accent, palette.raised)
        else:
            canvas.surface.blit(disc := paint.disc(radius // 3, palette.line), disc.get_rect(center=centre))
        ink = palette.quiet if step.done is None else palette.text
        words = pygame.Rect(centre[0] + radius + px(18), row.top, row.right - centre[0] - radius - px(18), row.height)
        canvas.text(step.text, words.inflate(0, -px(8)), 25, ink, palette.panel, bold=step.done is False, lines=2)


def _drive(canvas: Canvas, area: pygame.Rect, filled: float, *, safe: bool) -> None:
    """Draw a USB drive that fills up to `filled`, 0..1."""
    palette, px, surface = canvas.palette, canvas.px, canvas.surface
    height = min(area.height - px(10), px(400))
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
