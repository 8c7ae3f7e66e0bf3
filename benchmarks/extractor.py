"""Few-shot accuracy of embedding extractors: 5, 10 and 20 samples per class, mean of 20 random draws.

How to run: python benchmarks/extractor.py [--photos DIR] [--compare MODEL.tflite ...] [--extractor MODEL.tflite]

DIR/<class>/* are photographs; of each draw, the samples that were not taught are the test. Rendered sets follow,
of shapes and surfaces that the built-in extractor's training never sees: flat things and bodies that turn, in other
views before plain walls, and taught before plain walls, asked before cluttered ones; six materials of which every
picture shows another piece in another colour; and things, printed packages and kinds that are taught in even light and
asked in the same, in warm and in cool light, small, and off centre. The last column is time on one thread.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks._shared import draw, machine_line, option_parser, photographs
from learning.fit import fit_head
from pretraining.heldout import (
    CHANGES,
    SEED,
    changed_light,
    unseen_body,
    unseen_kinds,
    unseen_packages,
    unseen_stuffs,
    unseen_texture,
    unseen_thing,
)
from pretraining.scene import photograph
from pretraining.things import Thing
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path
from tpu.tensors import prepare_picture

SHOTS, DRAWS = (5, 10, 20), 20
RENDERED_CLASSES, RENDERED_EACH, RENDERED_PX = 10, 60, 224
MATERIALS = 6
CHANGED_EACH = 40  # pictures of each thing and change
Embed = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
Pictures = list[NDArray[np.uint8]]


def main() -> None:
    """Print one row for each set of pictures, extractor and number of shots."""
    parser = option_parser(__doc__)
    parser.add_argument("--photos", type=Path, help="folder with a subfolder of photographs per class")
    parser.add_argument("--extractor", type=Path, default=default_extractor_path())
    parser.add_argument("--compare", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    print(machine_line())
    print("pictures,extractor,shots,accuracy,deviation,milliseconds")
    extractors: dict[str, Embed] = {"colour histogram": colour_histogram}
    for path in (*options.compare, options.extractor):
        extractors[path.stem] = EmbeddingExtractor(path).embed
    if options.photos:
        taught, labels = photographs(options.photos, prepare=lambda picture: picture)
        measure(options.photos.name, extractors, taught, taught, labels)
    for name, make in (("things", unseen_thing), ("bodies", unseen_body)):
        plain, cluttered, labels = rendered(np.random.default_rng(20), make)
        measure(f"rendered {name}: new views", extractors, plain, plain, labels)
        measure(f"rendered {name}: new backgrounds", extractors, plain, cluttered, labels)
    pieces, labels = rendered_materials(np.random.default_rng(20))
    measure("rendered materials", extractors, pieces, pieces, labels)
    for number, (name, things) in enumerate(unseen_sets(np.random.default_rng(SEED)).items()):
        taught, labels = rendered_otherwise(things, "none", np.random.default_rng([SEED, number, 0]))
        for change, place in zip(CHANGES, range(1, 1 + len(CHANGES)), strict=True):
            asked, _ = rendered_otherwise(things, change, np.random.default_rng([SEED, number, place]))
            measure(f"rendered {name}: {change}", extractors, taught, asked, labels)


def measure(
    name: str, extractors: dict[str, Embed], taught: Pictures, asked: Pictures, labels: NDArray[np.int64]
) -> None:
    """Train on samples of `taught` and test on the other rows of `asked`; row i shows the same thing in both."""
    for extractor, embed in extractors.items():
        x = np.stack([embed(image) for image in taught])
        other = x if asked is taught else np.stack([embed(image) for image in asked])
        started_s = time.perf_counter()
        for image in taught[:50]:
            embed(image)
        each_ms = (time.perf_counter() - started_s) / len(taught[:50]) * 1000
        for shots in SHOTS:
            scores = [one_draw(x, other, labels, shots, np.random.default_rng(seed)) for seed in range(DRAWS)]
            print(
                f"{name},{extractor},{shots},{100 * np.mean(scores):.1f},{100 * np.std(scores):.1f},{each_ms:.2f}",
                flush=True,
            )


def one_draw(
    x: NDArray[np.float32], other: NDArray[np.float32], labels: NDArray[np.int64], shots: int, rng: np.random.Generator
) -> float:
    """Train on `shots` random samples per class of `x`; return the accuracy on all other rows of `other`."""
    classes = int(labels.max()) + 1
    taught = draw(labels, shots, rng)
    rest = np.setdiff1d(np.arange(len(labels)), taught)
    head = fit_head(x[taught], labels[taught], classes, rng=rng).head
    return float((head.run_inference(other[rest]) == labels[rest]).mean())


def rendered(
    rng: np.random.Generator, make: Callable[[np.random.Generator], Thing] = unseen_thing, *, cluttered: bool = True
) -> tuple[Pictures, Pictures, NDArray[np.int64]]:
    """Render things that the pretraining never saw: before plain walls, before cluttered walls, and their labels.

    Without `cluttered`, the second list is empty.
    """
    things = [make(rng) for _ in range(RENDERED_CLASSES)]
    walls = [(255 * unseen_texture(RENDERED_PX, rng)).astype(np.uint8) for _ in range(40)]
    walls += [photograph(make(rng), RENDERED_PX, rng, walls, plain_share=0).picture for _ in range(40)]
    labels = np.repeat(np.arange(RENDERED_CLASSES), RENDERED_EACH)
    plain = [photograph(things[label], RENDERED_PX, rng).picture for label in labels]
    if not cluttered:
        return plain, [], labels
    return (
        plain,
        [photograph(things[label], RENDERED_PX, rng, walls, plain_share=0).picture for label in labels],
        labels,
    )


def rendered_materials(rng: np.random.Generator) -> tuple[Pictures, NDArray[np.int64]]:
    """Render materials that the pretraining never saw; every picture shows another piece in another colour."""
    stuffs = unseen_stuffs(rng, MATERIALS)
    labels = np.repeat(np.arange(MATERIALS), RENDERED_EACH)
    return [photograph(stuffs[label], RENDERED_PX, rng).picture for label in labels], labels


def unseen_sets(rng: np.random.Generator) -> dict[str, list[Thing]]:
    """Things to teach in one light and to ask in another."""
    return {
        "things": [unseen_thing(rng) for _ in range(RENDERED_CLASSES)],
        "packages": [*unseen_packages(rng, RENDERED_CLASSES)],
        "kinds": [*unseen_kinds()],
    }


def rendered_otherwise(
    things: list[Thing], change: str, rng: np.random.Generator
) -> tuple[Pictures, NDArray[np.int64]]:
    """Render each thing CHANGED_EACH times under one of the held-out changes, with its number as the label."""
    conditions, gains = CHANGES[change]
    labels = np.repeat(np.arange(len(things)), CHANGED_EACH)
    pictures = [photograph(things[label], RENDERED_PX, rng, close_ups=0.0, conditions=conditions) for label in labels]
    return [changed_light(view.picture, gains) for view in pictures], labels


def colour_histogram(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A baseline without a network: square roots of a histogram of 8 × 8 × 8 colours."""
    small = prepare_picture(image, 96)
    counts = cv2.calcHist([small], [0, 1, 2], None, [8, 8, 8], [0, 256] * 3)
    return np.sqrt(counts.reshape(-1) / small.shape[0] ** 2).astype(np.float32)


if __name__ == "__main__":
    main()
