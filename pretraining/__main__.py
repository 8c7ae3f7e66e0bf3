"""`python -m pretraining`: render pictures, train on them, and convert. Continues a run whose folder exists."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pretraining.convert import convert
from pretraining.rendering import RendererDied
from pretraining.train import Diverged, ForeignCheckpoint, Plan, train

RUNS, BUILT_IN = Path("pretraining/runs"), Path("assets/models/kiosk_extractor.tflite")


@dataclass(frozen=True)
class Recipe:
    """How long to train, and how many things and pictures there are.

    Attributes:
        minutes: Duration of each round. The first one starts from random weights, the others from the
            file of the round before.
        things_per_batch: In the first round, and in the others.
        things: Number of things in the world at a time.
        pictures: Number of pictures to fit the projections on.
    """

    minutes: tuple[float, ...]
    things_per_batch: tuple[int, int]
    things: int
    pictures: int


FULL = Recipe((120.0, 60.0, 60.0), (96, 64), things=2000, pictures=2048)
SMOKE = Recipe((0.7, 0.3), (24, 24), things=100, pictures=512)


def main(clock: Callable[[], float] = time.monotonic) -> None:
    """Make the extractor file; `clock` is that of `train`."""
    parser = argparse.ArgumentParser(prog="python -m pretraining", description=__doc__)
    parser.add_argument(
        "--smoke", action="store_true", help="two minutes with a small world, to check that all parts work"
    )
    parser.add_argument("--minutes", type=float, nargs="+", help="duration of each round")
    parser.add_argument("--start", type=Path, help="start from this extractor instead of random weights")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--run", type=Path, help="folder for checkpoints and log; each run needs its own")
    parser.add_argument("--out", type=Path, help="file to write; with --smoke the default is in the run's folder")
    parser.add_argument("--float-out", type=Path, help="also write the same network in float32, for measurements")
    options = parser.parse_args()
    recipe = SMOKE if options.smoke else FULL
    run = options.run or RUNS / "-".join(
        ["smoke" if options.smoke else "full", *(["further"] if options.start else []), str(options.seed)]
    )
    out = options.out or (run / BUILT_IN.name if options.smoke else BUILT_IN)
    run.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(level=logging.INFO, filename=run / "log.txt", format="%(asctime)s %(name)s: %(message)s")
    start: Path | None = options.start
    rounds = options.minutes or (recipe.minutes if start is None else recipe.minutes[1:])
    for number, minutes in enumerate(rounds, start=1):
        of_first, of_others = recipe.things_per_batch
        things_per_batch = of_first if start is None else of_others
        try:
            plan = Plan(minutes, options.seed, run / f"round{number}", recipe.things, things_per_batch, start)
            checkpoint = train(plan, clock)
        except ForeignCheckpoint as error:
            parser.error(f"{error} (--run)")
        except (Diverged, RendererDied) as error:
            sys.exit(f"{parser.prog}: {error}")
        last = number == len(rounds)
        end = out if last else run / f"round{number}.tflite"
        if last or not end.exists() or end.stat().st_mtime < checkpoint.stat().st_mtime:
            float_out = options.float_out if last else None
            convert(checkpoint, end, seed=options.seed, start=start, float_out=float_out, pictures=recipe.pictures)
        start = end


if __name__ == "__main__":
    main()
