"""How well a model recognises things that were taught in one hold each, and refuses things that were not taught.

How to run: python benchmarks/one_hold.py --photos DIR [--extractor MODEL.tflite] [--draws 8]

One thing is one photograph of DIR/<class>/*. In each draw three things are taught in one hold each, and three things of
other classes are not. A hold is still (±1.5°, ±1 %), by hand (±4°, ±3 %, size ±4 %) or turned (±12°, ±8 %, size ±12 %).
All six are then shown near (like turned, light ±8 %), far (±25°, ±15 %, size ±30 %, light ±20 %, colour of the light
σ 8 %), and both with perspective, motion blur and other pixels at the edge, which nothing was tuned on. Made views and
the prior are those of the kiosk; "without pictures" has the prior only. The last rows show rendered things in front of
the background that they were taught in front of, and in front of others.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks._shared import machine_line, photograph_options, photographs
from learning.fit import FitResult, fit_head
from learning.novelty import novelties
from learning.validation import auroc
from learning.view_prior import ViewPrior, measure_prior
from pretraining.heldout import unseen_texture, unseen_thing
from pretraining.scene import photograph
from tpu.extractor import EmbeddingExtractor
from tpu.made_views import PictureBank, embedded_bank, made_views
from tpu.tensors import ImageArray, prepare_picture

BANK = Path(__file__).resolve().parents[1] / "assets/models/bank.zip"
SIDE_PX, TAUGHT, ASKED, LOOKS_EACH = 256, 3, 3, 12
VIEWED, MADE = 10, 60  # pictures of a hold that views are made of, and the number of views
Embed = Callable[[ImageArray], NDArray[np.float32]]


class Movement(NamedTuple):
    """Largest changes: degrees, shares of the edge, of the size, of the light; sigma of its colour; see the top."""

    turn_deg: float
    shift: float
    size: float
    light: float
    colour: float = 0.0
    rough: bool = False


HOLDS = {
    "still": Movement(1.5, 0.01, 0.01, 0.01),
    "hand": Movement(4, 0.03, 0.04, 0.02),
    "turned": Movement(12, 0.08, 0.12, 0.08),
}
LOOKS = {
    "near": Movement(12, 0.08, 0.12, 0.08),
    "far": Movement(25, 0.15, 0.30, 0.20, 0.08),
    "near and rough": Movement(12, 0.08, 0.12, 0.08, 0.0, True),
    "far and rough": Movement(25, 0.15, 0.30, 0.20, 0.08, True),
}


def main() -> None:
    """Print one row for each hold, number of pictures and kind of look: means over draws."""
    given = photograph_options(__doc__)
    found, labels = photographs(given.photos, lambda image: prepare_picture(image, SIDE_PX))
    squares = [[found[one] for one in np.flatnonzero(labels == label)] for label in np.unique(labels)]
    print(machine_line())
    print("hold,pictures,look,reported accuracy %,real accuracy %,taught but refused %,unknown refused %,AUROC")
    with EmbeddingExtractor(given.extractor) as extractor:
        prior = measure_prior(*embedded_bank(PictureBank(BANK), extractor.embed))
        for hold in HOLDS:
            for shots in (8, 20):
                _print_rows(
                    f"{hold},{shots}",
                    [_one(squares, hold, shots, prior, extractor.embed, draw) for draw in range(given.draws)],
                )
        rows = [
            _one(squares, "still", 20, prior, extractor.embed, draw, pictures_kept=False) for draw in range(given.draws)
        ]
        _print_rows("still without pictures,20", rows)
        _print_rows("rendered,20", [_backgrounds(prior, extractor.embed, draw) for draw in range(given.draws)])


def _print_rows(name: str, draws: Sequence[dict[str, tuple[float, ...]]]) -> None:
    for look in draws[0]:
        reported, real, refused, unknown, area = np.mean([draw[look] for draw in draws], axis=0)
        print(
            f"{name},{look},{100 * reported:.1f},{100 * real:.1f},{100 * refused:.1f},{100 * unknown:.1f},{area:.4f}",
            flush=True,
        )


def _one(
    classes: Sequence[Sequence[ImageArray]],
    hold: str,
    shots: int,
    prior: ViewPrior,
    embed: Embed,
    draw: int,
    *,
    pictures_kept: bool = True,
) -> dict[str, tuple[float, ...]]:
    rng = np.random.default_rng(9000 + draw)
    chosen = [classes[one][rng.integers(len(classes[one]))] for one in rng.permutation(len(classes))[: TAUGHT + ASKED]]
    frames = [[moved(one, HOLDS[hold], rng) for _ in range(shots)] for one in chosen[:TAUGHT]]
    fit = _fit(frames, prior, embed, rng, pictures_kept=pictures_kept)
    rows = {}
    for name, movement in LOOKS.items():
        looks = [[embed(moved(one, movement, rng)) for _ in range(LOOKS_EACH)] for one in chosen]
        rows[name] = _measure(fit, looks)
    return rows


def _backgrounds(prior: ViewPrior, embed: Embed, draw: int) -> dict[str, tuple[float, ...]]:
    rng = np.random.default_rng(7000 + draw)
    things = [unseen_thing(rng) for _ in range(TAUGHT + ASKED)]
    walls = [(unseen_texture(160, rng) * 255).astype(np.uint8) for _ in range(12)]
    bases = [photograph(thing, SIDE_PX, rng, walls, close_ups=0.0).picture for thing in things]
    frames = [[moved(base, HOLDS["turned"], rng) for _ in range(20)] for base in bases[:TAUGHT]]
    fit = _fit(frames, prior, embed, rng, pictures_kept=True)
    same = [[embed(moved(base, LOOKS["near"], rng)) for _ in range(LOOKS_EACH)] for base in bases]
    other = [
        [embed(photograph(thing, SIDE_PX, rng, walls, close_ups=0.0).picture) for _ in range(LOOKS_EACH)]
        for thing in things
    ]
    return {"same background": _measure(fit, same), "other pose and background": _measure(fit, other)}


def _fit(
    frames: Sequence[Sequence[ImageArray]],
    prior: ViewPrior,
    embed: Embed,
    rng: np.random.Generator,
    *,
    pictures_kept: bool,
) -> FitResult:
    shots = len(frames[0])
    x = np.stack([embed(frame) for hold in frames for frame in hold])
    y = np.repeat(np.arange(len(frames)), shots)
    if not pictures_kept:
        return fit_head(x, y, len(frames), rng=rng, groups=y, prior=prior)
    kept = np.linspace(0, shots - 1, VIEWED).astype(int)
    made = [embed(view) for hold in frames for one in kept for view in made_views(hold[one], MADE // VIEWED, rng)]
    source = np.concatenate([number * shots + np.repeat(kept, MADE // VIEWED) for number in range(len(frames))])
    return fit_head(x, y, len(frames), rng=rng, groups=y, made=np.stack(made), made_source=source, prior=prior)


def _measure(fit: FitResult, looks: Sequence[Sequence[NDArray[np.float32]]]) -> tuple[float, ...]:
    """Return reported and real accuracy, taught but refused and unknown refused, 0..1, and the AUROC of novelty."""
    known, unknown = np.concatenate(looks[:TAUGHT]), np.concatenate(looks[TAUGHT:])
    truth = np.repeat(np.arange(TAUGHT), len(looks[0]))
    chances = [fit.head.probabilities(part) for part in (known, unknown)]
    novelty = [novelties(fit.head.not_sure or {}, part) for part in (known, unknown)]
    refused = [(n > 1) | (p.max(axis=1) < fit.threshold) for n, p in zip(novelty, chances, strict=True)]
    reported = np.nan if fit.validation_accuracy is None else fit.validation_accuracy
    real = float((chances[0].argmax(axis=1) == truth).mean())
    return reported, real, float(refused[0].mean()), float(refused[1].mean()), auroc(novelty[1], novelty[0])


def moved(picture: ImageArray, movement: Movement, rng: np.random.Generator) -> ImageArray:
    """Return a changed copy of a photograph, RGB uint8 (S, S, 3)."""
    side, middle = len(picture), (len(picture) - 1) / 2
    matrix = np.eye(3)
    matrix[:2] = cv2.getRotationMatrix2D(
        (middle, middle),
        rng.uniform(-movement.turn_deg, movement.turn_deg),
        1 + rng.uniform(-movement.size, movement.size),
    )
    matrix[:2, 2] += rng.uniform(-movement.shift, movement.shift, 2) * side
    gains = (1 + rng.uniform(-movement.light, movement.light)) * (1 + movement.colour * rng.standard_normal(3))
    if not movement.rough:
        seen = cv2.warpAffine(picture, matrix[:2], (side, side), borderMode=cv2.BORDER_REFLECT_101)
    else:
        tilt, to_centre, from_centre = np.eye(3), np.eye(3), np.eye(3)
        tilt[2, :2] = rng.normal(0, 0.12, 2) / side
        to_centre[:2, 2], from_centre[:2, 2] = -middle, middle
        matrix = from_centre @ tilt @ to_centre @ matrix
        seen = cv2.warpPerspective(
            picture, matrix, (side, side), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        if rng.random() < 0.5:
            seen = cv2.blur(seen, (int(rng.integers(2, 6)), 1))
    lit = seen * gains + 1.5 * rng.standard_normal(seen.shape)
    return np.asarray(np.clip(lit + 0.5, 0, 255), np.uint8)


if __name__ == "__main__":
    main()
