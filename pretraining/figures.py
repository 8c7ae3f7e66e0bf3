"""Animals, vehicles, shoes, cups and stacks of blocks, made of rounded parts. A family has one build in other colours.

A blueprint takes the shape from the family's generator and the colours and small differences from the member's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pretraining.assemblies import Assembly
from pretraining.parts import Part, assembled
from pretraining.textures import FloatImage, random_colour, random_texture
from pretraining.things import random_finish

PATTERN_PX = 48
BUILD = 0.06  # deviation of the logarithm of the lengths of a part between members


Blueprint = Callable[[np.random.Generator, np.random.Generator], tuple[list[Part], list[FloatImage]]]


@dataclass(frozen=True)
class Figures:
    """A family of figures.

    Attributes:
        blueprint: Returns the parts and the paints; a paint is RGB float32 (S, S, 3).
        seed: Decides all that its members share.
    """

    blueprint: Blueprint
    seed: int

    def member(self, rng: np.random.Generator) -> Assembly:
        """See `Family`."""
        shared = np.random.default_rng(self.seed)
        parts, paints = self.blueprint(shared, rng)
        yaw, pitch = float(shared.uniform(-np.pi, np.pi)), float(shared.uniform(-0.5, 0.1))
        turn = float(shared.uniform(0.3, 1.4)), float(shared.uniform(0.1, 0.4))
        return assembled(parts, paints, (yaw, pitch), turn, random_finish(shared))


def random_animal(rng: np.random.Generator) -> Figures:
    """Invent a kind of four-legged animal or toy."""
    return Figures(_animal, int(rng.integers(2**32)))


def random_vehicle(rng: np.random.Generator) -> Figures:
    """Invent a kind of vehicle."""
    return Figures(_vehicle, int(rng.integers(2**32)))


def random_shoe(rng: np.random.Generator) -> Figures:
    """Invent a kind of shoe, from a slipper to a boot."""
    return Figures(_shoe, int(rng.integers(2**32)))


def random_cup(rng: np.random.Generator) -> Figures:
    """Invent a kind of cup, mug, jug or bowl."""
    return Figures(_cup, int(rng.integers(2**32)))


def random_fruit(rng: np.random.Generator) -> Figures:
    """Invent a kind of fruit or vegetable."""
    return Figures(_fruit, int(rng.integers(2**32)))


def random_blocks(rng: np.random.Generator) -> Figures:
    """Invent a stack of blocks."""
    return Figures(_blocks, int(rng.integers(2**32)))


def _plain(rng: np.random.Generator, *, pale: float = 0.2) -> FloatImage:
    """A paint of one colour; some are white, grey or black."""
    colour = random_colour(rng, saturation=float(rng.uniform(0, 0.1))) if rng.random() < pale else random_colour(rng)
    return np.full((2, 2, 3), colour, np.float32)


def _paint(rng: np.random.Generator, patterned: float) -> FloatImage:
    """A paint of one colour or with a pattern."""
    return random_texture(PATTERN_PX, rng) if rng.random() < patterned else _plain(rng)


def _both(part: Part) -> list[Part]:
    """A part and its mirror image."""
    x, y, z = part.place
    return [part, replace(part, place=(-x, y, z), turn=(-part.turn[0], part.turn[1]))]


def _built(parts: list[Part], own: np.random.Generator) -> list[Part]:
    """The same parts with the small differences of one member; mirror images stay alike."""
    mirrored: dict[object, float] = {}
    built = []
    for part in parts:
        twin = (part.radii, abs(part.place[0]), *part.place[1:])
        grown = mirrored.setdefault(twin, float(np.exp(own.normal(0, BUILD))))
        built.append(replace(part, radii=(part.radii[0] * grown, part.radii[1] * grown, part.radii[2] * grown)))
    return built


def _animal(shared: np.random.Generator, own: np.random.Generator) -> tuple[list[Part], list[FloatImage]]:
    """Body, legs, neck, head, ears and tail, seen from the side at yaw 0; z is across the body."""
    long, thick = shared.uniform(0.35, 0.6), shared.uniform(0.15, 0.32)
    leg, slim = shared.uniform(0.1, 0.5), shared.uniform(0.04, 0.11)
    neck, raised, head = shared.uniform(0.05, 0.45), shared.uniform(0.2, 1.4), shared.uniform(0.11, 0.24)
    muzzle, ear = shared.uniform(0.2, 1.3) * head, shared.uniform(0.3, 1.4) * head
    ear_wide, tail, droop = shared.uniform(0.25, 0.7) * ear, shared.uniform(0.05, 0.5), shared.uniform(-1.2, 1.0)
    lower = 1 if shared.random() < 0.4 else 0
    at = np.array([long * 0.85, -0.4 * thick])
    to = at + (neck + head) * np.array([np.cos(raised), -np.sin(raised)])
    half = (at + to) / 2
    rump = np.array([-long * 0.9, -0.3 * thick])
    end = rump + tail * np.array([-np.cos(droop), -np.sin(droop)]) * 0.5
    legs = [
        Part((slim, leg / 2 + 0.1, slim), (x, thick * 0.6 + leg / 2, z), lower, 3.0, 1)
        for x in (-long * 0.72, long * 0.72)
        for z in (-0.6 * thick, 0.6 * thick)
    ]
    ears = [
        Part((ear_wide, ear / 2, 0.3 * ear_wide), (to[0], to[1] - 0.8 * head, z), 2) for z in (-0.7 * head, 0.7 * head)
    ]
    eyes = [
        Part((0.03, 0.03, 0.03), (to[0] + 0.6 * head, to[1] - 0.2 * head, z), 3) for z in (-0.75 * head, 0.75 * head)
    ]
    nose = (to[0] + 0.7 * head + 0.3 * muzzle, to[1] + 0.2 * head, 0.0)
    lean = float(shared.normal(0, 0.1))
    parts = [
        Part((long, thick, 0.9 * thick), (0, 0, 0), 0, float(shared.uniform(2, 3.5)), turn=(0.0, lean)),
        _limb(half, at, to, 0.6 * head, 0),
        Part((head, 0.9 * head, 0.85 * head), (to[0], to[1], 0), 0),
        Part((muzzle / 2 + 0.3 * head, 0.5 * head, 0.5 * head), nose, lower),
        _limb((rump + end) / 2, rump, end, 0.05 + 0.1 * shared.random() ** 3, 2),
        *legs, *ears, *eyes,
    ]  # fmt: skip
    paints = [_paint(own, 0.4), _plain(own), _plain(own), np.full((2, 2, 3), 0.05, np.float32)]
    if own.random() < 0.5:
        paints[2] = paints[0]
    return _built(parts, own), paints


def _limb(
    middle: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64], thick: float, paint: int
) -> Part:
    """A cylinder between two places in the plane of x and y, approximated by a stretched solid."""
    span = np.abs(end - start) / 2 + thick
    return Part((float(span[0]), float(span[1]), thick), (float(middle[0]), float(middle[1]), 0.0), paint)


def _vehicle(shared: np.random.Generator, own: np.random.Generator) -> tuple[list[Part], list[FloatImage]]:
    """A body on wheels with a cabin, and perhaps a load or a boom."""
    long, high, wide = shared.uniform(0.5, 0.8), shared.uniform(0.1, 0.24), shared.uniform(0.22, 0.38)
    wheel, axles = shared.uniform(0.1, 0.24), int(shared.integers(2, 4))
    power = float(shared.uniform(3, 7))
    cab_long, cab_high = shared.uniform(0.2, 0.8) * long, shared.uniform(0.12, 0.32)
    cab, slope = shared.uniform(-1, 1) * (long - cab_long), float(shared.uniform(0, 0.25))
    parts = [
        Part((long, high, wide), (0, 0, 0), 0, power),
        Part((cab_long, cab_high, 0.88 * wide), (cab, -high - 0.8 * cab_high, 0), 1, power, taper=slope),
        Part((0.9 * cab_long, 0.55 * cab_high, 0.92 * wide), (cab, -high - 0.9 * cab_high, 0), 2, power),
    ]
    for x in np.linspace(-0.68, 0.68, axles) * long:
        for z in (-wide, wide):
            parts.append(Part((wheel, wheel, 0.06), (float(x), high, z), 3, 6.0, 2))
            parts.append(Part((0.5 * wheel, 0.5 * wheel, 0.075), (float(x), high, z), 4, 6.0, 2))
    if shared.random() < 0.5:  # a load, a tank, a tail
        load = shared.uniform(0.15, 0.5) * long
        tall = shared.uniform(0.1, 0.4)
        about = int(shared.choice([-1, 0, 1]))
        far = -np.sign(cab or 1.0) * (long - load)
        parts.append(Part((load, tall, 0.8 * wide), (far, -high - 0.8 * tall, 0), 5, power, about))
    for z in (-0.6 * wide, 0.6 * wide):  # lamps
        parts.append(Part((0.04, 0.05, 0.06), (long, -0.1 * high, z), 4))
    main = _paint(own, 0.25)
    dark = np.full((2, 2, 3), own.uniform(0.03, 0.2), np.float32)
    glass = np.full((2, 2, 3), own.uniform(0.1, 0.7), np.float32) * np.array([0.85, 0.95, 1.0], np.float32)
    paints = [main, main if own.random() < 0.5 else _plain(own), glass, dark, _plain(own, pale=0.7), _paint(own, 0.3)]
    return _built(parts, own), paints


def _shoe(shared: np.random.Generator, own: np.random.Generator) -> tuple[list[Part], list[FloatImage]]:
    """Sole, toe, instep, heel and shaft, with laces or straps."""
    wide, flat = shared.uniform(0.2, 0.3), shared.uniform(0.04, 0.1)
    toe, point = shared.uniform(0.1, 0.2), shared.uniform(1.8, 4)
    shaft, heel = shared.choice([0.1, 0.2, 0.5, 0.8]) * shared.uniform(0.8, 1.2), max(0.0, shared.normal(0, 0.15))
    parts = [
        Part((0.72, flat, wide), (0, 0.25, 0), 1, 3.5),
        Part((0.34, toe, 0.92 * wide), (0.36, 0.2 - 0.5 * toe, 0), 0, float(point)),
        Part((0.4, 0.8 * toe + 0.05, 0.8 * wide), (0.06, 0.12 - 0.7 * toe, 0), 0),
        Part((0.28, 0.22, 0.85 * wide), (-0.42, 0.08, 0), 2),
        Part((0.24, 0.12 + shaft / 2, 0.75 * wide), (-0.42, 0.0 - shaft / 2, 0), 0, 5.0, 1, lid=4),
    ]
    if heel > 0.05:
        parts.append(Part((0.16, heel, 0.6 * wide), (-0.55, 0.3 + heel / 2, 0), 1, 4.0, taper=-0.2))
    for step in range(int(shared.integers(0, 5))):  # laces or straps
        x = -0.18 + 0.13 * step
        parts.append(Part((0.03, 0.03, 0.7 * wide), (x, -0.02 - 1.1 * toe + 0.06 * step, 0), 3))
    if shared.random() < 0.5:  # a stripe on both sides
        parts += [Part((0.2, 0.05, 0.02), (0.0, 0.12, z), 3) for z in (-0.86 * wide, 0.86 * wide)]
    main, sole = _paint(own, 0.2), _plain(own, pale=0.8)
    paints = [main, sole, main if own.random() < 0.5 else _plain(own), _plain(own, pale=0.5)]
    paints.append(np.full((2, 2, 3), own.uniform(0.03, 0.35), np.float32))
    return _built(parts, own), paints


def _cup(shared: np.random.Generator, own: np.random.Generator) -> tuple[list[Part], list[FloatImage]]:
    """A cylinder or a round belly, open above, perhaps with a handle, a foot, a saucer or a spout."""
    wide, high = shared.uniform(0.25, 0.6), shared.uniform(0.2, 0.65)
    taper, power = float(shared.uniform(-0.4, 0.35)), float(shared.choice([2.5, 4.0, 8.0]))
    parts = [Part((wide, high, wide), (0, 0, 0), 0, power, 1, taper, lid=2)]
    mouth = wide * (1 - taper)
    if power < 4:
        parts.append(Part((0.7 * wide, 0.05, 0.7 * wide), (0, -0.95 * high, 0), 2, 6.0, 1))
    else:
        parts.append(Part((0.92 * mouth, 0.012, 0.92 * mouth), (0, -1.01 * high, 0), 2, 6.0, 1))
    if shared.random() < 0.7:
        tall, out = max(0.2, shared.uniform(0.4, 0.8) * high), shared.uniform(0.2, 0.36)
        parts.append(Part((out, tall, shared.uniform(0.03, 0.06)), (wide + 0.4 * out, 0, 0), 1, ring=True))
        if shared.random() < 0.15:
            parts.append(replace(parts[-1], place=(-wide - 0.4 * out, 0, 0)))
    if shared.random() < 0.25:
        parts.append(Part((wide + 0.25, 0.03, wide + 0.25), (0, high, 0), 1, 4.0, 1))
    if shared.random() < 0.15:  # a spout
        parts.append(Part((0.2, 0.06, 0.06), (-wide - 0.1, -0.3 * high, 0), 0, turn=(0.0, 0.0)))
    main = _paint(own, 0.5)
    inside = np.full((2, 2, 3), own.uniform(0.05, 0.95), np.float32) if own.random() < 0.6 else _plain(own)
    return _built(parts, own), [main, main if own.random() < 0.3 else _plain(own), inside]


def _blocks(shared: np.random.Generator, own: np.random.Generator) -> tuple[list[Part], list[FloatImage]]:
    """Three to seven blocks, each on or beside an earlier one."""
    unit, power = shared.uniform(0.14, 0.24), float(shared.uniform(4, 9))
    parts: list[Part] = []
    for _ in range(int(shared.integers(3, 8))):
        size = unit * np.array([shared.choice([1, 1, 2, 3]), shared.choice([0.6, 1, 1, 2]), 1])
        place = np.zeros(3)
        if parts:
            below = parts[int(shared.integers(len(parts)))]
            axis = int(shared.choice([0, 1, 1, 2]))
            place = np.array(below.place) + shared.normal(0, 0.3 * unit, 3) * (np.arange(3) != axis)
            place[axis] -= (below.radii[axis] + size[axis]) * (1 if axis == 1 else shared.choice([-1, 1]))
        about = int(shared.choice([-1, -1, -1, 0, 1]))
        low, tall, deep = (float(length) for length in size)
        x, y, z = (float(length) for length in place)
        parts.append(Part((low, tall, deep), (x, y, z), len(parts), power, about))
    return _built(parts, own), [_paint(own, 0.15) for _ in parts]


def _fruit(shared: np.random.Generator, own: np.random.Generator) -> tuple[list[Part], list[FloatImage]]:
    """A round or long body with a stem, leaves or lobes; its colours are near those of its kind."""
    wide, taper = shared.uniform(0.35, 1.1), float(shared.normal(0, 0.2))
    body = Part((wide, 0.7, wide * shared.uniform(0.8, 1)), (0, 0, 0), 0, float(shared.uniform(1.8, 2.8)), 1, taper)
    parts = [body]
    if shared.random() < 0.2:  # lobes, as of a pepper
        count = int(shared.integers(3, 6))
        for angle in 2 * np.pi * np.arange(count) / count:
            at = 0.45 * wide * np.array([np.cos(angle), np.sin(angle)])
            parts.append(replace(body, radii=(0.6 * wide, 0.75, 0.6 * wide), place=(at[0], 0.02, at[1])))
    if shared.random() < 0.7:
        parts.append(Part((0.04, shared.uniform(0.08, 0.3), 0.04), (0, -0.75, 0), 1, 4.0, 1))
    for angle in shared.uniform(0, 2 * np.pi, int(shared.choice([0, 0, 1, 4]))):
        at = 0.25 * np.array([np.cos(angle), np.sin(angle)])
        parts.append(Part((0.06 + abs(at[0]), 0.04, 0.06 + abs(at[1])), (at[0], -0.72, at[1]), 2))
    hue = shared.uniform(-15, 75) if shared.random() < 0.65 else shared.uniform(0, 180)  # red to green, or any
    spread = shared.uniform(3, 25)
    near = [random_colour(own, saturation=float(own.uniform(0.4, 1)), hues=(hue - spread, hue + spread)) for _ in "ab"]
    grain = random_texture(PATTERN_PX, shared).mean(-1, keepdims=True)
    share = grain * float(shared.uniform(0, 1))
    green = random_colour(own, saturation=float(own.uniform(0.3, 0.9)), hues=(35.0, 70.0))
    leaf = np.full((2, 2, 3), green, np.float32)
    return _built(parts, own), [(near[0] * (1 - share) + near[1] * share).astype(np.float32), 0.6 * leaf, leaf]
