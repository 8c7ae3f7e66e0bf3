"""Things that come and go, and pictures of them in pairs: what the network is trained on."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pretraining.assemblies import Assembly, random_assembly
from pretraining.bodies import random_box, random_lathed
from pretraining.descriptors import describe
from pretraining.hands import Sign, random_sign
from pretraining.materials import Stuff, random_material, random_stuff
from pretraining.rooms import random_room
from pretraining.scene import View, backdrop, canonical, photograph
from pretraining.textures import random_texture
from pretraining.things import Thing, random_flat_thing

FEW_KINDS = (  # and how often they come: the world of the first two rounds of training
    (random_flat_thing, 0.35),
    (random_lathed, 0.12),
    (random_box, 0.1),
    (random_sign, 0.25),
    (random_material, 0.18),
)
KINDS = (  # of the third
    (random_flat_thing, 0.15),
    (random_lathed, 0.09),
    (random_box, 0.08),
    (random_assembly, 0.16),
    (random_sign, 0.22),
    (random_material, 0.08),
    (random_stuff, 0.22),
)
OF_ONE_KIND = 0.4  # of the rich world's batches: likes must be told apart
ALIKE = (Sign, Stuff, Assembly)  # one of these
RENEWED = 3  # things a batch
TOGETHER = 4  # things of the rich world that share a background, which so tells nothing of them
IN_THE_WAY = 0.2  # of its pictures have something before the thing
PLAIN_SHARE = 0.35  # of its backgrounds are nearly plain
ROOMS, ROOMS_RENEWED = 300, 6
WALLS, WALL_PX = 400, 160  # textures to stand before
REMEMBERED = 200  # pictures that may come back as backgrounds


@dataclass(frozen=True)
class Batch:
    """Pictures uint8 (2N, S, S, 3), view descriptors (2N, T), canonical descriptors (2N, T); row i and i+N pair."""

    pictures: NDArray[np.uint8]
    posed: NDArray[np.float32]
    clean: NDArray[np.float32]


class World:
    """A pool of things, a few of which are replaced with every batch.

    A rich world has more kinds of things, stands them in furnished rooms too, with something in the way at times,
    and shows several things before the same background.
    """

    def __init__(self, rng: np.random.Generator, things: int, *, rich: bool = False) -> None:
        self._rng = rng
        self._kinds = KINDS if rich else FEW_KINDS
        self._things = [self._new() for _ in range(things)]
        self._walls = deque((self._wall() for _ in range(WALLS)), maxlen=WALLS)
        self._rich = rich
        self._rooms: deque[NDArray[np.uint8]] = deque(maxlen=ROOMS)
        if rich:
            self._rooms.extend(self._room() for _ in range(min(ROOMS, things)))
        self._recent: deque[NDArray[np.uint8]] = deque(maxlen=REMEMBERED)

    def batch(self, things: int, size_px: int) -> Batch:
        """Two pictures each of some things."""
        chosen = self._chosen(things)
        self._walls.extend(self._wall() for _ in range(RENEWED))
        if self._rich:
            self._rooms.extend(self._room() for _ in range(ROOMS_RENEWED))
        views = [view for _ in range(2) for view in self._views([self._things[i][0] for i in chosen], size_px)]
        pictures = np.stack([view.picture for view in views])
        self._recent.extend(pictures[self._rng.choice(len(pictures), 12)])
        posed = np.stack([describe(view.clean, view.mask) for view in views])
        batch = Batch(pictures, posed, np.stack([self._things[i][1] for _ in range(2) for i in chosen]))
        for old in chosen[:RENEWED]:  # after they were seen: until then the batch may be of one kind
            self._things[int(old)] = self._new()
        return batch

    def _chosen(self, things: int) -> NDArray[np.int64]:
        """Numbers of the things of a batch."""
        if self._rich and self._rng.random() < OF_ONE_KIND:
            kind = ALIKE[int(self._rng.integers(len(ALIKE)))]
            alike = np.flatnonzero([isinstance(thing, kind) for thing, _ in self._things])
            if len(alike) >= things:
                return self._rng.choice(alike, things, replace=False)
        return self._rng.choice(len(self._things), things, replace=False)

    def _views(self, things: Sequence[Thing], size_px: int) -> list[View]:
        """One picture of each."""
        rng, clutter = self._rng, [*self._walls, *self._recent]
        if not self._rich:
            return [photograph(thing, size_px, rng, clutter) for thing in things]
        clutter += self._rooms
        views: dict[int, View] = {}
        for together in np.array_split(rng.permutation(len(things)), -(-len(things) // TOGETHER)):
            behind = backdrop(size_px, rng, clutter, PLAIN_SHARE)
            for number in map(int, together):
                before = self._any_thing() if rng.random() < IN_THE_WAY else None
                views[number] = photograph(things[number], size_px, rng, behind=behind, before=before)
        return [views[number] for number in range(len(things))]

    def _any_thing(self) -> Thing:
        return self._things[int(self._rng.integers(len(self._things)))][0]

    def _room(self) -> NDArray[np.uint8]:
        return random_room(WALL_PX, [self._any_thing() for _ in range(int(self._rng.integers(0, 7)))], self._rng)

    def _wall(self) -> NDArray[np.uint8]:
        return (random_texture(WALL_PX, self._rng) * 255).astype(np.uint8)

    def _new(self) -> tuple[Thing, NDArray[np.float32]]:
        makers, weights = zip(*self._kinds, strict=True)
        thing: Thing = makers[int(self._rng.choice(len(makers), p=weights))](self._rng)
        return thing, describe(*canonical(thing, 64))
