"""The mascot, which stands for the learner: a round face that looks, nods, thinks, cheers, or does not know."""

from __future__ import annotations

import math
from itertools import pairwise

import pygame

from app.ui.painting.canvas import Canvas
from app.ui.painting.motion import Moving
from app.ui.painting.shapes import smooth
from app.ui.painting.surfaces import CACHE
from app.ui.painting.theme import Colour

FINE = 12  # steps of its motion: smooth, with few different pictures to cache
NOD, JUMP, JUMPS = 0.16, 0.24, 3  # of the radius; jumps of one cheer
GRIN_FROM = 0.8  # so glad that the mouth opens


def draw_mascot(canvas: Canvas, area: pygame.Rect, moving: Moving) -> None:
    """Draw the face into a square, with `gaze`, `lids`, `glad`, `nod` and `cheer` of `moving`."""
    palette, radius = canvas.palette, min(area.size) // 2
    x, y = (round(offset * FINE / 2) / (FINE / 2) for offset in moving.gaze)
    lids, glad = round(moving.lids * 4) / 4, round(moving.glad * 6) / 6
    body, light, joy = palette.text, palette.background, moving.cheer > 0

    def paint(big: pygame.Surface, half: float) -> None:
        _face(big, half, body, light, (x, y), lids, glad, joy=joy)

    drawn = CACHE.get(("mascot", radius, body, light, x, y, lids, glad, joy), lambda: smooth(radius, paint))
    jump = abs(math.sin(math.pi * JUMPS * moving.cheer)) * (1 - moving.cheer)
    shift = round(radius * (NOD * moving.nod - JUMP * jump))
    canvas.surface.blit(drawn, drawn.get_rect(center=(area.centerx, area.centery + shift)))


def _face(
    big: pygame.Surface,
    half: float,
    body: Colour,
    light: Colour,
    gaze: tuple[float, float],
    lids: float,
    glad: float,
    *,
    joy: bool,
) -> None:
    big.fill((*body, 0))
    pygame.draw.circle(big, body, (half, half), half)
    eye, apart = half * 0.27, half * 0.36
    shift = (gaze[0] * half * 0.14, gaze[1] * half * 0.14)
    for side in (-1, 1):
        centre = (half + side * apart + shift[0], half * 0.86 + shift[1])
        if joy:  # closed eyes that laugh
            arc = [(centre[0] + eye * n / 8, centre[1] + eye * (0.9 * (n / 8) ** 2 - 0.4)) for n in range(-8, 9)]
            _stroke(big, light, arc, half * 0.1)
            continue
        if lids < 0.3:
            _stroke(big, light, [(centre[0] - eye, centre[1]), (centre[0] + eye, centre[1])], half * 0.09)
            continue
        height = eye * (0.35 + 0.65 * lids)
        pygame.draw.ellipse(big, light, (centre[0] - eye, centre[1] - height, 2 * eye, 2 * height))
        at = (centre[0] + gaze[0] * eye * 0.5, centre[1] + gaze[1] * height * 0.5)
        pygame.draw.circle(big, body, at, eye * 0.52)
        pygame.draw.circle(big, light, (at[0] - eye * 0.18, at[1] - eye * 0.2), eye * 0.15)
        if glad > 0.2:  # cheeks push the lower lids up
            pygame.draw.circle(big, body, (centre[0], centre[1] + eye * (2.35 - 0.75 * glad)), eye * 1.25)
    width, depth, top = half * (0.2 + 0.16 * abs(glad)), half * 0.2 * glad, half * 1.36 + shift[1]
    if joy or glad >= GRIN_FROM:  # an open mouth
        low = half * 0.3
        lower = [(half + shift[0] + width * n / 20, top + low * (1 - (n / 20) ** 2) ** 0.5) for n in range(-20, 21)]
        pygame.draw.polygon(big, light, lower)
        _stroke(big, light, [lower[0], lower[-1]], half * 0.085)
        return
    mouth = [(half + shift[0] + width * n / 10, top + depth * (1 - (n / 10) ** 2)) for n in range(-10, 11)]
    _stroke(big, light, mouth, half * 0.085)


def _stroke(big: pygame.Surface, colour: Colour, points: list[tuple[float, float]], wide: float) -> None:
    for (x0, y0), (x1, y1) in pairwise(points):
        steps = max(2, round(math.hypot(x1 - x0, y1 - y0) / 2))
        for n in range(steps + 1):
            pygame.draw.circle(big, colour, (x0 + (x1 - x0) * n / steps, y0 + (y1 - y0) * n / steps), wide / 2)
