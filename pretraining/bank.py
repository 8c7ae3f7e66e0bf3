"""`python -m pretraining.bank FILE.zip`: render pictures of things that nobody teaches, for the limit of "not sure".

The kiosk embeds them to see where unknown things lie (`learning.view_prior`). To keep that measure fair for the
built-in extractor, no outline and no surface here is one that it was trained on (`world`) or is evaluated with
(the held-out things): crosses, drops, leaves, fish, houses, spanners, hourglasses, hearts, frames; checks, zigzags,
sunbursts, honeycombs, tartans, halftones, shards, loops, bar codes. Only the camera and the light are the same.
"""

from __future__ import annotations

import argparse
import hashlib
import zipfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from learning.view_prior import measure_prior, prior_to_bytes
from pretraining.scene import photograph
from pretraining.textures import FloatImage
from pretraining.things import SIZE_PX, FlatThing, Side
from tpu.extractor import EmbeddingExtractor
from tpu.made_views import PictureBank, embedded_bank

SEED = 20_291_129
PICTURES, SIZE_OUT_PX, QUALITY = 300, 224, 76
SCENES_SHARE = 0.2  # of the pictures show a surface that fills them
WALL_PX = 160
Canvas = NDArray[np.uint8]


def main() -> None:
    """Write the bank, `000.jpg` and so on in one archive; the same seed makes the same bytes.

    With `--extractor`, also write what `learning.view_prior` measures of it.
    """
    parser = argparse.ArgumentParser(prog="python -m pretraining.bank", description=__doc__)
    parser.add_argument("file", type=Path, help="a .zip")
    parser.add_argument("--pictures", type=int, default=PICTURES)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--extractor", type=Path, help="a .tflite: also measure it on the bank")
    parser.add_argument("--folder", type=Path, help="folder for SHA256.views.npz; default: that of the extractor")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    with zipfile.ZipFile(options.file, "w", zipfile.ZIP_STORED) as archive:
        for number in range(options.pictures):
            picture = cv2.cvtColor(bank_picture(SIZE_OUT_PX, rng), cv2.COLOR_RGB2BGR)
            data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
            archive.writestr(zipfile.ZipInfo(f"{number:03d}.jpg", (1980, 1, 1, 0, 0, 0)), data)
    if options.extractor is not None:
        with EmbeddingExtractor(options.extractor, device="cpu") as extractor:
            bank, views = embedded_bank(PictureBank(options.file), extractor.embed)
        name = hashlib.sha256(options.extractor.read_bytes()).hexdigest() + ".views.npz"
        folder = options.folder or options.extractor.parent
        (folder / name).write_bytes(prior_to_bytes(measure_prior(bank, views)))


def bank_picture(size_px: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Render one picture, RGB uint8 (size_px, size_px, 3)."""
    wall = (random_surface(WALL_PX, rng) * 255).astype(np.uint8)
    if rng.random() < SCENES_SHARE:
        thing = FlatThing(_side(np.ones((SIZE_PX, SIZE_PX), np.float32), rng))
        return photograph(thing, size_px, rng, [wall], plain_share=0.3, close_ups=1.0).picture
    before = bank_thing(rng) if rng.random() < 0.2 else None
    return photograph(bank_thing(rng), size_px, rng, [wall], plain_share=0.5, before=before).picture


def bank_thing(rng: np.random.Generator) -> FlatThing:
    """Return a thing with an outline and surfaces that only the bank has."""
    return FlatThing(_side(_outline(rng), rng))


def random_surface(size_px: int, rng: np.random.Generator) -> FloatImage:
    """Return two colours in a pattern, or one that fades: RGB float32 (size_px, size_px, 3) in 0..1."""
    if rng.random() < 0.3:
        across = np.linspace(0, 1, size_px, dtype=np.float32)[np.newaxis, :, np.newaxis]
        one = _colour(rng)
        return np.clip(one * (1 - float(rng.uniform(0, 0.5)) * across) * np.ones((size_px, 1, 1)), 0, 1).astype(
            np.float32
        )
    pattern = SURFACES[int(rng.integers(len(SURFACES)))](size_px, rng)[..., np.newaxis]
    one, other = _colour(rng), _colour(rng)
    if rng.random() < 0.4:
        other = np.clip(one + rng.normal(0, 0.25), 0, 1).astype(np.float32)
    return np.clip(one * pattern + other * (1 - pattern), 0, 1).astype(np.float32)


def _colour(rng: np.random.Generator) -> NDArray[np.float32]:
    """Return RGB in 0..1, from grey to saturated."""
    colour, saturation = rng.uniform(0.03, 1, 3), rng.uniform(0, 1)
    return np.asarray(colour * saturation + colour.mean() * (1 - saturation), np.float32)


def _side(outline: FloatImage, rng: np.random.Generator) -> Side:
    albedo = random_surface(SIZE_PX, rng)
    for _ in range(int(rng.integers(0, 3))):
        top, left = rng.integers(SIZE_PX // 8, SIZE_PX // 2, 2)
        high, wide = rng.integers(SIZE_PX // 8, SIZE_PX // 2, 2)
        part = np.s_[top : top + high, left : left + wide]
        albedo[part] = random_surface(SIZE_PX, rng)[part]
    height = cv2.GaussianBlur(outline, (0, 0), float(rng.uniform(3, 9))) * outline
    return Side(albedo, cv2.GaussianBlur(outline, (0, 0), 0.7), height, gloss=float(rng.uniform(0, 0.5)))


def _outline(rng: np.random.Generator) -> FloatImage:
    canvas = np.zeros((SIZE_PX, SIZE_PX), np.uint8)
    OUTLINES[int(rng.integers(len(OUTLINES)))](canvas, rng)
    return (canvas / 255).astype(np.float32)


def _filled(canvas: Canvas, points: NDArray[np.float64]) -> None:
    """Fill a polygon given in −1..1."""
    cv2.fillPoly(canvas, [np.rint((points * 0.46 + 0.5) * SIZE_PX).astype(np.int32)], 255)


def _cross(canvas: Canvas, rng: np.random.Generator) -> None:
    wide, bar = rng.uniform(0.2, 0.5, 2)
    _filled(canvas, np.array([(-wide, -1), (wide, -1), (wide, 1), (-wide, 1)]))
    _filled(canvas, np.array([(-1, -bar), (1, -bar), (1, bar), (-1, bar)]))


def _drop(canvas: Canvas, rng: np.random.Generator) -> None:
    t = np.linspace(0, 2 * np.pi, 90)
    _filled(canvas, np.column_stack([rng.uniform(0.5, 1) * np.sin(t) * np.sin(t / 2) ** 2, -np.cos(t)]))


def _leaf(canvas: Canvas, rng: np.random.Generator) -> None:
    t, wide, bites = np.linspace(-1, 1, 60), rng.uniform(0.3, 0.8), rng.integers(4, 12)
    edge = wide * (1 - t**2) * (1 + 0.2 * np.sin(np.pi * bites * t))
    _filled(canvas, np.column_stack([np.r_[t, t[::-1]], np.r_[edge, -edge[::-1]]]))


def _fish(canvas: Canvas, rng: np.random.Generator) -> None:
    t, fat = np.linspace(0, 2 * np.pi, 60), rng.uniform(0.3, 0.6)
    _filled(canvas, np.column_stack([0.65 * np.cos(t) - 0.3, fat * np.sin(t)]))
    _filled(canvas, np.array([(0.2, 0), (1, -fat), (0.8, 0), (1, fat)]))


def _house(canvas: Canvas, rng: np.random.Generator) -> None:
    eaves, wide = rng.uniform(-0.5, 0.2), rng.uniform(0.5, 0.9)
    _filled(canvas, np.array([(-wide, 1), (-wide, eaves), (0, -1), (wide, eaves), (wide, 1)]))
    left = rng.uniform(-0.6, 0.2) * wide
    door = np.rint((np.array([left, 0.4]) * 0.46 + 0.5) * SIZE_PX).astype(int)
    cv2.rectangle(canvas, tuple(map(int, door)), (int(door[0]) + 20, SIZE_PX), 0, -1)


def _spanner(canvas: Canvas, rng: np.random.Generator) -> None:
    middle, grip, head = SIZE_PX // 2, int(rng.integers(8, 18)), int(rng.integers(18, 28))
    cv2.line(canvas, (26, middle), (100, middle), 255, 2 * grip)
    for end in (28, 100):
        cv2.circle(canvas, (end, middle), head, 255, -1)
        cv2.circle(canvas, (end + (12 if end > middle else -12), middle), head // 2, 0, -1)


def _hourglass(canvas: Canvas, rng: np.random.Generator) -> None:
    t, waist = np.linspace(-1, 1, 60), rng.uniform(0.05, 0.4)
    edge = (waist + (0.9 - waist) * np.abs(t) ** rng.uniform(0.7, 2)) * rng.uniform(0.6, 1)
    _filled(canvas, np.column_stack([np.r_[edge, -edge[::-1]], np.r_[t, t[::-1]]]))


def _heart(canvas: Canvas, rng: np.random.Generator) -> None:
    t, high = np.linspace(0, 2 * np.pi, 90), rng.uniform(0.7, 1)
    down = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 16
    _filled(canvas, np.column_stack([np.sin(t) ** 3, high * down]))


def _frame(canvas: Canvas, rng: np.random.Generator) -> None:
    wide, high = rng.uniform(0.5, 1, 2)
    inner = rng.uniform(0.4, 0.75)
    corners = np.array([(-wide, -high), (wide, -high), (wide, high), (-wide, high)])
    _filled(canvas, corners)
    hole = np.rint((corners * inner * 0.46 + 0.5) * SIZE_PX).astype(np.int32)
    cv2.fillPoly(canvas, [hole], 0)


def _axes(size_px: int, rng: np.random.Generator) -> tuple[FloatImage, FloatImage]:
    """Return x and y in −1..1 on axes that are rotated by a random angle."""
    y, x = np.mgrid[-1 : 1 : size_px * 1j, -1 : 1 : size_px * 1j].astype(np.float32)
    angle = rng.uniform(0, np.pi)
    return (x * np.cos(angle) + y * np.sin(angle)).astype(np.float32), (y * np.cos(angle) - x * np.sin(angle)).astype(
        np.float32
    )


def _checks(size_px: int, rng: np.random.Generator) -> FloatImage:
    x, y = _axes(size_px, rng)
    fine = rng.uniform(2, 9, 2)
    return ((np.floor(x * fine[0]) + np.floor(y * fine[1])) % 2).astype(np.float32)


def _zigzag(size_px: int, rng: np.random.Generator) -> FloatImage:
    x, y = _axes(size_px, rng)
    teeth, rows = rng.uniform(2, 7), rng.uniform(2, 8)
    return (np.mod(y * rows + np.abs(np.mod(x * teeth, 2) - 1), 1) < 0.5).astype(np.float32)


def _sunburst(size_px: int, rng: np.random.Generator) -> FloatImage:
    x, y = _axes(size_px, rng)
    angle = np.arctan2(y - rng.uniform(-0.6, 0.6), x - rng.uniform(-0.6, 0.6))
    return (np.sin(angle * int(rng.integers(4, 20))) > 0).astype(np.float32)


def _honeycomb(size_px: int, rng: np.random.Generator) -> FloatImage:
    x, y = _axes(size_px, rng)
    fine = rng.uniform(8, 25)
    waves = [np.cos(fine * (x * np.cos(turn) + y * np.sin(turn))) for turn in (0.0, np.pi / 3, 2 * np.pi / 3)]
    return (np.sum(waves, axis=0) > rng.uniform(-1, 0.6)).astype(np.float32)


def _tartan(size_px: int, rng: np.random.Generator) -> FloatImage:
    x, y = _axes(size_px, rng)
    bands = rng.random(12)
    along, across = ((np.mod(axis * rng.uniform(0.6, 2), 1) * 12).astype(int) for axis in (x, y))
    return (0.5 * bands[along] + 0.5 * bands[across]).astype(np.float32)


def _halftone(size_px: int, rng: np.random.Generator) -> FloatImage:
    x, y = _axes(size_px, rng)
    fine = rng.uniform(6, 16)
    cell = np.hypot(np.mod(x * fine, 1) - 0.5, np.mod(y * fine, 1) - 0.5)
    return (cell < 0.1 + 0.5 * (0.5 + 0.35 * x)).astype(np.float32)


def _shards(size_px: int, rng: np.random.Generator) -> FloatImage:
    canvas = np.full((size_px, size_px), 60, np.uint8)
    for _ in range(int(rng.integers(20, 70))):
        middle, reach = rng.uniform(0, size_px, 2), rng.uniform(0.05, 0.25) * size_px
        cv2.fillPoly(canvas, [(middle + rng.normal(0, reach, (3, 2))).astype(np.int32)], int(rng.integers(0, 256)))
    return (canvas / 255).astype(np.float32)


def _loops(size_px: int, rng: np.random.Generator) -> FloatImage:
    canvas = np.zeros((size_px, size_px), np.uint8)
    t = np.linspace(0, 2 * np.pi, 400)
    along, across = rng.integers(2, 9, 2)
    curve = np.column_stack([np.sin(along * t + rng.uniform(0, 6)), np.sin(across * t)])
    points = ((curve * 0.48 + 0.5) * size_px).astype(np.int32)
    cv2.polylines(canvas, [points], True, 255, int(rng.integers(2, 9)))
    return (canvas / 255).astype(np.float32)


def _bar_code(size_px: int, rng: np.random.Generator) -> FloatImage:
    x, _ = _axes(size_px, rng)
    bars = rng.random(int(rng.integers(12, 60))) < 0.5
    return bars[np.clip(((x + 1.5) / 3 * len(bars)).astype(int), 0, len(bars) - 1)].astype(np.float32)


OUTLINES = (_cross, _drop, _leaf, _fish, _house, _spanner, _hourglass, _heart, _frame)
SURFACES = (_checks, _zigzag, _sunburst, _honeycomb, _tartan, _halftone, _shards, _loops, _bar_code)


if __name__ == "__main__":
    main()
