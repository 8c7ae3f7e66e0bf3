"""Shapes and surfaces that the training never sees, for measurements: gears, keys and letters; bricks, arcs and dots.

Also packages printed with Latin words, kinds of which every view shows another one, and changes of light and place
between teaching and asking. `world` must not use anything from here. From the training's parts, this module uses only
the containers: `Side`, a body that turns, a box, and a kind of material.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from pretraining.assemblies import Assembly
from pretraining.bodies import Box
from pretraining.camera import STUDIO, Conditions
from pretraining.materials import Stuff
from pretraining.textures import FloatImage
from pretraining.things import SIZE_PX, FlatThing, Side

SEED = 20_291_130  # training uses none that starts so
CHANGES = {  # how the light and the places differ when a thing is asked; gains of red, green and blue
    "none": (STUDIO, (1.0, 1.0, 1.0)),
    "warm light": (STUDIO, (1.2, 1.0, 0.75)),
    "cool light": (STUDIO, (0.8, 1.0, 1.2)),
    "size 0.4": (Conditions(sizes=(0.4, 0.4)), (1.0, 1.0, 1.0)),
    "off centre by 0.2": (Conditions(shift=0.2), (1.0, 1.0, 1.0)),
}
WORDS = ("MILK", "Juice", "Oat", "BIO", "Tea", "Crema", "ZERO", "Fresh", "Kaffee", "RICE", "Limon", "Dark", "MAX")
LETTERS = "ABEFGHKRSXYZ"
CLOUD = 16_000  # points per body
FINISHES = ((0.0, 0.0, 1.0), (0.8, 0.0, 1.0), (0.6, 0.9, 1.0), (0.8, 0.0, 0.3))  # dull, glossy, metal, clear


def unseen_thing(rng: np.random.Generator) -> FlatThing:
    """A thing with a shape and a surface that no thing of the training has."""
    return _cut_out((_gear, _crescent, _key, _letter, _arrow)[int(rng.integers(5))], rng)


def _cut_out(shape: Callable[[np.random.Generator], FloatImage], rng: np.random.Generator) -> FlatThing:
    outline = shape(rng)
    albedo = unseen_texture(SIZE_PX, rng)
    if rng.random() < 0.5:  # a label
        top, left = rng.integers(SIZE_PX // 4, SIZE_PX // 2, 2)
        label = unseen_texture(SIZE_PX, rng)
        part = np.s_[top : top + SIZE_PX // 4, left : left + SIZE_PX // 3]
        albedo[part] = label[part]
    height = cv2.GaussianBlur(outline, (0, 0), 4.0) * outline
    return FlatThing(Side(albedo, cv2.GaussianBlur(outline, (0, 0), 0.7), height, gloss=float(rng.uniform(0, 0.5))))


def unseen_body(rng: np.random.Generator) -> Assembly:
    """Such a shape cut out of a board, with its own surfaces on front, back and rim, as a body that turns."""
    outline = (_gear, _crescent, _key, _letter, _arrow)[int(rng.integers(5))](rng)
    inside = np.argwhere(outline > 0.5)
    rim = np.argwhere((outline > 0.5) & (cv2.erode(outline, np.ones((3, 3))) <= 0.5))
    slope_y, slope_x = (
        cv2.Sobel(cv2.GaussianBlur(outline, (0, 0), 1.5), cv2.CV_32F, *order, ksize=3) for order in ((0, 1), (1, 0))
    )
    thick = rng.uniform(0.1, 0.35)
    faces = 2 * len(inside) / (2 * len(inside) + len(rim) * thick * SIZE_PX)  # their share of the area
    on_face = rng.random(CLOUD) < faces
    cells = np.where(
        on_face[:, None], inside[rng.integers(len(inside), size=CLOUD)], rim[rng.integers(len(rim), size=CLOUD)]
    )
    side = np.where(rng.random(CLOUD) < 0.5, 1.0, -1.0)
    depth = np.where(on_face, side, rng.uniform(-1, 1, CLOUD)) * thick
    flat = (cells[:, ::-1] + rng.random((CLOUD, 2))) / SIZE_PX * 2 - 1
    points = np.column_stack([flat, depth])
    rows, columns = cells[:, 0], cells[:, 1]
    outward = -np.column_stack([slope_x[rows, columns], slope_y[rows, columns], np.zeros(CLOUD)])
    outward /= np.linalg.norm(outward, axis=1, keepdims=True) + 1e-6
    normals = np.where(on_face[:, None], np.column_stack([np.zeros((CLOUD, 2)), side]), outward)
    front, back, around = (unseen_texture(SIZE_PX, rng)[rows, columns] for _ in range(3))
    colours = np.where(on_face[:, None], np.where(side[:, None] > 0, front, back), around)
    points /= np.linalg.norm(points, axis=1).max()
    clouds = (cloud.astype(np.float32) for cloud in (points, normals, colours))
    pose = float(rng.uniform(-np.pi, np.pi)), float(rng.uniform(-0.5, 0.5))
    return Assembly(*clouds, pose, (1.0, 0.3), (float(rng.uniform(0, 0.5)), 0.0, 1.0))


def unseen_stuffs(rng: np.random.Generator, count: int) -> list[Stuff]:
    """Kinds of material that differ in relief or finish, in any colour."""
    kinds = [(relief, finish) for relief in (_bricks, _arcs, _dots, _facets) for finish in FINISHES]
    chosen = [kinds[int(number)] for number in rng.choice(len(kinds), count, replace=False)]
    return [
        Stuff(
            relief,
            (_bricks, _spiral, _arcs, _dots)[int(rng.integers(4))],
            depth=float(rng.uniform(0.4, 1.0)),
            printed=float(rng.uniform(0.2, 0.5)) if rng.random() < 0.3 else 0.0,
            saturation=float(rng.uniform(0.2, 1.0)),
            lightness=(0.3, float(rng.uniform(0.6, 1.0))),
            bulge=float(rng.uniform(0, 1)),
            finish=finish,
        )
        for relief, finish in chosen
    ]


def unseen_packages(rng: np.random.Generator, count: int) -> list[Box]:
    """Cartons of three brands; those of one brand differ in a word, the colour of a band, and small letters."""
    brands = [int(seed) for seed in rng.integers(2**32, size=3)]
    return [_package(np.random.default_rng(brands[number % 3]), rng) for number in range(count)]


def _package(brand: np.random.Generator, rng: np.random.Generator) -> Box:
    edge = 2 * SIZE_PX
    ground, ink, band = brand.uniform(0.6, 1, 3), brand.uniform(0, 0.4, 3), rng.uniform(0, 1, 3)
    front = np.full((edge, edge, 3), 255 * ground, np.uint8)
    name, word = (source.choice(WORDS) for source in (brand, rng))
    mark = int(brand.integers(20, 60))
    cv2.circle(front, tuple(map(int, brand.integers(60, edge - 60, 2))), mark, tuple(255 * brand.uniform(0, 1, 3)), -1)
    top = int(brand.integers(90, 180))
    cv2.rectangle(front, (0, top), (edge, top + 45), tuple(255 * band), -1)
    font, dark = int(brand.choice([cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX])), tuple(255 * ink)
    cv2.putText(front, str(name), (15, 60), font, 1.8, dark, 3, cv2.LINE_AA)
    light = (255, 255, 255) if band.mean() < 0.5 else (0, 0, 0)
    cv2.putText(front, str(word), (25, top + 35), font, 1.2, light, 2, cv2.LINE_AA)
    for line in range(top + 60, edge, 12):
        text = " ".join(map(str, rng.choice(WORDS, 6)))
        cv2.putText(front, text, (10, line), cv2.FONT_HERSHEY_SIMPLEX, 0.35, dark, 1, cv2.LINE_AA)
    picture = (cv2.resize(front, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_AREA) / 255).astype(np.float32)
    side = np.broadcast_to(picture.mean((0, 1)), picture.shape)
    faces = np.stack([side, side, picture.transpose(1, 0, 2)])
    edges, pose = brand.uniform(0.4, 0.6, 3) * (1, 1.2, 0.5), (float(brand.uniform(-0.4, 0.4)), -0.15)
    return Box(edges, faces, pose, 0.35, (float(brand.uniform(0, 0.4)), 0.0, 1.0))


@dataclass(frozen=True)
class UnseenKind:
    """A shape in any proportion and surface; every view shows another one."""

    outline: Callable[[np.random.Generator], FloatImage]

    def rest(self) -> Side:
        """See `Thing`."""
        return _cut_out(self.outline, np.random.default_rng(SEED)).side

    def seen(self, rng: np.random.Generator) -> Side:
        """See `Thing`."""
        return _cut_out(self.outline, rng).side


def unseen_kinds() -> list[UnseenKind]:
    """Eight kinds: a gear, a crescent, a key, an arrow and four letters."""
    letters = [partial(_letter, letter=letter) for letter in "BKXZ"]
    return [UnseenKind(outline) for outline in (_gear, _crescent, _key, _arrow, *letters)]


def changed_light(picture: NDArray[np.uint8], gains: tuple[float, float, float]) -> NDArray[np.uint8]:
    """The same picture, RGB, in the light of another lamp."""
    return np.clip(picture * np.array(gains) + 0.5, 0, 255).astype(np.uint8)


def unseen_texture(size_px: int, rng: np.random.Generator) -> FloatImage:
    """A surface of two colours, RGB float32 (size_px, size_px, 3)."""
    pattern = (_bricks, _spiral, _arcs, _dots)[int(rng.integers(4))](size_px, rng)[..., np.newaxis]
    one, other = rng.uniform(0.05, 1, (2, 3)).astype(np.float32)
    return (one * pattern + other * (1 - pattern)).astype(np.float32)


def _blank() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.zeros((SIZE_PX, SIZE_PX), np.uint8)


def _finished(canvas: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> FloatImage:
    return (canvas / 255).astype(np.float32)


def _gear(rng: np.random.Generator) -> FloatImage:
    canvas, middle = _blank(), (SIZE_PX // 2, SIZE_PX // 2)
    teeth, outer, inner = int(rng.integers(5, 14)), int(rng.integers(46, 60)), int(rng.integers(30, 42))
    cv2.circle(canvas, middle, inner, 255, -1)
    for tooth in range(teeth):
        angle = 2 * np.pi * tooth / teeth
        end = (int(middle[0] + outer * np.cos(angle)), int(middle[1] + outer * np.sin(angle)))
        cv2.line(canvas, middle, end, 255, int(rng.integers(7, 14)))
    cv2.circle(canvas, middle, int(rng.integers(6, 18)), 0, -1)
    return _finished(canvas)


def _crescent(rng: np.random.Generator) -> FloatImage:
    canvas, middle = _blank(), SIZE_PX // 2
    cv2.circle(canvas, (middle, middle), 56, 255, -1)
    cv2.circle(canvas, (middle + int(rng.integers(16, 40)), middle), int(rng.integers(30, 56)), 0, -1)
    return _finished(canvas)


def _key(rng: np.random.Generator) -> FloatImage:
    canvas, middle = _blank(), SIZE_PX // 2
    cv2.circle(canvas, (30, middle), int(rng.integers(16, 26)), 255, int(rng.integers(7, 12)))
    cv2.line(canvas, (46, middle), (118, middle), 255, int(rng.integers(7, 13)))
    for x in rng.choice(np.arange(66, 118, 8), 3, replace=False):
        cv2.line(canvas, (int(x), middle), (int(x), middle + int(rng.integers(14, 34))), 255, 6)
    return _finished(canvas)


def _letter(rng: np.random.Generator, letter: str = "") -> FloatImage:
    canvas = _blank()
    letter, thick = letter or LETTERS[int(rng.integers(len(LETTERS)))], int(rng.integers(12, 20))
    (width, height), _ = cv2.getTextSize(letter, cv2.FONT_HERSHEY_DUPLEX, 3.6, thick)
    at = ((SIZE_PX - width) // 2, (SIZE_PX + height) // 2)
    cv2.putText(canvas, letter, at, cv2.FONT_HERSHEY_DUPLEX, 3.6, 255, thick)
    return _finished(canvas)


def _arrow(rng: np.random.Generator) -> FloatImage:
    canvas, middle = _blank(), SIZE_PX // 2
    tip, wide = int(rng.integers(36, 70)), int(rng.integers(26, 54))
    cv2.line(canvas, (12, middle), (tip, middle), 255, int(rng.integers(10, 30)))
    cv2.fillPoly(canvas, [np.array([(tip, middle - wide), (118, middle), (tip, middle + wide)])], 255)
    return _finished(canvas)


def _axes(size_px: int) -> tuple[FloatImage, FloatImage]:
    y, x = np.mgrid[0:size_px, 0:size_px].astype(np.float32) / size_px
    return x, y


def _bricks(size_px: int, rng: np.random.Generator) -> FloatImage:
    x, y = _axes(size_px)
    rows, wide = float(rng.integers(5, 12)), float(rng.integers(2, 6))
    row = np.floor(y * rows)
    mortar = (np.mod(y * rows, 1) < 0.12) | (np.mod(x * wide + 0.5 * np.mod(row, 2), 1) < 0.06)
    return mortar.astype(np.float32)


def _spiral(size_px: int, rng: np.random.Generator) -> FloatImage:
    x, y = _axes(size_px)
    x, y = x - rng.uniform(0.3, 0.7), y - rng.uniform(0.3, 0.7)
    wave = np.arctan2(y, x) * int(rng.integers(1, 6)) + np.hypot(x, y) * rng.uniform(20, 70)
    return (0.5 + 0.5 * np.tanh(4 * np.sin(wave))).astype(np.float32)


def _arcs(size_px: int, rng: np.random.Generator) -> FloatImage:
    """Truchet tiles: quarter circles in random orientations. Source: Smith 1987."""
    tiles = int(rng.integers(4, 10))
    x, y = _axes(size_px)
    x, y = x * tiles, y * tiles
    turned = rng.random((tiles + 1, tiles + 1)) < 0.5
    flip = turned[y.astype(int), x.astype(int)]
    u, v = np.mod(x, 1), np.mod(y, 1)
    u = np.where(flip, 1 - u, u)
    ring = np.minimum(np.abs(np.hypot(u, v) - 0.5), np.abs(np.hypot(1 - u, 1 - v) - 0.5))
    return (ring < rng.uniform(0.08, 0.2)).astype(np.float32)


def _dots(size_px: int, rng: np.random.Generator) -> FloatImage:
    x, y = _axes(size_px)
    count, size = rng.uniform(4, 12), rng.uniform(0.15, 0.42)
    return (np.hypot(np.mod(x * count, 1) - 0.5, np.mod(y * count, 1) - 0.5) < size).astype(np.float32)


def _facets(size_px: int, rng: np.random.Generator) -> FloatImage:
    """Crumpled foil: at each place the lowest of many tilted planes."""
    x, y = _axes(size_px)
    count = int(rng.integers(20, 60))
    middle, slope = rng.uniform(0, 1, (2, count)), rng.normal(0, 1.5, (2, count))
    planes = (
        (x[..., None] - middle[0]) * slope[0]
        + (y[..., None] - middle[1]) * slope[1]
        + 6 * np.hypot(x[..., None] - middle[0], y[..., None] - middle[1])
    )
    lowest = planes.min(-1)
    return ((lowest - lowest.min()) / (np.ptp(lowest) + 1e-6)).astype(np.float32)
