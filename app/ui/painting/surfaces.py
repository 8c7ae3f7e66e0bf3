"""A cache of surfaces, limited in their number and in their pixels."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable

import pygame

MOST_SURFACES = 1500
DRAWS_KEPT = 60  # of a picture that is no longer drawn
MOST_PIXELS = 24_000_000  # of four bytes each; a 4K screen needs about a third of them


class SurfaceCache:
    """Keeps the surfaces that were used last.

    Attributes:
        pixels: Pixels of all surfaces together.
        made: How many surfaces were made since the start.
    """

    def __init__(self, most_surfaces: int = MOST_SURFACES, most_pixels: int = MOST_PIXELS) -> None:
        self._most_surfaces, self._most_pixels = most_surfaces, most_pixels
        self._surfaces: OrderedDict[Hashable, pygame.Surface] = OrderedDict()
        self.pixels = 0
        self.made = 0

    def __len__(self) -> int:
        return len(self._surfaces)

    def get(self, key: Hashable, make: Callable[[], pygame.Surface]) -> pygame.Surface:
        """Return the surface with that key; `make` it if it is not in the cache."""
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
            _, oldest = self._surfaces.popitem(last=False)
            self.pixels -= oldest.get_width() * oldest.get_height()
        return surface

    def _remove(self, key: Hashable) -> None:
        surface = self._surfaces.pop(key, None)
        if surface is not None:
            self.pixels -= surface.get_width() * surface.get_height()

    def clear(self) -> None:
        """Remove all surfaces."""
        self._surfaces.clear()
        self.pixels = 0


class PrintCache(SurfaceCache):
    """Keeps pictures only as long as they are drawn, so that those of a visit disappear with it."""

    def __init__(self) -> None:
        super().__init__()
        self._draws = 0
        self._used: dict[Hashable, int] = {}  # number of the draw that used a surface last

    def get(self, key: Hashable, make: Callable[[], pygame.Surface]) -> pygame.Surface:
        """Return the surface with that key; `make` it if it is not in the cache."""
        self._used[key] = self._draws
        return super().get(key, make)

    def screen_drawn(self, still_shown: Collection[Hashable] = ()) -> None:
        """Remove what was not used in the last DRAWS_KEPT draws.

        Args:
            still_shown: Keys of pictures that are on the screen although they were not drawn again: they count as used.
        """
        for key in self._used if still_shown else ():
            if isinstance(key, tuple) and key[1] in still_shown:
                self._used[key] = self._draws
        self._draws += 1
        for key in [key for key, draw in self._used.items() if self._draws - draw > DRAWS_KEPT]:
            del self._used[key]
            self._remove(key)

    def clear(self) -> None:
        """Remove all surfaces."""
        self._used.clear()
        super().clear()


CACHE = SurfaceCache()
PRINTS = PrintCache()
