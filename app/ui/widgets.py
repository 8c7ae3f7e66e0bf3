"""The parts that screens are made of. Same arguments, same pixels; what is costly is cached, in bounded caches."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable

import pygame

from app.ui.theme import Colour, Theme
from app.ui.view import Picture

OVERSAMPLING = 3
CACHED_SURFACES = 600


class _SurfaceCache:
    """The surfaces used last, by what they show."""

    def __init__(self) -> None:
        self._surfaces: OrderedDict[Hashable, pygame.Surface] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], pygame.Surface]) -> pygame.Surface:
        surface = self._surfaces.get(key)
        if surface is None:
            surface = self._surfaces[key] = make()
            if len(self._surfaces) > CACHED_SURFACES:
                self._surfaces.popitem(last=False)
        else:
            self._surfaces.move_to_end(key)
        return surface


_cache = _SurfaceCache()


def panel(
    surface: pygame.Surface, area: pygame.Rect, colour: Colour, radius: int, border: Colour | None = None
) -> None:
    """A rectangle with round, smooth corners."""
    key = ("panel", area.size, colour, radius, border)
    surface.blit(_cache.get(key, lambda: _panel(area.size, colour, radius, border)), area)


def text(
    surface: pygame.Surface,
    words: str,
    at: tuple[int, int],
    font: pygame.font.Font,
    colour: Colour,
    *,
    anchor: str = "topleft",
    width: int | None = None,
) -> pygame.Rect:
    """Words on one line, shortened with … to fit `width`; gives the rectangle they take."""
    words = words if width is None else fitted(words, font, width)
    key = ("text", words, id(font), colour)
    rendered = _cache.get(key, lambda: font.render(words, True, colour))
    area = rendered.get_rect()
    setattr(area, anchor, at)
    surface.blit(rendered, area)
    return area


def fitted(words: str, font: pygame.font.Font, width: int) -> str:
    """`words`, or as much of them as fits followed by …"""
    if font.size(words)[0] <= width:
        return words
    while words and font.size(words + "…")[0] > width:
        words = words[:-1]
    return words.rstrip() + "…"


def lines_of(words: str, font: pygame.font.Font, width: int) -> list[str]:
    """Break words into lines no wider than `width`."""
    lines: list[str] = []
    for word in words.split():
        if lines and font.size(f"{lines[-1]} {word}")[0] <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def paragraph(surface: pygame.Surface, words: str, area: pygame.Rect, font: pygame.font.Font, colour: Colour) -> int:
    """Centred lines from the top of `area`; gives the y below the last."""
    y = area.top
    for line in lines_of(words, font, area.width):
        text(surface, line, (area.centerx, y), font, colour, anchor="midtop", width=area.width)
        y += font.get_linesize()
    return y


def shape(surface: pygame.Surface, name: str, centre: tuple[int, int], radius: int, colour: Colour) -> None:
    """One of the class shapes or icons, smooth-edged."""
    drawn = _cache.get(("shape", name, radius, colour), lambda: _shape(name, radius, colour))
    surface.blit(drawn, drawn.get_rect(center=centre))


def ring(
    surface: pygame.Surface, centre: tuple[int, int], radius: int, share: float, colour: Colour, track: Colour
) -> None:
    """A ring that is filled clockwise from the top to `share` (0..1)."""
    steps = round(share * 60)
    drawn = _cache.get(("ring", radius, steps, colour, track), lambda: _ring(radius, steps / 60, colour, track))
    surface.blit(drawn, drawn.get_rect(center=centre))


def bar(surface: pygame.Surface, area: pygame.Rect, share: float, colour: Colour, track: Colour) -> None:
    """A round-ended bar filled from the left to `share` (0..1)."""
    panel(surface, area, track, area.height // 2)
    width = round(share * area.width)
    if width >= area.height:
        panel(surface, pygame.Rect(area.left, area.top, width, area.height), colour, area.height // 2)


def picture(surface: pygame.Surface, shown: Picture, area: pygame.Rect, *, cached: bool, radius: int = 0) -> None:
    """A picture that fills `area`, cut where its form differs."""
    if not cached:
        surface.blit(_scaled(shown, area.size), area)
        return
    key = ("picture", shown.key, area.size, radius)
    surface.blit(_cache.get(key, lambda: _rounded(_scaled(shown, area.size), radius)), area)


def button_face(theme: Theme, *, enabled: bool, held: bool, suggested: bool) -> tuple[Colour, Colour]:
    """Face and text colour of a key in its state."""
    if not enabled:
        return theme.panel, theme.line
    if held or suggested:
        return theme.accent, theme.ink
    return theme.raised, theme.text


def _panel(size: tuple[int, int], colour: Colour, radius: int, border: Colour | None) -> pygame.Surface:
    big = pygame.Surface((size[0] * OVERSAMPLING, size[1] * OVERSAMPLING), pygame.SRCALPHA)
    pygame.draw.rect(big, colour, big.get_rect(), border_radius=radius * OVERSAMPLING)
    if border is not None:
        pygame.draw.rect(big, border, big.get_rect(), width=2 * OVERSAMPLING, border_radius=radius * OVERSAMPLING)
    return pygame.transform.smoothscale(big, size)


def _ring(radius: int, share: float, colour: Colour, track: Colour) -> pygame.Surface:
    edge = 2 * radius * OVERSAMPLING
    big = pygame.Surface((edge, edge), pygame.SRCALPHA)
    middle, outer, inner = edge / 2, edge / 2, edge / 2 * 0.78
    pygame.draw.circle(big, track, (middle, middle), outer)
    if share > 0:
        turns = [math.tau * share * step / 90 - math.pi / 2 for step in range(91)]
        rim = [(middle + outer * math.cos(turn), middle + outer * math.sin(turn)) for turn in turns]
        pygame.draw.polygon(big, colour, [(middle, middle), *rim])
    pygame.draw.circle(big, (0, 0, 0, 0), (middle, middle), inner)
    return pygame.transform.smoothscale(big, (2 * radius, 2 * radius))


def _shape(name: str, radius: int, colour: Colour) -> pygame.Surface:
    edge = 2 * radius * OVERSAMPLING
    big = pygame.Surface((edge, edge), pygame.SRCALPHA)
    middle = r = edge / 2
    if name in ("circle", "ring"):
        pygame.draw.circle(big, colour, (middle, middle), r)
        if name == "ring":
            pygame.draw.circle(big, (0, 0, 0, 0), (middle, middle), r * 0.5)
    elif name == "cross":
        third = edge / 3
        pygame.draw.rect(big, colour, (third, 0, third, edge))
        pygame.draw.rect(big, colour, (0, third, edge, third))
    elif name == "drop":
        pygame.draw.circle(big, colour, (middle, middle * 1.25), r * 0.75)
        pygame.draw.polygon(big, colour, [(middle, 0), (middle * 0.38, middle), (middle * 1.62, middle)])
    else:
        pygame.draw.polygon(big, colour, [(middle + r * x, middle + r * y) for x, y in _outline(name)])
    return pygame.transform.smoothscale(big, (2 * radius, 2 * radius))


def _outline(name: str) -> list[tuple[float, float]]:
    if name == "square":
        return [(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)]
    if name == "star":
        return [
            (length * math.sin(math.tau * point / 10), -length * math.cos(math.tau * point / 10))
            for point in range(10)
            for length in ((1.0, 0.45)[point % 2],)
        ]
    corners = {"triangle": 3, "diamond": 4, "hexagon": 6}[name]
    return [
        (math.sin(math.tau * corner / corners), -math.cos(math.tau * corner / corners)) for corner in range(corners)
    ]


def _scaled(shown: Picture, size: tuple[int, int]) -> pygame.Surface:
    height, width = shown.pixels.shape[:2]
    share = min(width / size[0], height / size[1])
    cut_w, cut_h = min(width, round(size[0] * share)), min(height, round(size[1] * share))
    left, top = (width - cut_w) // 2, (height - cut_h) // 2
    cut = shown.pixels[top : top + cut_h, left : left + cut_w]
    whole = pygame.image.frombuffer(cut.tobytes(), (cut_w, cut_h), "RGB")
    return pygame.transform.smoothscale(whole, size)


def _rounded(surface: pygame.Surface, radius: int) -> pygame.Surface:
    rounded = surface.convert_alpha() if pygame.display.get_surface() else surface
    mask = _panel(surface.get_size(), (255, 255, 255), radius, None)
    out = pygame.Surface(surface.get_size(), pygame.SRCALPHA)
    out.blit(rounded, (0, 0))
    out.blit(mask, (0, 0), special_flags=pygame.BLEND_RGBA_MIN)
    return out
