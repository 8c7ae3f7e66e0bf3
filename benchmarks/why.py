"""How exact, fast and faithful explanations are.

How to run: python benchmarks/why.py --photos DIR [--extractor MODEL.tflite] [--draws N]

DIR/<class>/* are photographs. In each draw, five random classes are taught 20 pictures each, and ten new pictures of
each are explained: the winner against the runner-up.

- sum: how far the cells' sum is from the difference of the logits; "spread" is the largest logit minus the smallest.
- time: one answer alone, and one with its explanation, in turns.
- covering: how much of the winner's lead is lost if the hottest fifth of the cells gets the picture's mean colour, or a
  random fifth, or the coldest.
- planted mark: both classes show the same rendered thing, and one always has a mark in a corner. Draws count in which
  the model learned the mark: it names nine of ten new pictures. "Lit" is the share of new pictures in which the mark
  gets at least half of the most light; "hottest", in which it gets the most.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from numpy.typing import NDArray

from app.model.why_picture import heat
from benchmarks._shared import draw, machine_line, photograph_options, photographs
from benchmarks._taught import Taught
from pretraining.heldout import unseen_texture, unseen_thing
from pretraining.scene import photograph
from tpu.extractor import EmbeddingExtractor
from tpu.tensors import ImageArray

CLASSES, SHOTS, ASKED = 5, 20, 10
FIRST_SEED, COVERED = 7000, 0.2
PLANTED_DRAWS, RENDERED_PX, RIM_PX = 20, 192, 4
MARK = 0.28  # size of the mark, as a share of the edge
LEARNED = 0.9  # of new pictures are named correctly
REPEATS = 60


def main() -> None:
    """Print one line for each measurement: means over all draws."""
    options = photograph_options(__doc__)
    pictures, labels = photographs(options.photos)
    print(machine_line())
    with EmbeddingExtractor(options.extractor) as extractor:
        _print_photographs(pictures, labels, extractor, options.draws)
        planted = [_planted(extractor, np.random.default_rng(FIRST_SEED + n)) for n in range(PLANTED_DRAWS)]
        learned = [one for one in planted if one is not None]
        lit, hottest = np.mean(learned, axis=0)
        print(f"planted mark: learned in {len(learned)} of {len(planted)} draws; lit {lit:.1%}, hottest {hottest:.1%}")


def _print_photographs(
    pictures: Sequence[ImageArray], labels: NDArray[np.int64], extractor: EmbeddingExtractor, draws: int
) -> None:
    errors, spreads, losses, seconds = [], [], [], []
    for number in range(draws):
        rng = np.random.default_rng(FIRST_SEED + number)
        classes = rng.permutation(int(labels.max()) + 1)[:CLASSES]
        own = np.flatnonzero(np.isin(labels, classes))
        _, rows = np.unique(labels[own], return_inverse=True)
        taught = draw(rows, SHOTS, rng)
        asked = np.setdiff1d(np.arange(len(own)), taught)
        asked = asked[draw(rows[asked], ASKED, rng)]
        model = Taught(extractor, [pictures[own[one]] for one in taught], rows[taught], rng)
        for one in asked:
            picture = pictures[own[one]]
            _, why = model.explainer.explain(picture)
            errors.append(abs(float(why.cells.sum()) - model.lead(picture, why.winner, why.runner_up)))
            spreads.append(float(np.ptp(model.logits(picture))))
            before = model.lead(picture, why.winner, why.runner_up)
            losses.append(
                [
                    before - model.lead(_covered(picture, mask), why.winner, why.runner_up)
                    for mask in _masks(why.cells, rng)
                ]
            )
        if number == 0:
            print(f"explained: {model.explainer.way.value}, {why.cells.shape[0]} × {why.cells.shape[1]} cells")
            seconds = _seconds(model, [pictures[own[one]] for one in asked])
    error, spread, most = np.mean(errors), np.mean(spreads), np.percentile(errors, 95)
    print(
        f"sum: off by {error:.3f} in the mean, {error / spread:.2%} of the spread {spread:.1f}; 95 % within {most:.3f}"
    )
    alone, explained = (1e3 * float(np.median(one)) for one in seconds)
    more, times = explained - alone, explained / alone
    print(f"time: {alone:.2f} ms alone, {explained:.2f} ms explained: {more:+.2f} ms, × {times:.2f}")
    hottest, anywhere, coldest = np.mean(losses, axis=0)
    print(
        f"covering {COVERED:.0%}: hottest {hottest:.2f}, random {anywhere:.2f}, coldest {coldest:.2f}: "
        f"{hottest / anywhere:.2f} × random, {hottest / coldest:.2f} × coldest",
        flush=True,
    )


def _seconds(model: Taught, pictures: Sequence[ImageArray]) -> list[list[float]]:
    """The durations of answers alone and of explained ones, in turns, so that both meet the same load."""
    alone, explained = [], []
    for number in range(REPEATS):
        picture = pictures[number % len(pictures)]
        started_s = time.perf_counter()
        model.engine.judge(picture)
        between_s = time.perf_counter()
        model.explainer.explain(picture)
        alone.append(between_s - started_s)
        explained.append(time.perf_counter() - between_s)
    return [alone, explained]


def _masks(cells: NDArray[np.float32], rng: np.random.Generator) -> list[NDArray[np.bool_]]:
    """The hottest, random and the coldest cells, as many of each."""
    count = round(COVERED * cells.size)
    ranks = cells.ravel().argsort().argsort().reshape(cells.shape)
    anywhere = rng.permutation(cells.size).reshape(cells.shape)
    return [ranks >= cells.size - count, anywhere < count, ranks < count]


def _covered(picture: ImageArray, mask: NDArray[np.bool_]) -> ImageArray:
    size = picture.shape[1::-1]
    where = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    copy = picture.copy()
    copy[where] = picture.reshape(-1, 3).mean(axis=0)
    return copy


def _planted(extractor: EmbeddingExtractor, rng: np.random.Generator) -> tuple[float, float] | None:
    """Shares of marked pictures in which the mark is lit, and in which it is hottest; None if it was not learned."""
    corner, colour = rng.integers(0, 2, 2), rng.integers(0, 256, 3)
    behind, thing = unseen_texture(RENDERED_PX, rng), unseen_thing(rng)
    size = round(MARK * RENDERED_PX)
    rows, columns = (
        slice(start, start + size) for start in np.where(corner, RENDERED_PX - size - RIM_PX, RIM_PX).tolist()
    )

    def seen(is_marked: bool) -> ImageArray:
        picture = photograph(thing, RENDERED_PX, rng, behind=behind, close_ups=0.0).picture.copy()
        if is_marked:
            picture[rows, columns] = colour
        return picture

    labels = np.arange(2 * SHOTS) % 2
    model = Taught(extractor, [seen(bool(label)) for label in labels], labels, rng)
    right = [model.logits(seen(bool(label))).argmax() == label for label in labels[:ASKED] for _ in range(2)]
    if np.mean(right) < LEARNED:
        return None
    found = []
    for _ in range(ASKED):
        light = heat(model.explainer.explain(seen(True), winner=1)[1].cells, RENDERED_PX)
        on_mark = light[rows, columns].max()
        found.append((on_mark >= 0.5, on_mark >= light.max()))
    lit, hottest = np.mean(found, axis=0)
    return float(lit), float(hottest)


if __name__ == "__main__":
    main()
