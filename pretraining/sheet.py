"""`python -m pretraining.sheet FILE.png`: a sheet of training pictures, one thing per row, to check before training.

From halos, seams and other artificial edges the network would learn to cheat; eyes find them faster than figures.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from pretraining.families import Relatives
from pretraining.network import TRAINED_PX
from pretraining.world import FAMILIES, KINDS, World

COLUMNS, ROWS_EACH = 13, 1
THINGS = 150  # in rooms and in front of other things
EARLIER = 6  # batches whose pictures become backgrounds


def main() -> None:
    """Write the sheet."""
    parser = argparse.ArgumentParser(prog="python -m pretraining.sheet", description=__doc__)
    parser.add_argument("file", type=Path, help="a .png or .jpg")
    parser.add_argument("--seed", type=int, default=4)
    options = parser.parse_args()
    file: Path = options.file
    wrong = f"cannot write {file}: name a .png or .jpg in a folder that exists."
    if not file.parent.is_dir() or file.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        parser.error(wrong)
    rng = np.random.default_rng(options.seed)
    world = World(rng, THINGS)
    for _ in range(EARLIER):
        world.batch(24, TRAINED_PX)
    makers = [*(make for make, _ in KINDS), *(Relatives(found, 0.5) for found, *_ in FAMILIES)]
    things = [make(rng) for make in makers for _ in range(ROWS_EACH)]
    columns = [np.vstack([view.picture for view in world.views(things, TRAINED_PX)]) for _ in range(COLUMNS)]
    try:
        encoded = cv2.imencode(file.suffix, cv2.cvtColor(np.hstack(columns), cv2.COLOR_RGB2BGR))[1]
        file.write_bytes(encoded.tobytes())
    except (cv2.error, OSError):
        parser.error(wrong)


if __name__ == "__main__":
    main()
