"""`python -m pretraining`: render, train, convert. Resumes a run whose folder exists."""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path

from pretraining.convert import convert
from pretraining.train import Plan, train


@dataclass(frozen=True)
class Recipe:
    """The rounds of training and the size of their world.

    Attributes:
        plain_minutes: Where each round before plain walls ends; a later one goes on with the learning rate raised
            again.
        rich_minutes: How long each round in the rich world takes; it goes on from the converted file of the one before.
        things: In the world at a time.
        together: Things in a batch, before plain walls and in the rich world.
        pictures: Rendered to fit the projections.
    """

    plain_minutes: tuple[float, ...]
    rich_minutes: tuple[float, ...]
    things: int
    together: tuple[int, int]
    pictures: int


FULL = Recipe((105.0, 175.0), (66.0, 92.0), things=2000, together=(96, 64), pictures=2048)
SMOKE = Recipe((1.2,), (0.8,), things=100, together=(24, 24), pictures=512)


def main() -> None:
    """Make the extractor."""
    parser = argparse.ArgumentParser(prog="python -m pretraining", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="a small world, two minutes, to see that all parts work")
    parser.add_argument("--plain-minutes", type=float, nargs="+", help="where each round before plain walls ends")
    parser.add_argument("--rich-minutes", type=float, nargs="+", help="how long each round in the rich world takes")
    parser.add_argument("--start", type=Path, help="leave out the rounds before plain walls; go on from this extractor")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--run", type=Path, default=Path("pretraining/runs/default"), help="checkpoints and log")
    parser.add_argument("--out", type=Path, default=Path("assets/models/kiosk_extractor.tflite"))
    parser.add_argument("--float-out", type=Path, help="write the float32 twin too, for measuring")
    options = parser.parse_args()
    options.run.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        level=logging.INFO, filename=options.run / "log.txt", format="%(asctime)s %(name)s: %(message)s"
    )
    recipe, seed = SMOKE if options.smoke else FULL, options.seed
    plain, rich = ({"things": recipe.things, "things_per_batch": together} for together in recipe.together)
    start = options.start
    if start is None:
        for minutes in options.plain_minutes or recipe.plain_minutes:
            checkpoint = train(Plan(minutes, seed, options.run / "plain", **plain))
        start = options.run / "plain.tflite"
        convert(checkpoint, start, seed=seed, pictures=recipe.pictures)
    rounds = options.rich_minutes or recipe.rich_minutes
    for number, minutes in enumerate(rounds, start=1):
        checkpoint = train(Plan.in_the_rich_world(minutes, seed, options.run / f"rich{number}", start, **rich))
        last = number == len(rounds)
        start = options.out if last else options.run / f"rich{number}.tflite"
        twin = options.float_out if last else None
        convert(checkpoint, start, seed=seed, rich=True, float_out=twin, pictures=recipe.pictures)


if __name__ == "__main__":
    main()
