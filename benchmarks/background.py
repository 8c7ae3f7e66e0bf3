"""How often the kiosk rightly and wrongly says that a model knows a class by its background.

How to run: python benchmarks/background.py --photos DIR [--extractor MODEL.tflite] [--draws N]

DIR/<class>/* are photographs in which all classes have backgrounds of the same kind. In each draw, three random classes
are taught 12 pictures each, and the evidence in some of these pictures is looked at, as after a training in the kiosk.

- as they are: the photographs themselves. The background cannot tell the classes apart, so each advice is wrong.
- one wall: every thing is cut out and stands in front of the same patterned wall. Each advice is wrong again.
- walls: each class has a wall of its own. A class is known by its wall if the model takes most other pictures of the
  thing for the class in front of whose wall they stand. Advice is right for these classes, and wrong for the others.

For each limit of the share of the evidence that lies on the background, the table says how many classes got the advice.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from numpy.typing import NDArray

from app.model.background import MOST, advises, background_share
from benchmarks._shared import draw, machine_line, photograph_options, photographs
from benchmarks._taught import Taught
from pretraining.heldout import unseen_texture
from tpu.extractor import EmbeddingExtractor
from tpu.tensors import ImageArray, centre_crop

CLASSES, SHOTS, LOOKED_AT, ASKED = 3, 12, 6, 8
EDGE_PX, MARGIN = 160, 0.06  # of the pictures; share of the edge in which no thing is expected
SMALL = 0.6  # size of a cut-out thing in front of a wall, compared with its photograph
LIMITS = (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
COLUMNS = ("as they are: wrong", "one wall: wrong", "walls: wrong", "walls: right")
FIRST_SEED = 9000

Shares = list[list[float | None]]  # of the pictures of one class, for each class


def main() -> None:
    """Print the table."""
    options = photograph_options(__doc__)
    squares, labels = photographs(options.photos, _square)
    print(machine_line())
    shares: dict[str, Shares] = {name: [] for name in COLUMNS}
    with EmbeddingExtractor(options.extractor) as extractor:
        for number in range(options.draws):
            for name, found in _one_draw(extractor, squares, labels, np.random.default_rng(FIRST_SEED + number)):
                shares[name].append(found)
    print(f"the kiosk uses the limit {MOST:.2f}")
    print(",".join(("limit", *COLUMNS)))
    for limit in LIMITS:
        print(f"{limit:.2f}," + ",".join(_advised(those, limit) for those in shares.values()))


def _one_draw(
    extractor: EmbeddingExtractor, squares: Sequence[ImageArray], labels: NDArray[np.int64], rng: np.random.Generator
) -> Iterator[tuple[str, list[float | None]]]:
    """Yield the column to which each class counts, and the shares of the background in some of its pictures."""
    classes = rng.permutation(int(labels.max()) + 1)[:CLASSES]
    own = np.flatnonzero(np.isin(labels, classes))
    _, rows = np.unique(labels[own], return_inverse=True)
    taught = draw(rows, SHOTS, rng)
    rest = np.setdiff1d(np.arange(len(own)), taught)
    asked = rest[draw(rows[rest], ASKED, rng)]
    photos = [squares[own[one]] for one in taught]
    walls = [np.rint(255 * unseen_texture(EDGE_PX, rng)).astype(np.uint8) for _ in classes]
    things = [(photo, _mask(photo)) for photo in photos]
    for name, pictures in (
        ("as they are: wrong", photos),
        ("one wall: wrong", [_before(walls[0], *one) for one in things]),
    ):
        for found in _shares(Taught(extractor, pictures, rows[taught], rng), pictures, rows[taught]):
            yield name, found
    pictures = [_before(walls[row], *one) for row, one in zip(rows[taught], things, strict=True)]
    model = Taught(extractor, pictures, rows[taught], rng)
    swapped = (rows[asked] + 1) % CLASSES
    others = [squares[own[one]] for one in asked]
    answers = np.array(
        [
            model.logits(_before(walls[wall], one, _mask(one))).argmax()
            for one, wall in zip(others, swapped, strict=True)
        ]
    )
    for row, found in enumerate(_shares(model, pictures, rows[taught])):
        by_wall = np.mean(answers[swapped == row] == row) > 0.5
        yield "walls: right" if by_wall else "walls: wrong", found


def _shares(model: Taught, pictures: Sequence[ImageArray], labels: NDArray[np.int64]) -> Shares:
    found: Shares = []
    for row in range(CLASSES):
        those = [pictures[one] for one in np.flatnonzero(labels == row)[:LOOKED_AT]]
        explained = [(picture, model.explainer.explain(picture, winner=row)[1]) for picture in those]
        found.append([background_share(picture, why) for picture, why in explained])
    return found


def _advised(classes: Shares, limit: float) -> str:
    return f"{sum(advises(those, limit) for those in classes)} of {len(classes)}"


def _square(picture: ImageArray) -> ImageArray:
    return np.asarray(cv2.resize(centre_crop(picture), (EDGE_PX, EDGE_PX), interpolation=cv2.INTER_AREA), np.uint8)


def _mask(square: ImageArray) -> NDArray[np.float32]:
    """Where the thing is, 0..1, (EDGE_PX, EDGE_PX): what looks unlike the rim (Rother et al., GrabCut, 2004)."""
    rim = round(MARGIN * EDGE_PX)
    marks = np.zeros((EDGE_PX, EDGE_PX), np.uint8)
    inside = (rim, rim, EDGE_PX - 2 * rim, EDGE_PX - 2 * rim)
    cv2.setRNGSeed(0)
    cv2.grabCut(
        square[:, :, ::-1].copy(), marks, inside, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_RECT
    )
    found = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(found, (0, 0), 1.0), np.float32)


def _before(wall: ImageArray, square: ImageArray, mask: NDArray[np.float32]) -> ImageArray:
    """Put the thing of a photograph, smaller, in front of a wall."""
    size = round(SMALL * EDGE_PX)
    thing = cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA)
    cover = cv2.resize(mask, (size, size), interpolation=cv2.INTER_AREA)[..., np.newaxis]
    picture = wall.astype(np.float32)
    start = (EDGE_PX - size) // 2
    part = picture[start : start + size, start : start + size]
    part += cover * (thing - part)
    return np.asarray(np.rint(picture), np.uint8)


if __name__ == "__main__":
    main()
