"""`python -m pretraining`: render, train, convert. Resumes a run whose folder exists."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from pretraining.convert import convert
from pretraining.train import Plan, train

# Where each round ends, in minutes of training; things in the world and in a batch; pictures to fit the projections.
# The second round of the full recipe goes on from the first with the learning rate raised again.
FULL = ((105.0, 175.0), 2000, 96, 2048)
SMOKE = ((2.0,), 300, 24, 512)


def main() -> None:
    """Make the extractor."""
    parser = argparse.ArgumentParser(prog="python -m pretraining", description=__doc__)
    parser.add_argument(
        "--minutes", type=float, nargs="+", help="where each round of training ends; 105 175, or 2 with --smoke"
    )
    parser.add_argument(
        "--smoke", action="store_true", help="a small world and a short time, to see that all parts work"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--run", type=Path, default=Path("pretraining/runs/default"), help="checkpoints and log")
    parser.add_argument("--out", type=Path, default=Path("assets/models/kiosk_extractor.tflite"))
    parser.add_argument("--float-out", type=Path, help="write the float32 twin too, for measuring")
    options = parser.parse_args()
    options.run.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        level=logging.INFO, filename=options.run / "log.txt", format="%(asctime)s %(name)s: %(message)s"
    )
    rounds, things, together, pictures = SMOKE if options.smoke else FULL
    for minutes in options.minutes or rounds:
        plan = Plan(minutes=minutes, seed=options.seed, folder=options.run, things=things, things_per_batch=together)
        checkpoint = train(plan)
    convert(checkpoint, options.out, seed=options.seed, float_out=options.float_out, pictures=pictures)


if __name__ == "__main__":
    main()
