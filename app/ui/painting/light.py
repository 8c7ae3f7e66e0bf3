"""WHY on a picture: what spoke for the answer is light and the rest is dark, or it has an outline."""

from __future__ import annotations

from typing import Any

import numpy as np
import pygame
from numpy.typing import NDArray

from app.ui.painting.theme import WHITE, Colour
from app.views.model import Light

DARK = 0.3  # brightness that is left of the picture where there is no light
TINT = 0.75  # greatest share of the colour, at the edge of the light
OUTLINE_AT = 0.5  # value of the light along its outline
OUTSIDE = 0.7  # brightness that is left outside the outline
OUTLINE = 0.025  # width of the outline, as a share of the picture's edge; its white rim is as wide on each side


def draw_light(surface: pygame.Surface, light: Light, square: pygame.Rect, colour: Colour | None) -> None:
    """Multiply a picture by the light on it.

    Args:
        surface: The picture; what is outside the square gets dark.
        light: Its light.
        square: The place of the square that the model sees; it may be larger than the surface.
        colour: Colour of the edge of the light; None for none.
    """
    factors = light_factors(light.values, colour)
    whole = pygame.Surface(light.values.shape[::-1], 0, surface)
    whole.blit(_surface(factors), (0, 0))
    scaled = pygame.transform.smoothscale(whole, square.size)
    surface.blit(scaled, square, special_flags=pygame.BLEND_RGB_MULT)
    area = surface.get_rect()
    lit = square.clip(area)
    dark = (round(255 * DARK),) * 3
    for rest in (
        pygame.Rect(area.left, area.top, area.width, lit.top - area.top),
        pygame.Rect(area.left, lit.bottom, area.width, area.bottom - lit.bottom),
        pygame.Rect(area.left, lit.top, lit.left - area.left, lit.height),
        pygame.Rect(lit.right, lit.top, area.right - lit.right, lit.height),
    ):  # the model does not see these parts
        if rest.width > 0 and rest.height > 0:
            surface.fill(dark, rest, special_flags=pygame.BLEND_RGB_MULT)


def draw_outline(surface: pygame.Surface, light: Light, area: pygame.Rect, colour: Colour | None) -> None:
    """Draw an outline around the light on a small picture, so that both can be recognised.

    Args:
        surface: Where the picture was drawn; it has 24 or 32 bits per pixel.
        light: Its light.
        area: The place of the picture, inside the surface; the model sees all of it.
        colour: Colour of the outline; None for white.
    """
    across = np.arange(area.width, dtype=np.float32), np.arange(area.height, dtype=np.float32)
    values = _enlarged(light.values, len(across[1]), len(across[0]))
    rise_y, rise_x = np.gradient(values)
    from_outline_px = np.abs(values - OUTLINE_AT) / np.maximum(np.hypot(rise_x, rise_y), 1e-4)
    half_px = max(1.0, OUTLINE * area.width / 2)
    rim = np.clip(2 * half_px + 0.5 - from_outline_px, 0.0, 1.0)[..., np.newaxis]
    line = np.clip(half_px + 0.5 - from_outline_px, 0.0, 1.0)[..., np.newaxis]
    bright = OUTSIDE + (1 - OUTSIDE) * np.clip(values / OUTLINE_AT, 0.0, 1.0)[..., np.newaxis]
    pixels = pygame.surfarray.pixels3d(surface.subsurface(area))
    picture = pixels.swapaxes(0, 1) * bright
    for cover, ink in ((rim, WHITE), (line, colour or WHITE)):
        picture += cover * (np.array(ink, np.float32) - picture)
    pixels[:] = np.rint(picture).astype(np.uint8).swapaxes(0, 1)


def light_factors(values: NDArray[np.float32], colour: Colour | None) -> NDArray[np.uint8]:
    """What to multiply the colours of a picture by: (H, W, 3), 255 for 1. `values` is (H, W), 0..1."""
    bright = (DARK + (1 - DARK) * values)[..., np.newaxis]
    if colour is not None:
        edge = (TINT * 4 * values * (1 - values))[..., np.newaxis]
        strongest = max(*colour, 1)
        tint = np.array(colour, np.float32) / strongest
        bright = bright * (1 - edge + edge * tint)
    return np.asarray(np.rint(255 * bright).repeat(3 // bright.shape[2], axis=2), np.uint8)


def _enlarged(values: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Enlarge (H, W) to (height, width), linearly between the centres of the values."""
    return np.asarray(_between(values.shape[0], height) @ values @ _between(values.shape[1], width).T, np.float32)


def _between(few: int, many: int) -> NDArray[np.float32]:
    """The weights (many, few) of a linear interpolation."""
    at = np.clip((np.arange(many) + 0.5) * few / many - 0.5, 0, few - 1)
    away = np.abs(at[:, np.newaxis] - np.arange(few))
    return np.asarray(np.maximum(0.0, 1 - away), np.float32)


def _surface(factors: NDArray[np.uint8]) -> pygame.Surface:
    data: Any = factors.tobytes()
    return pygame.image.frombuffer(data, factors.shape[1::-1], "RGB")
