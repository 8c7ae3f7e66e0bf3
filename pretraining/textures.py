"""Surfaces from formulas: noise, waves, cells, weaves, cracks, lattices, writing. RGB float32 in 0..1, (S, S, 3)."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]
Pattern = Callable[[int, np.random.Generator], FloatImage]


def random_texture(size_px: int, rng: np.random.Generator) -> FloatImage:
    """A random surface: a grey pattern in two or three random colours."""
    return colour_ramp(random_pattern(size_px, rng), rng)


def random_pattern(size_px: int, rng: np.random.Generator) -> FloatImage:
    """A random grey pattern, float32 (size_px, size_px), 0..1."""
    return PATTERNS[int(rng.choice(len(PATTERNS), p=_WEIGHTS))](size_px, rng)


def random_grain(size_px: int, rng: np.random.Generator) -> FloatImage:
    """A random relief of one or two patterns, folded, hardened or stepped; float32 (size_px, size_px), 0..1."""
    grain = random_pattern(size_px, rng)
    if rng.random() < 0.6:
        other = random_pattern(size_px, rng)
        grain = (np.multiply, np.maximum, np.minimum, _inlaid)[int(rng.integers(4))](grain, other)
    kind = rng.integers(4)
    if kind == 1:
        grain = 1 - np.abs(2 * grain - 1)
    elif kind == 2:
        grain = 0.5 + 0.5 * np.tanh(rng.uniform(3, 15) * (grain - np.median(grain)))
    elif kind == 3:
        steps = int(rng.integers(2, 6))
        grain = np.floor(grain * steps * 0.999) / steps
    return _stretched(grain.astype(np.float32))


def _inlaid(ground: FloatImage, other: FloatImage) -> FloatImage:
    """One pattern where another one is high, and a constant level elsewhere."""
    return np.where(other > np.median(other), ground, np.float32(0.2)).astype(np.float32)


def nearly_plain(size_px: int, rng: np.random.Generator) -> FloatImage:
    """A wall or a table: one colour, a slight gradient, a little structure."""
    base = random_colour(rng, saturation=float(rng.uniform(0, 0.4)))
    ramp = _gradient(size_px, rng)[..., None] - 0.5
    grain = _noise(size_px, rng)[..., None] - np.float32(0.5)
    return np.clip(base + rng.uniform(0, 0.3) * ramp + rng.uniform(0, 0.12) * grain, 0, 1).astype(np.float32)


def random_colour(
    rng: np.random.Generator, saturation: float | None = None, hues: tuple[float, float] = (0.0, 180.0)
) -> FloatImage:
    """One RGB colour; every hue of the range, in OpenCV's half degrees, is as likely as any other."""
    hue, value = rng.uniform(*hues) % 180, rng.uniform(0.15, 1)
    chroma = rng.uniform(0, 1) if saturation is None else saturation
    hsv = np.array([[[hue, chroma * 255, value * 255]]], np.uint8)
    return (cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0] / 255).astype(np.float32)


def colour_ramp(pattern: FloatImage, rng: np.random.Generator) -> FloatImage:
    """Colour a grey pattern (0..1) by a ramp of two or three random colours."""
    stops = np.stack([random_colour(rng) for _ in range(int(rng.integers(2, 4)))])
    position = np.clip(pattern, 0, 1) * (len(stops) - 1)
    low = np.minimum(position.astype(int), len(stops) - 2)
    weight = (position - low)[..., None]
    return (stops[low] * (1 - weight) + stops[low + 1] * weight).astype(np.float32)


def _noise(size_px: int, rng: np.random.Generator) -> FloatImage:
    """Octaves of smooth noise."""
    total = np.zeros((size_px, size_px), np.float32)
    cells, weight = int(rng.integers(2, 6)), 1.0
    while cells < size_px:
        grid = rng.random((cells + 2, cells + 2), np.float32)
        total += weight * cv2.resize(grid, (size_px, size_px), interpolation=cv2.INTER_CUBIC)
        cells, weight = cells * 2, weight * float(rng.uniform(0.3, 0.7))
    return _stretched(total)


def _waves(size_px: int, rng: np.random.Generator) -> FloatImage:
    """Sums of sines that distort each other."""
    x, y = _grid(size_px)
    total = np.zeros_like(x)
    for _ in range(int(rng.integers(2, 5))):
        angle, frequency = rng.uniform(0, np.pi), rng.uniform(3, 25)
        total = total + np.sin(
            frequency * (x * np.cos(angle) + y * np.sin(angle)) + rng.uniform(0, 2) * total + rng.uniform(0, 6)
        )
    return _stretched(total.astype(np.float32))


def _stripes(size_px: int, rng: np.random.Generator) -> FloatImage:
    """Hard or soft stripes, or a chequered pattern."""
    x, y = _grid(size_px)
    angle, frequency = rng.uniform(0, np.pi), rng.uniform(6, 40)
    wave = np.sin(frequency * (x * np.cos(angle) + y * np.sin(angle)))
    if rng.random() < 0.4:
        wave = wave * np.sin(frequency * (y * np.cos(angle) - x * np.sin(angle)))
    return _stretched(np.tanh(wave * rng.uniform(1, 12)).astype(np.float32))


def _cells(size_px: int, rng: np.random.Generator) -> FloatImage:
    """Distance to the nearest of random points: stones, scales, bubbles."""
    marks = np.full((size_px, size_px), 255, np.uint8)
    points = rng.integers(0, size_px, (int(rng.integers(8, 80)), 2))
    marks[points[:, 0], points[:, 1]] = 0
    return _stretched(cv2.distanceTransform(marks, cv2.DIST_L2, 3))


def _dead_leaves(size_px: int, rng: np.random.Generator) -> FloatImage:
    """Discs that cover each other, many small and few large. Source: Lee, Mumford and Huang 2001."""
    canvas = np.full((size_px, size_px), rng.random(), np.float32)
    for _ in range(int(rng.integers(30, 120))):
        radius = int(min(2 / (rng.random() + 0.03), 0.25 * size_px))
        x, y = rng.integers(0, size_px, 2)
        cv2.circle(canvas, (int(x), int(y)), max(radius, 1), float(rng.random()), -1, cv2.LINE_AA)
    return canvas


def _julia(size_px: int, rng: np.random.Generator) -> FloatImage:
    """Escape times of z² + c, smoothed."""
    x, y = _grid(size_px)
    zoom = rng.uniform(0.4, 1.3)
    z = zoom * (x + 1j * y) + 0.3 * complex(rng.normal(), rng.normal())
    c = 0.75 * np.exp(1j * rng.uniform(0, 2 * np.pi))
    escaped = np.zeros_like(x)
    for _ in range(14):
        z = np.where(np.abs(z) < 4, z * z + c, z)
        escaped += np.abs(z) < 4
    return _stretched(cv2.GaussianBlur(escaped, (0, 0), 1.0))


def _scratches(size_px: int, rng: np.random.Generator) -> FloatImage:
    """Straight lines at similar or at random angles: brushed metal, fibres, writing."""
    canvas = np.full((size_px, size_px), 0.5, np.float32)
    angle, spread = rng.uniform(0, np.pi), rng.choice([0.03, 0.3, 3.0])
    for _ in range(int(rng.integers(20, 150))):
        x, y = rng.uniform(0, size_px, 2)
        turn, length = angle + rng.normal(0, spread), rng.uniform(0.05, 0.6) * size_px
        end = (int(x + length * np.cos(turn)), int(y + length * np.sin(turn)))
        cv2.line(canvas, (int(x), int(y)), end, float(rng.random()), int(rng.integers(1, 4)), cv2.LINE_AA)
    return canvas


def _weave(size_px: int, rng: np.random.Generator) -> FloatImage:
    """Threads that go over and under each other."""
    x, y = _turned(size_px, rng, float(rng.uniform(3, 16)))
    over = np.mod(np.floor(x) + np.floor(y), 2) < 1
    thread = np.where(over, np.sin(np.pi * np.mod(x, 1)), np.sin(np.pi * np.mod(y, 1)))
    return _stretched(thread ** rng.uniform(0.3, 2))


def _crackle(size_px: int, rng: np.random.Generator) -> FloatImage:
    """Cracks between the regions of random points: dried mud, leather, glaze."""
    marks = np.full((size_px, size_px), 255, np.uint8)
    points = rng.integers(0, size_px, (int(rng.integers(8, 120)), 2))
    marks[points[:, 0], points[:, 1]] = 0
    _, regions = cv2.distanceTransformWithLabels(marks, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_CCOMP)
    edges = (cv2.morphologyEx(regions.astype(np.float32), cv2.MORPH_GRADIENT, np.ones((2, 2))) == 0).astype(np.uint8)
    away = cv2.distanceTransform(edges, cv2.DIST_L2, 3)
    return np.clip(away / rng.uniform(1, 10), 0, 1).astype(np.float32)


def _quasicrystal(size_px: int, rng: np.random.Generator) -> FloatImage:
    """Waves from four to seven equally spaced directions: stars and rosettes that never repeat."""
    x, y = _grid(size_px)
    turn, frequency, count = rng.uniform(0, np.pi), rng.uniform(8, 35), int(rng.integers(4, 8))
    angles = turn + np.pi * np.arange(count) / count
    total = sum(np.cos(frequency * (x * np.cos(angle) + y * np.sin(angle)) + rng.uniform(0, 6)) for angle in angles)
    return _stretched(np.tanh(total * rng.uniform(0.3, 3)))


def _maze(size_px: int, rng: np.random.Generator) -> FloatImage:
    """Noise of one scale with high contrast: labyrinths, animal spots, corals. Source: after Turing 1952."""
    noise = rng.standard_normal((size_px, size_px), np.float32)
    wide = rng.uniform(1.5, 5)
    band = cv2.GaussianBlur(noise, (0, 0), wide) - cv2.GaussianBlur(noise, (0, 0), 1.6 * wide)
    return _stretched(np.tanh(rng.uniform(1, 6) * (band / band.std() + rng.uniform(-1, 1))))


def _rings(size_px: int, rng: np.random.Generator) -> FloatImage:
    """Uneven rings around a place: sawn wood, agate."""
    x, y = _grid(size_px)
    away = np.hypot(x - rng.uniform(-2, 2), (y - rng.uniform(-2, 2)) * rng.uniform(0.2, 1))
    return _stretched(np.sin(rng.uniform(10, 50) * away + rng.uniform(0, 12) * _noise(size_px, rng)))


def _lattice(size_px: int, rng: np.random.Generator) -> FloatImage:
    """One small shape repeated on a lattice."""
    tile_px = 24
    tile = np.zeros((tile_px, tile_px), np.uint8)
    cv2.fillPoly(tile, [_blot(rng, tile_px / 2, float(rng.uniform(0.25, 0.48)) * tile_px)], 255, cv2.LINE_AA)
    if rng.random() < 0.4:
        tile = cv2.morphologyEx(tile, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    rows = np.hstack([tile] * 24)
    shift = int(rng.choice([0, tile_px // 2, tile_px // 3]))
    canvas = np.vstack([np.roll(rows, shift * number, axis=1) for number in range(24)])
    return _seen_turned(canvas, size_px, rng, zoom=float(rng.uniform(0.3, 1.5)))


def _scattered(size_px: int, rng: np.random.Generator) -> FloatImage:
    """Shapes scattered at random: chips, leaves, shards, confetti."""
    canvas = np.full((size_px, size_px), rng.integers(256), np.uint8)
    largest = rng.uniform(0.03, 0.15) * size_px
    for _ in range(int(rng.integers(20, 120))):
        at = rng.uniform(0, size_px, 2)
        cv2.fillPoly(canvas, [_blot(rng, at, largest * rng.uniform(0.4, 1))], int(rng.integers(256)), cv2.LINE_AA)
    return (canvas / 255).astype(np.float32)


def _writing(size_px: int, rng: np.random.Generator) -> FloatImage:
    """Lines of invented letters."""
    canvas = np.zeros((size_px, size_px), np.uint8)
    high = rng.uniform(0.04, 0.14) * size_px
    wide, thick = high * rng.uniform(0.5, 0.9), max(1, round(high * rng.uniform(0.08, 0.2)))
    for top in np.arange(0, size_px, high * rng.uniform(1.3, 2.2)):
        for left in np.arange(0, size_px, wide * 1.3):
            if rng.random() < 0.2:
                continue  # between words
            stroke = rng.integers(0, 3, (int(rng.integers(3, 6)), 2)) / 2 * (wide, high) + (left, top)
            cv2.polylines(canvas, [stroke.astype(np.int32)], False, 255, thick, cv2.LINE_AA)
    return _seen_turned(canvas, size_px, rng, zoom=1.0)


def _fibres(size_px: int, rng: np.random.Generator) -> FloatImage:
    """Thin curved threads: paper, felt, hair."""
    canvas = np.full((size_px, size_px), 0.3, np.float32)
    lean, spread = rng.uniform(0, np.pi), rng.choice([0.2, 3.0])
    for _ in range(int(rng.integers(30, 150))):
        turns = lean + rng.normal(0, spread) + np.cumsum(rng.normal(0, 0.25, 8))
        steps = np.cumsum(np.column_stack([np.cos(turns), np.sin(turns)]), 0) * rng.uniform(0.02, 0.08) * size_px
        path = rng.uniform(0, size_px, 2) + steps
        cv2.polylines(canvas, [path.astype(np.int32)], False, float(rng.random()), int(rng.integers(1, 3)), cv2.LINE_AA)
    return canvas


def _blot(rng: np.random.Generator, middle: float | FloatImage, radius: float) -> NDArray[np.int32]:
    """The outline of a small random shape with lobes or corners."""
    lobes, deep, wide = int(rng.integers(2, 7)), rng.uniform(0.1, 0.6), rng.uniform(0.3, 1)
    angles = np.linspace(0, 2 * np.pi, int(rng.choice([lobes, 4 * lobes, 24])), endpoint=False)
    far = radius * (1 - deep + deep * np.cos(lobes * angles))
    turn = rng.uniform(0, 2 * np.pi)
    flat = np.column_stack([far * np.cos(angles), far * np.sin(angles) * wide])
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return (flat @ matrix.T + middle).astype(np.int32)


def _turned(size_px: int, rng: np.random.Generator, frequency: float) -> tuple[FloatImage, FloatImage]:
    """Coordinates along two perpendicular axes in a random direction, starting at 0."""
    x, y = _grid(size_px)
    angle = rng.uniform(0, np.pi)
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    return frequency * (along + 2), frequency * rng.uniform(0.5, 1) * (across + 2)


def _seen_turned(canvas: NDArray[np.uint8], size_px: int, rng: np.random.Generator, *, zoom: float) -> FloatImage:
    middle = len(canvas) / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), float(rng.uniform(0, 360)), zoom * size_px / 128)
    matrix[:, 2] += size_px / 2 - middle
    turned = cv2.warpAffine(canvas, matrix, (size_px, size_px), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_WRAP)
    return (turned / 255).astype(np.float32)


def _gradient(size_px: int, rng: np.random.Generator) -> FloatImage:
    x, y = _grid(size_px)
    angle = rng.uniform(0, 2 * np.pi)
    return _stretched((x * np.cos(angle) + y * np.sin(angle)).astype(np.float32))


def _plain(size_px: int, rng: np.random.Generator) -> FloatImage:
    return (0.5 + 0.05 * (_noise(size_px, rng) - 0.5)).astype(np.float32)


def _grid(size_px: int) -> tuple[FloatImage, FloatImage]:
    axis = np.linspace(-1, 1, size_px, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    return x, y


def _stretched(values: FloatImage) -> FloatImage:
    low, high = float(values.min()), float(values.max())
    return ((values - low) / max(high - low, 1e-6)).astype(np.float32)


_SHARES: dict[Pattern, float] = {
    _noise: 0.13, _waves: 0.07, _stripes: 0.09, _cells: 0.05, _dead_leaves: 0.04, _julia: 0.03, _scratches: 0.03,
    _weave: 0.04, _crackle: 0.05, _quasicrystal: 0.04, _maze: 0.04, _rings: 0.03, _lattice: 0.05, _scattered: 0.05,
    _writing: 0.05, _fibres: 0.02, _gradient: 0.05, _plain: 0.14,
}  # fmt: skip
PATTERNS, _WEIGHTS = tuple(_SHARES), tuple(_SHARES.values())
