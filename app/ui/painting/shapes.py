"""Class shapes and icons; they are drawn large and scaled down once, for smooth edges at any size."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import pygame

from app.ui.painting.surfaces import CACHE
from app.ui.painting.theme import Colour

OVERSAMPLING = 4
TURN_STEPS = 24  # of half a turn, to limit the number of cached pictures
Point = tuple[float, float]


def shape(surface: pygame.Surface, name: str, centre: Point, radius: int, colour: Colour) -> None:
    """Draw a class shape or an icon by its name."""
    drawn = CACHE.get(("shape", name, radius, colour), lambda: _painted(name, radius, colour))
    surface.blit(drawn, drawn.get_rect(center=(round(centre[0]), round(centre[1]))))


def turn_arrow(surface: pygame.Surface, centre: Point, radius: int, colour: Colour, turns: float) -> None:
    """Draw two arrows that chase each other in a circle; `turns` is how far they have come."""
    step = round(turns % 0.5 * 2 * TURN_STEPS) % TURN_STEPS
    start = 0.5 * step / TURN_STEPS

    def paint(big: pygame.Surface, half: float) -> None:
        big.fill((*colour, 0))
        for first in (start, start + 0.5):
            end = first + 0.3
            _strokes(_arc(0.7, first, end), wide=0.2)(big, half, colour)
            tip, inner, outer = (
                _arc(0.7, end + 0.1, end + 0.1, 1)[0],
                *(_arc(one, end, end, 1)[0] for one in (0.4, 1.0)),
            )
            pygame.draw.polygon(big, colour, [(half + half * x, half + half * y) for x, y in (tip, inner, outer)])

    drawn = CACHE.get(("turn", radius, colour, step), lambda: smooth(radius, paint))
    surface.blit(drawn, drawn.get_rect(center=(round(centre[0]), round(centre[1]))))


def smooth(radius: int, paint: Callable[[pygame.Surface, float], None]) -> pygame.Surface:
    """A square surface of 2 `radius` pixels, scaled down from what `paint` drew OVERSAMPLING times as large.

    Args:
        radius: Half of the edge in pixels.
        paint: Draws on the large surface; its second argument is half of that surface's edge.
    """
    edge = 2 * max(1, radius) * OVERSAMPLING
    big = pygame.Surface((edge, edge), pygame.SRCALPHA)
    paint(big, edge / 2)
    return pygame.transform.smoothscale(big, (2 * max(1, radius), 2 * max(1, radius)))


def _painted(name: str, radius: int, colour: Colour) -> pygame.Surface:
    def paint(big: pygame.Surface, half: float) -> None:
        big.fill((*colour, 0))  # edges fade out in their own colour
        _PAINTERS[name](big, half, colour)

    return smooth(radius, paint)


def _circle(big: pygame.Surface, half: float, colour: Colour) -> None:
    pygame.draw.circle(big, colour, (half, half), half * 0.92)


def _ring(big: pygame.Surface, half: float, colour: Colour) -> None:
    pygame.draw.circle(big, colour, (half, half), half * 0.94, round(half * 0.42))


def _square(big: pygame.Surface, half: float, colour: Colour) -> None:
    edge = half * 1.62
    area = pygame.Rect(0, 0, round(edge), round(edge))
    area.center = (round(half), round(half))
    pygame.draw.rect(big, colour, area, border_radius=round(half * 0.16))


def _cross(big: pygame.Surface, half: float, colour: Colour) -> None:
    for size in ((0.62, 1.84), (1.84, 0.62)):
        area = pygame.Rect(0, 0, round(half * size[0]), round(half * size[1]))
        area.center = (round(half), round(half))
        pygame.draw.rect(big, colour, area, border_radius=round(half * 0.12))


def _drop(big: pygame.Surface, half: float, colour: Colour) -> None:
    pygame.draw.circle(big, colour, (half, half * 1.3), half * 0.66)
    pygame.draw.polygon(big, colour, [(half, half * 0.06), (half * 0.42, half * 1.0), (half * 1.58, half * 1.0)])


def _polygon(corners: list[Point]) -> Callable[[pygame.Surface, float, Colour], None]:
    def paint(big: pygame.Surface, half: float, colour: Colour) -> None:
        points = [(half + half * x, half + half * y) for x, y in corners]
        pygame.draw.polygon(big, colour, points)

    return paint


def _turned(count: int, *lengths: float, start: float = 0.0, down: float = 0.0) -> list[Point]:
    return [
        (
            lengths[n % len(lengths)] * math.sin(math.tau * n / count + start),
            down - lengths[n % len(lengths)] * math.cos(math.tau * n / count + start),
        )
        for n in range(count)
    ]


def _strokes(*paths: list[Point], wide: float = 0.26) -> Callable[[pygame.Surface, float, Colour], None]:
    """A painter of lines with round ends."""

    def paint(big: pygame.Surface, half: float, colour: Colour) -> None:
        for path in paths:
            points = [(half + half * x, half + half * y) for x, y in path]
            for (x0, y0), (x1, y1) in pairwise(points):
                steps = max(2, round(math.hypot(x1 - x0, y1 - y0) / 2))
                for n in range(steps + 1):
                    at = (x0 + (x1 - x0) * n / steps, y0 + (y1 - y0) * n / steps)
                    pygame.draw.circle(big, colour, at, half * wide / 2)

    return paint


def _arc(radius: float, start: float, end: float, steps: int = 28) -> list[Point]:
    """Clockwise from the top, in turns."""
    turns = [math.tau * (start + (end - start) * n / steps) for n in range(steps + 1)]
    return [(radius * math.sin(turn), -radius * math.cos(turn)) for turn in turns]


_UNDO = _strokes(_arc(0.62, -0.2, 0.5), [(-0.95, -0.3), (-0.58, -0.24), (-0.52, -0.66)], wide=0.24)
_BACK = _strokes([(0.8, 0.0), (-0.75, 0.0)], [(-0.15, -0.6), (-0.75, 0.0), (-0.15, 0.6)])
_PAINTERS: dict[str, Callable[[pygame.Surface, float, Colour], None]] = {
    "circle": _circle,
    "square": _square,
    "triangle": _polygon(_turned(3, 1.06, down=0.2)),
    "diamond": _polygon(_turned(4, 1.0)),
    "star": _polygon(_turned(10, 1.04, 0.46, down=0.06)),
    "hexagon": _polygon(_turned(6, 0.98)),
    "cross": _cross,
    "drop": _drop,
    "ring": _ring,
    # icons
    "train": _polygon(_turned(8, 1.0, 0.36)),
    "save": _strokes([(0.0, -0.8), (0.0, 0.3)], [(-0.5, -0.15), (0.0, 0.34), (0.5, -0.15)], [(-0.7, 0.8), (0.7, 0.8)]),
    "undo": _UNDO,
    "reset": _strokes([(-0.6, -0.6), (0.6, 0.6)], [(0.6, -0.6), (-0.6, 0.6)]),
    "cancel": _BACK,
    "back": _BACK,
    "confirm": _strokes([(-0.7, 0.05), (-0.2, 0.55), (0.75, -0.5)]),
    "done": _strokes([(-0.7, 0.05), (-0.2, 0.55), (0.75, -0.5)]),
    "remove": _strokes([(-0.5, -0.5), (0.5, 0.5)], [(0.5, -0.5), (-0.5, 0.5)]),
    "earlier": _strokes([(0.3, -0.65), (-0.35, 0.0), (0.3, 0.65)]),
    "later": _strokes([(-0.3, -0.65), (0.35, 0.0), (-0.3, 0.65)]),
    "erase": _strokes(
        [(0.9, -0.6), (-0.35, -0.6), (-0.9, 0.0), (-0.35, 0.6), (0.9, 0.6), (0.9, -0.6)],
        [(-0.05, -0.22), (0.42, 0.22)],
        [(0.42, -0.22), (-0.05, 0.22)],
        wide=0.17,
    ),
    "shift": _strokes([(-0.65, 0.0), (0.0, -0.7), (0.65, 0.0)], [(0.0, -0.6), (0.0, 0.75)]),
    "rename": _strokes(
        [(-0.72, 0.72), (-0.6, 0.22), (0.4, -0.78), (0.78, -0.4), (-0.22, 0.6), (-0.72, 0.72)],
        [(0.14, -0.52), (0.52, -0.14)],
        wide=0.2,
    ),
    "language": _strokes(
        _arc(0.88, 0.0, 1.0),
        [(-0.88, 0.0), (0.88, 0.0)],
        [(0.0, -0.88), (-0.34, -0.45), (-0.42, 0.0), (-0.34, 0.45), (0.0, 0.88)],
        [(0.0, -0.88), (0.34, -0.45), (0.42, 0.0), (0.34, 0.45), (0.0, 0.88)],
        wide=0.15,
    ),
    "dots": _strokes([(-0.75, 0.0), (-0.74, 0.0)], [(0.0, 0.0), (0.01, 0.0)], [(0.75, 0.0), (0.76, 0.0)], wide=0.46),
    "more": _strokes([(0.0, -0.7), (0.0, 0.7)], [(-0.7, 0.0), (0.7, 0.0)]),
    "empty": _strokes(
        [(-0.78, -0.5), (0.78, -0.5)],
        [(-0.3, -0.5), (-0.3, -0.82), (0.3, -0.82), (0.3, -0.5)],
        [(-0.56, -0.5), (-0.44, 0.82), (0.44, 0.82), (0.56, -0.5)],
        wide=0.2,
    ),
    "warning": _polygon(_turned(3, 1.06, down=0.2)),
    "why": _strokes(
        [(-0.95, 0.0), (-0.5, -0.45), (0.0, -0.6), (0.5, -0.45), (0.95, 0.0)],
        [(-0.95, 0.0), (-0.5, 0.45), (0.0, 0.6), (0.5, 0.45), (0.95, 0.0)],
        _arc(0.16, 0.0, 1.0),
        wide=0.2,
    ),
    "play": _strokes(_arc(0.84, 0.0, 1.0), _arc(0.46, 0.0, 1.0), [(0.0, 0.0), (0.01, 0.0)], wide=0.2),
    "results": _strokes(
        [(-0.7, 0.75), (-0.7, 0.1)], [(0.0, 0.75), (0.0, -0.75)], [(0.7, 0.75), (0.7, -0.3)], wide=0.34
    ),
    "gallery": _strokes(
        [(-0.75, -0.7), (0.75, -0.7), (0.75, 0.7), (-0.75, 0.7), (-0.75, -0.7)],
        [(-0.7, 0.5), (-0.15, -0.1), (0.2, 0.3), (0.4, 0.1), (0.7, 0.5)],
        wide=0.2,
    ),
}  # fmt: skip
ICONS = frozenset(_PAINTERS)
