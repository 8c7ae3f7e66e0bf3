"""The training data: a changing pool of things, and pictures of each in several views."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pretraining.assemblies import Assembly, random_assembly
from pretraining.bodies import random_box, random_lathed
from pretraining.camera import ANYWHERE
from pretraining.descriptors import describe, describe_surface
from pretraining.families import AnyMember, FamilyMaker, Member, Relatives
from pretraining.figures import (
    random_animal,
    random_blocks,
    random_cup,
    random_fruit,
    random_shoe,
    random_vehicle,
)
from pretraining.garments import random_cut
from pretraining.hands import Sign, random_sign
from pretraining.heaps import random_heap
from pretraining.materials import Material, Stuff, random_material, random_stuff
from pretraining.packages import random_brand
from pretraining.rooms import random_room, with_person
from pretraining.scene import View, backdrop, canonical, photograph
from pretraining.textures import random_texture
from pretraining.things import FlatThing, Thing, random_flat_thing

KINDS = (  # with their frequency
    (random_flat_thing, 0.13),
    (random_lathed, 0.07),
    (random_box, 0.05),
    (random_assembly, 0.14),
    (random_sign, 0.15),
    (random_material, 0.06),
    (random_stuff, 0.25),
)
FAMILIES = (  # with their frequency, and the share of those that are shown as a whole
    (random_brand, 0.12, 0.05),
    (random_cut, 0.06, 0.4),
    (random_animal, 0.03, 0.25),
    (random_vehicle, 0.03, 0.25),
    (random_shoe, 0.03, 0.25),
    (random_cup, 0.03, 0.25),
    (random_blocks, 0.02, 0.2),
    (random_fruit, 0.03, 0.25),
    (random_heap, 0.03, 0.2),
)
OF_ONE_KIND = 0.4  # share of batches with things of one kind, which must be distinguished
ALIKE: tuple[tuple[type | FamilyMaker, float], ...] = (  # for such batches, with their frequency
    (FlatThing, 0.12),
    (Assembly, 0.12),
    (Sign, 0.17),
    (Stuff, 0.3),
    (random_brand, 0.12),
    (random_cut, 0.06),
    (random_animal, 0.03),
    (random_vehicle, 0.03),
    (random_shoe, 0.03),
    (random_cup, 0.02),
)
VIEWS, VIEWS_OF_ONE_KIND = 2, 4  # of each thing, in mixed batches and in batches of one kind
RENEWED = 3  # things per batch
TOGETHER = 4  # things that share a background, so that it does not identify them
IN_THE_WAY = 0.2  # share of pictures with something in front of the thing
PERSONS = 0.15  # share of backgrounds with a person
PLAIN_SHARE = 0.35  # share of nearly plain backgrounds
CLOSE_UPS = {Stuff: 0.6, Material: 0.6, Member: 0.4}  # share of close-up pictures of these
CLOSE_UPS_OF_OTHERS = 0.25
ROOMS, WALLS_RENEWED, ROOMS_RENEWED = 300, 2, 1
WALLS, WALL_PX = 400, 160  # textures for backgrounds; a small world has fewer walls and rooms
REMEMBERED = 200  # pictures that may become backgrounds


Maker = Callable[[np.random.Generator], Thing]


class Known(NamedTuple):
    """A thing, its descriptors at rest, and the function that makes another one of its kind."""

    thing: Thing
    described: NDArray[np.float32]
    make: Maker


@dataclass(frozen=True)
class Batch:
    """Pictures of N things in V views with their descriptors. Rows i, i + N, i + 2N and so on show one thing.

    Attributes:
        pictures: uint8 (V·N, S, S, 3).
        posed: Descriptors of the thing in the pose of the picture, (V·N, T).
        clean: Descriptors of the thing at rest, (V·N, T).
        surface: Descriptors of the surface that faces the camera, (V·N, SURFACE).
        views: V.
    """

    pictures: NDArray[np.uint8]
    posed: NDArray[np.float32]
    clean: NDArray[np.float32]
    surface: NDArray[np.float32]
    views: int = VIEWS


class World:
    """A pool of things, a few of which are replaced after every batch.

    Backgrounds are plain walls, textures, earlier pictures and rooms; several things share each of them. Sometimes
    another thing covers a part of the picture.
    """

    def __init__(self, rng: np.random.Generator, things: int) -> None:
        self._rng = rng
        self._relatives = {found: Relatives(found, whole) for found, _, whole in FAMILIES}
        makers: list[Maker] = [*(make for make, _ in KINDS), *self._relatives.values()]
        weights = np.array([*(weight for _, weight in KINDS), *(weight for _, weight, _ in FAMILIES)])
        self._things = [
            self._new(makers[int(kind)]) for kind in rng.choice(len(makers), things, p=weights / weights.sum())
        ]
        self._walls = deque((self._wall() for _ in range(min(WALLS, 1 + things // 2))), maxlen=WALLS)
        self._rooms = deque((self._room() for _ in range(min(ROOMS, 1 + things // 4))), maxlen=ROOMS)
        self._recent: deque[NDArray[np.uint8]] = deque(maxlen=REMEMBERED)

    def batch(self, things: int, size_px: int, *, of_one_kind: float = OF_ONE_KIND) -> Batch:
        """Two pictures each of things of all kinds, or four each of half as many things of one kind.

        Args:
            things: Number of things of all kinds.
            size_px: Edge of the pictures.
            of_one_kind: Share of batches with things of one kind.
        """
        chosen, count = self._chosen(things, of_one_kind)
        self._walls.extend(self._wall() for _ in range(WALLS_RENEWED))
        self._rooms.extend(self._room() for _ in range(ROOMS_RENEWED))
        views = [view for _ in range(count) for view in self.views([self._things[i].thing for i in chosen], size_px)]
        pictures = np.stack([view.picture for view in views])
        self._recent.extend(pictures[self._rng.choice(len(pictures), min(12, len(pictures)), replace=False)])
        posed = np.stack([describe(*view.clean) for view in views])
        clean = np.stack([self._things[i].described for _ in range(count) for i in chosen])
        surface = np.stack([describe_surface(view.side) for view in views])
        batch = Batch(pictures, posed, clean, surface, count)
        for old in map(int, chosen[:RENEWED]):  # only after they were used: the batch may be of one kind
            self._things[old] = self._new(self._things[old].make)
        return batch

    def _chosen(self, things: int, of_one_kind: float) -> tuple[NDArray[np.int64], int]:
        """The indices of a batch's things, and the number of views of each."""
        if self._rng.random() < of_one_kind:
            kinds, weights = zip(*ALIKE, strict=True)
            kind = kinds[int(self._rng.choice(len(kinds), p=weights))]
            alike = self._alike(kind)
            few = things * VIEWS // VIEWS_OF_ONE_KIND
            if len(alike) >= few:
                return alike[:few], VIEWS_OF_ONE_KIND
        return self._rng.choice(len(self._things), things, replace=False), VIEWS

    def _alike(self, kind: type | FamilyMaker) -> NDArray[np.int64]:
        """The indices of all things of one kind in random order, but members of one family after each other."""
        if isinstance(kind, type):
            of_kind = [i for i, known in enumerate(self._things) if isinstance(known.thing, kind)]
            return self._rng.permutation(np.array(of_kind, np.int64))
        families: dict[int, list[int]] = {}
        for i, known in enumerate(self._things):
            if known.make is self._relatives.get(kind) and isinstance(known.thing, Member | AnyMember):
                families.setdefault(id(known.thing.family), []).append(i)
        members = list(families.values())
        order = self._rng.permutation(len(members))
        return np.array([i for family in order for i in members[family]], np.int64)

    def views(self, things: Sequence[Thing], size_px: int) -> list[View]:
        """One picture of each thing; TOGETHER things share a background."""
        rng, clutter = self._rng, [*self._walls, *self._recent, *self._rooms]
        views: dict[int, View] = {}
        for together in np.array_split(rng.permutation(len(things)), -(-len(things) // TOGETHER)):
            behind = backdrop(size_px, rng, clutter, PLAIN_SHARE)
            if rng.random() < PERSONS:
                behind = with_person(behind, rng)
            for number in map(int, together):
                before = self._any_thing() if rng.random() < IN_THE_WAY else None
                near = CLOSE_UPS.get(type(things[number]), CLOSE_UPS_OF_OTHERS)
                views[number] = photograph(
                    things[number], size_px, rng, behind=behind, before=before, close_ups=near, conditions=ANYWHERE
                )
        return [views[number] for number in range(len(things))]

    def _any_thing(self) -> Thing:
        return self._things[int(self._rng.integers(len(self._things)))].thing

    def _room(self) -> NDArray[np.uint8]:
        return random_room(WALL_PX, [self._any_thing() for _ in range(int(self._rng.integers(0, 7)))], self._rng)

    def _wall(self) -> NDArray[np.uint8]:
        return (random_texture(WALL_PX, self._rng) * 255).astype(np.uint8)

    def _new(self, make: Maker) -> Known:
        thing = make(self._rng)
        return Known(thing, describe(*canonical(thing, 64)), make)
