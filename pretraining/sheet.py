"""`python -m pretraining.sheet FILE.png`: a sheet of training pictures, one thing a row, to look at before training.

Halos, seams and other tell-tale edges would teach the network to cheat; eyes find them faster than figures.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from pretraining.network import INPUT_PX
from pretraining.scene import photograph
from pretraining.textures import random_texture
from pretraining.world import KINDS

COLUMNS, ROWS_EACH = 13, 2


def main() -> None:
    """Write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    clutter = [(random_texture(160, rng) * 255).astype(np.uint8) for _ in range(60)]
    rows = []
    for make, _ in KINDS:
        for _ in range(ROWS_EACH):
            thing = make(rng)
            views = [photograph(thing, INPUT_PX, rng, clutter).picture for _ in range(COLUMNS)]
            clutter += views[:3]
            rows.append(np.hstack(views))
    cv2.imwrite(str(options.file), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    main()
