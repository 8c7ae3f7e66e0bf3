"""Things that come and go, and pictures of them in pairs: what the network is trained on."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pretraining.bodies import random_box, random_lathed
from pretraining.descriptors import describe
from pretraining.hands import random_sign
from pretraining.materials import random_material
from pretraining.scene import canonical, photograph
from pretraining.textures import random_texture
from pretraining.things import Thing, random_flat_thing

KINDS = (  # and how often they come
    (random_flat_thing, 0.35),
    (random_lathed, 0.12),
    (random_box, 0.1),
    (random_sign, 0.25),
    (random_material, 0.18),
)
RENEWED = 3  # things a batch
WALLS, WALL_PX = 400, 160  # textures to stand before
REMEMBERED = 200  # pictures that may come back as backgrounds


@dataclass(frozen=True)
class Batch:
    """Pictures uint8 (2N, S, S, 3), view descriptors (2N, T), canonical descriptors (2N, T); row i and i+N pair."""

    pictures: NDArray[np.uint8]
    posed: NDArray[np.float32]
    clean: NDArray[np.float32]


class World:
    """A pool of things, a few of which are replaced with every batch."""

    def __init__(self, rng: np.random.Generator, things: int) -> None:
        self._rng = rng
        self._things = [self._new() for _ in range(things)]
        self._walls = deque((self._wall() for _ in range(WALLS)), maxlen=WALLS)
        self._recent: deque[NDArray[np.uint8]] = deque(maxlen=REMEMBERED)

    def batch(self, things: int, size_px: int) -> Batch:
        """Two pictures each of some things."""
        chosen = self._rng.choice(len(self._things), things, replace=False)
        for old in chosen[:RENEWED]:
            self._things[int(old)] = self._new()
        self._walls.extend(self._wall() for _ in range(RENEWED))
        clutter = [*self._walls, *self._recent]
        views = [photograph(self._things[i][0], size_px, self._rng, clutter) for _ in range(2) for i in chosen]
        pictures = np.stack([view.picture for view in views])
        self._recent.extend(pictures[self._rng.choice(len(pictures), 12)])
        return Batch(
            pictures,
            np.stack([describe(view.clean, view.mask) for view in views]),
            np.stack([self._things[i][1] for _ in range(2) for i in chosen]),
        )

    def _wall(self) -> NDArray[np.uint8]:
        return (random_texture(WALL_PX, self._rng) * 255).astype(np.uint8)

    def _new(self) -> tuple[Thing, NDArray[np.float32]]:
        thing = random_thing(self._rng)
        return thing, describe(*canonical(thing, 64))


def random_thing(rng: np.random.Generator) -> Thing:
    """Invent a thing of any kind."""
    makers, weights = zip(*KINDS, strict=True)
    thing: Thing = makers[int(rng.choice(len(makers), p=weights))](rng)
    return thing
