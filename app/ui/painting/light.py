"""WHY on the picture: light on the parts that spoke for the answer, darkness on the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pygame
from numpy.typing import NDArray

from app.ui.painting.theme import Colour
from app.views.model import Light

DARK = 0.3  # brightness that is left of the picture where there is no light
TINT = 0.75  # greatest share of the colour, at the edge of the light


def draw_light(
    surface: pygame.Surface, light: Light, square: pygame.Rect, area: pygame.Rect, colour: Colour | None
) -> None:
    """Multiply a picture that was drawn by the light on it.

    Args:
        surface: Where the picture was drawn.
        light: Its light.
        square: The place of the square that the model sees; it may be larger than `area`.
        area: The place of the picture.
        colour: Colour of the edge of the light; None for none.
    """
    factors = light_factors(light.values, colour)
    whole = pygame.Surface(light.values.shape[::-1], 0, surface)
    whole.blit(_surface(factors), (0, 0))
    scaled = pygame.transform.smoothscale(whole, square.size)
    lit = square.clip(area)
    clip = surface.get_clip()
    surface.set_clip(area)
    surface.blit(scaled, square, special_flags=pygame.BLEND_RGB_MULT)
    surface.set_clip(clip)
    dark = (round(255 * DARK),) * 3
    for rest in (
        pygame.Rect(area.left, area.top, area.width, lit.top - area.top),
        pygame.Rect(area.left, lit.bottom, area.width, area.bottom - lit.bottom),
        pygame.Rect(area.left, lit.top, lit.left - area.left, lit.height),
        pygame.Rect(lit.right, lit.top, area.right - lit.right, lit.height),
    ):  # the model does not see these parts
        if rest.width > 0 and rest.height > 0:
            surface.fill(dark, rest, special_flags=pygame.BLEND_RGB_MULT)


def light_factors(values: NDArray[np.float32], colour: Colour | None) -> NDArray[np.uint8]:
    """What to multiply the colours of a picture by: (H, W, 3), 255 for 1. `values` is (H, W), 0..1."""
    bright = (DARK + (1 - DARK) * values)[..., np.newaxis]
    if colour is not None:
        edge = (TINT * 4 * values * (1 - values))[..., np.newaxis]
        strongest = max(*colour, 1)
        tint = np.array(colour, np.float32) / strongest
        bright = bright * (1 - edge + edge * tint)
    return np.asarray(np.rint(255 * bright).repeat(3 // bright.shape[2], axis=2), np.uint8)


def _surface(factors: NDArray[np.uint8]) -> pygame.Surface:
    data: Any = factors.tobytes()
    return pygame.image.frombuffer(data, factors.shape[1::-1], "RGB")
