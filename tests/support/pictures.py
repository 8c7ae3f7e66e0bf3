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


def discs(folder: Path, each: int, edge_px: int) -> Path:
    """Write JPEGs of coloured discs that only their size tells apart, as coins; returns `folder`.

    Views of other sizes do harm here, and quarter turns do not.

    Args:
        folder: Gets one folder for each of three sizes.
        each: Number of pictures of a class.
        edge_px: Of the pictures, which are square.
    """
    rng = np.random.default_rng(0)
    for share in (0.5, 0.62, 0.76):
        (folder / f"{share}").mkdir(parents=True)
        for number in range(each):
            back, front, mark = rng.integers(0, 256, (3, 3)).tolist()
            picture = np.full((edge_px, edge_px, 3), back, np.uint8)
            centre, radius, angle = edge_px // 2, int(share * edge_px / 2), rng.uniform(0, 2 * np.pi)
            place = (int(centre + 0.6 * radius * np.cos(angle)), int(centre + 0.6 * radius * np.sin(angle)))
            cv2.circle(picture, (centre, centre), radius, front, -1)
            cv2.circle(picture, place, radius // 5, mark, -1)
            assert cv2.imwrite(str(folder / f"{share}" / f"{number}.jpg"), picture)
    return folder
