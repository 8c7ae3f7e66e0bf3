"""Surfaces that are made once and used often: a cache that is bounded in number and in pixels."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

import pygame

MOST_SURFACES = 1500
MOST_PIXELS = 24_000_000  # four bytes each; a screen of 4K needs about a third of it


class SurfaceCache:
    """The surfaces used last, by what they show."""

    def __init__(self, most_surfaces: int = MOST_SURFACES, most_pixels: int = MOST_PIXELS) -> None:
        self._most_surfaces, self._most_pixels = most_surfaces, most_pixels
        self._surfaces: OrderedDict[Hashable, pygame.Surface] = OrderedDict()
        self.pixels = 0
        self.made = 0

    def __len__(self) -> int:
        return len(self._surfaces)

    def get(self, key: Hashable, make: Callable[[], pygame.Surface]) -> pygame.Surface:
        """The surface of that name, made now if it is not there."""
        surface = self._surfaces.get(key)
        if surface is not None:
            self._surfaces.move_to_end(key)
            return surface
        surface = self._surfaces[key] = make()
        self.made += 1
        self.pixels += surface.get_width() * surface.get_height()
        while len(self._surfaces) > 1 and (
            len(self._surfaces) > self._most_surfaces or self.pixels > self._most_pixels
        ):
            _, gone = self._surfaces.popitem(last=False)
            self.pixels -= gone.get_width() * gone.get_height()
        return surface

    def clear(self) -> None:
        """Forget all."""
        self._surfaces.clear()
        self.pixels = 0


CACHE = SurfaceCache()
