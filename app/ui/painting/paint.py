"""The basic shapes of all screens. The same arguments draw the same pixels; expensive surfaces are cached."""

from __future__ import annotations

import math
from typing import Any
from zlib import crc32

import pygame

from app.base.picture import Picture
from app.ui.painting.light import draw_light, draw_outline
from app.ui.painting.shapes import shape, smooth
from app.ui.painting.surfaces import CACHE, PRINTS
from app.ui.painting.theme import BLACK, WHITE, Colour, Theme, mixed
from app.views.model import Light

RING_STEPS = 120
PRINT_PAPER = (255, 253, 247)


def panel(surface: pygame.Surface, area: pygame.Rect, colour: Colour, radius: int) -> None:
    """Draw a rectangle with round corners: plain fills, and a quarter of a cached disc in each corner."""
    radius = min(radius, area.width // 2, area.height // 2)
    if radius < 1:
        surface.fill(colour, area)
        return
    surface.fill(colour, (area.left + radius, area.top, area.width - 2 * radius, area.height))
    surface.fill(colour, (area.left, area.top + radius, radius, area.height - 2 * radius))
    surface.fill(colour, (area.right - radius, area.top + radius, radius, area.height - 2 * radius))
    _corners(surface, area, radius, disc(radius, colour))


def disc(radius: int, colour: Colour) -> pygame.Surface:
    """A smooth disc with a diameter of 2 `radius` pixels; it is cached, so do not draw on it."""

    def paint(big: pygame.Surface, half: float) -> None:
        big.fill((*colour, 0))
        pygame.draw.circle(big, colour, (half, half), half)

    return CACHE.get(("disc", radius, colour), lambda: smooth(radius, paint))


def round_corners(surface: pygame.Surface, area: pygame.Rect, radius: int, outside: Colour) -> None:
    """Make the corners of `area` round by drawing the colour around it over them."""

    def paint(big: pygame.Surface, half: float) -> None:
        big.fill(outside)
        pygame.draw.circle(big, (*outside, 0), (half, half), half)

    _corners(surface, area, radius, CACHE.get(("outside", radius, outside), lambda: smooth(radius, paint)))


def lip(surface: pygame.Surface, area: pygame.Rect, face: Colour, under: Colour, radius: int, depth: int) -> None:
    """Draw a rectangle with round corners that stands out by `depth` pixels, with a visible lower edge."""
    hem = min(area.height, depth + 2 * radius)  # the face covers everything above it
    panel(surface, pygame.Rect(area.left, area.bottom - hem, area.width, hem), under, radius)
    panel(surface, pygame.Rect(area.left, area.top, area.width, area.height - depth), face, radius)


def ring(
    surface: pygame.Surface,
    centre: tuple[int, int],
    radius: int,
    thick: int,
    share: float,
    colour: Colour,
    track: Colour,
) -> None:
    """Draw a ring that is filled clockwise from the top to `share`, 0..1."""
    steps = round(min(1.0, max(0.0, share)) * RING_STEPS)

    def paint(big: pygame.Surface, half: float) -> None:
        inner = half * (1 - thick / radius)
        big.fill((*track, 0))
        pygame.draw.circle(big, track, (half, half), half)
        if steps:
            turns = [math.tau * steps / RING_STEPS * n / 120 for n in range(121)]
            rim = [(half + half * math.sin(turn), half - half * math.cos(turn)) for turn in turns]
            pygame.draw.polygon(big, colour, [(half, half), *rim])
        middle = (half + inner) / 2
        pygame.draw.circle(big, (*track, 0), (half, half), inner)
        for turn in (0.0, math.tau * steps / RING_STEPS) if 0 < steps < RING_STEPS else ():
            at = (half + middle * math.sin(turn), half - middle * math.cos(turn))
            pygame.draw.circle(big, colour, at, (half - inner) / 2)

    drawn = CACHE.get(("ring", radius, thick, steps, colour, track), lambda: smooth(radius, paint))
    surface.blit(drawn, drawn.get_rect(center=centre))


def arcade_button(
    surface: pygame.Surface, centre: tuple[int, int], radius: int, index: int, theme: Theme, down: float = 0.0
) -> None:
    """Draw a push button in the colour and with the shape of a class; `down` 0..1 is how far it is pressed."""
    colour = theme.class_colour(index)
    level = round(down * 4)

    def paint(big: pygame.Surface, half: float) -> None:
        travel = half * 0.1
        cap, top = half * 0.88, half - travel * 0.9 + travel * 1.4 * level / 4
        big.fill((*mixed(colour, BLACK, 0.45), 0))
        pygame.draw.circle(big, mixed(colour, BLACK, 0.45), (half, half), half)  # the collar
        pygame.draw.circle(big, mixed(colour, BLACK, 0.26), (half, top + travel * (1.6 - 1.2 * level / 4)), cap)
        pygame.draw.circle(big, mixed(colour, WHITE, 0.42), (half, top), cap)  # the bright edge of the cap
        pygame.draw.circle(big, mixed(colour, WHITE, 0.1 + 0.12 * level / 4), (half, top + travel * 0.3), cap * 0.97)
        pygame.draw.circle(big, mixed(colour, WHITE, 0.22 * level / 4), (half, top + travel * 0.4), cap * 0.84)

    drawn = CACHE.get(("arcade", radius, colour, level), lambda: smooth(radius, paint))
    surface.blit(drawn, drawn.get_rect(center=centre))
    at = (centre[0], centre[1] - radius * 0.06 + radius * 0.1 * level / 4)
    shape(surface, theme.class_shape(index), at, max(3, round(radius * 0.4)), theme.ink(colour))


def bar(surface: pygame.Surface, area: pygame.Rect, share: float, colour: Colour, track: Colour) -> None:
    """Draw a bar with round ends, filled from the left to `share`, 0..1; a small share is a dot, a tiny one nothing."""
    panel(surface, area, track, area.height // 2)
    width = round(min(1.0, max(0.0, share)) * area.width)
    if width > area.height // 3:
        panel(surface, pygame.Rect(area.left, area.top, max(width, area.height), area.height), colour, area.height // 2)


def camera(
    surface: pygame.Surface,
    shown: Picture,
    area: pygame.Rect,
    *,
    light: Light | None = None,
    square: tuple[int, int, int] = (0, 0, 0),
    colour: Colour | None = None,
) -> None:
    """Draw the camera picture so that it fills `area`; what does not fit is cut off. It is not cached.

    The picture is converted to 32 bits and scaled into its place, seven times as fast as scaling 24 bits. A mirrored
    picture is an array with a negative step: flipping the original pixels is faster than copying it. A `light` on the
    `square` that the model sees (left, top, side), with an edge in the `colour`, is drawn before it is scaled: a
    picture has fewer pixels than its place on the screen. Where pygame does not use SSE, as on a Raspberry Pi, its
    smoothscale cannot enlarge into a part of a surface: it puts the rows at wrong places.
    """
    pixels = shown.pixels
    mirrored = pixels.strides[1] < 0
    if mirrored:
        pixels = pixels[:, ::-1]
    height, width = pixels.shape[:2]
    data: Any = pixels if pixels.flags.c_contiguous else pixels.tobytes()  # the type stubs accept too little
    whole = pygame.image.frombuffer(data, (width, height), "RGB")
    share = min(width / area.width, height / area.height)
    cut = pygame.Rect(0, 0, min(width, round(area.width * share)), min(height, round(area.height * share)))
    cut.center = (width // 2, height // 2)
    part = pygame.Surface(cut.size, 0, surface)
    part.blit(whole, (0, 0), cut)
    if mirrored:
        part = pygame.transform.flip(part, True, False)
    if light is not None:
        left, top, side = square
        draw_light(part, light, pygame.Rect(left - cut.left, top - cut.top, side, side), colour)
    surface.blit(pygame.transform.smoothscale(part, area.size), area)


def snapshot(
    surface: pygame.Surface,
    shown: Picture,
    centre: tuple[float, float],
    edge: int,
    *,
    light: Light | None = None,
    colour: Colour | None = None,
) -> None:
    """Draw a small print on white paper, turned a little; the angle depends only on the picture's key.

    A `light` gets an outline in the `colour`.
    """
    key = ("snapshot", shown.key, edge, light and (light.key, colour))
    drawn = PRINTS.get(key, lambda: _print(shown, edge, light, colour))
    surface.blit(drawn, drawn.get_rect(center=(round(centre[0]), round(centre[1]))))


def flying(surface: pygame.Surface, shown: Picture, centre: tuple[float, float], edge: int, largest: int) -> None:
    """Draw a print in flight, whose edge changes from tick to tick: the `largest` one is made once and scaled down."""
    master = PRINTS.get(("flying", shown.key, largest), lambda: _print(shown, largest, scale=1))
    share = edge / largest
    size = (max(1, round(master.get_width() * share)), max(1, round(master.get_height() * share)))
    drawn = master if edge == largest else pygame.transform.smoothscale(master, size)
    surface.blit(drawn, drawn.get_rect(center=(round(centre[0]), round(centre[1]))))


def veil(surface: pygame.Surface, area: pygame.Rect, colour: Colour, opacity: float) -> None:
    """Cover an area with a translucent colour; `opacity` is 0..1."""
    alpha = round(255 * opacity / 8) * 8
    if alpha <= 0:
        return

    def make() -> pygame.Surface:
        plain = pygame.Surface(area.size, depth=32)
        plain.fill(colour)
        return plain

    cover = CACHE.get(("veil", area.size, colour), make)
    cover.set_alpha(min(255, alpha))
    surface.blit(cover, area)


def _print(
    shown: Picture, edge: int, light: Light | None = None, colour: Colour | None = None, *, scale: int = 2
) -> pygame.Surface:
    """Paint a print on its paper, with a shade, `scale` times as large, and turn it."""
    angle = (crc32(repr(shown.key).encode()) % 9 - 4) * 1.1
    rim, big = max(2, round(edge * 0.07)) * scale, edge * scale
    paper = pygame.Surface((big, big), pygame.SRCALPHA)
    paper.fill(PRINT_PAPER)
    inside = pygame.Rect(rim, rim, big - 2 * rim, big - 2 * rim)
    paper.blit(_scaled(shown, inside.size), inside)
    if light is not None:
        draw_outline(paper, light, inside, colour)
    room = pygame.Surface((round(big * 1.24), round(big * 1.24)), pygame.SRCALPHA)
    room.fill((*PRINT_PAPER, 0))  # the edge of the paper becomes smooth: it mixes with this
    shade = pygame.Surface((big, big), pygame.SRCALPHA)
    shade.fill((60, 45, 30, 60))
    place = paper.get_rect(center=room.get_rect().center)
    room.blit(shade, place.move(round(big * 0.012), round(big * 0.035)))
    room.blit(paper, place)
    lying = pygame.transform.rotozoom(room, angle, 1 / scale)
    return lying.convert_alpha() if pygame.display.get_surface() else lying


def _corners(surface: pygame.Surface, area: pygame.Rect, radius: int, round_one: pygame.Surface) -> None:
    right, bottom = area.right - radius, area.bottom - radius
    surface.blit(round_one, area.topleft, (0, 0, radius, radius))
    surface.blit(round_one, (right, area.top), (radius, 0, radius, radius))
    surface.blit(round_one, (area.left, bottom), (0, radius, radius, radius))
    surface.blit(round_one, (right, bottom), (radius, radius, radius, radius))


def _scaled(shown: Picture, size: tuple[int, int]) -> pygame.Surface:
    height, width = shown.pixels.shape[:2]
    share = min(width / size[0], height / size[1])
    cut_w, cut_h = min(width, round(size[0] * share)), min(height, round(size[1] * share))
    left, top = (width - cut_w) // 2, (height - cut_h) // 2
    cut = shown.pixels[top : top + cut_h, left : left + cut_w]
    whole = pygame.image.frombuffer(cut.tobytes(), (cut_w, cut_h), "RGB")
    return pygame.transform.smoothscale(whole, (max(1, size[0]), max(1, size[1])))
