"""Training pictures: one folder for each class."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

COLOURS = {"blue": (200, 40, 40), "red": (40, 40, 200)}  # as OpenCV orders them


def painted(folder: Path, endings: tuple[str, ...] = (".png",), each: int = 4) -> Path:
    """Write speckled pictures in two colours, one folder for each colour; returns `folder`."""
    rng = np.random.default_rng(0)
    for label, colour in COLOURS.items():
        (folder / label).mkdir(parents=True)
        for number in range(each):
            for ending in endings:
                speckled = np.clip(rng.normal(colour, 25, (64, 64, 3)), 0, 255).astype(np.uint8)
                assert cv2.imwrite(str(folder / label / f"{number}{ending}"), speckled)
    return folder
