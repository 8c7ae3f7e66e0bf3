"""Surfaces that are kept: the limits of the cache, and prints that disappear with what they show."""

from __future__ import annotations

import pygame

from app.ui.painting.surfaces import DRAWS_KEPT, PrintCache, SurfaceCache


def surface() -> pygame.Surface:
    return pygame.Surface((10, 10))


def test_the_surface_that_was_used_longest_ago_is_removed_first() -> None:
    cache = SurfaceCache(most_surfaces=2)
    first = cache.get("a", surface)
    cache.get("b", surface)
    assert cache.get("a", surface) is first
    cache.get("c", surface)
    assert (len(cache), cache.pixels, cache.made) == (2, 200, 3)
    assert cache.get("a", surface) is first
    cache.get("b", surface)
    assert cache.made == 4


def test_a_print_is_kept_while_it_is_drawn_and_gone_soon_after() -> None:
    cache = PrintCache()
    for _ in range(3 * DRAWS_KEPT):
        cache.get("drawn", surface)
        cache.screen_drawn()
    assert (len(cache), cache.made) == (1, 1)
    cache.get("of a visit", surface)
    for _ in range(DRAWS_KEPT + 1):
        cache.get("drawn", surface)
        cache.screen_drawn()
    assert (len(cache), cache.pixels) == (1, 100)
    cache.get("of a visit", surface)
    assert cache.made == 3


def test_a_print_that_the_limit_removed_is_no_error() -> None:
    cache = PrintCache()
    for key in range(2000):
        cache.get(key, surface)
    for _ in range(DRAWS_KEPT + 1):
        cache.screen_drawn()
    assert (len(cache), cache.pixels) == (0, 0)
