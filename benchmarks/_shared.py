"""What the benchmarks share: options, photographs and their embeddings, random draws, and the line about the machine.

Every benchmark is a program of its own that prints a table, so that `run_kiosk.py bench NAME` can start it, too.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.commands.bench.figures import seconds_of
from app.commands.bench.machine import machine_line
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path
from tpu.tensors import ImageArray, centre_crop, read_picture

__all__ = [
    "draw",
    "embeddings_of",
    "machine_line",
    "measured_on",
    "option_parser",
    "photograph_options",
    "photographs",
    "seconds_of",
]


def option_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser whose help is the docstring of the benchmark, with its line breaks."""
    return argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)


def photograph_options(description: str | None) -> argparse.Namespace:
    """Parse `--photos DIR`, a folder with one subfolder per class, `--extractor MODEL.tflite` and `--draws N`."""
    parser = option_parser(description)
    parser.add_argument("--photos", type=Path, required=True, help="folder with a subfolder of photographs per class")
    parser.add_argument("--extractor", type=Path, default=default_extractor_path(), help="default: the built-in one")
    parser.add_argument("--draws", type=int, default=20, help="number of random draws (default: 20)")
    return parser.parse_args()


def photographs(
    folder: Path, prepare: Callable[[ImageArray], ImageArray] = centre_crop
) -> tuple[list[ImageArray], NDArray[np.int64]]:
    """Read all photographs and apply `prepare`; the labels count the subfolders, sorted by name, from 0."""
    pictures, labels = [], []
    for label, subfolder in enumerate(sorted(path for path in folder.iterdir() if path.is_dir())):
        for path in sorted(subfolder.iterdir()):
            pictures.append(prepare(read_picture(path)))
            labels.append(label)
    return pictures, np.array(labels)


def embeddings_of(folder: Path, extractor: Path) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Embed all photographs: embeddings (N, D) and labels (N,)."""
    squares, labels = photographs(folder)
    with EmbeddingExtractor(extractor) as opened:
        return np.stack([opened.embed(square) for square in squares]), labels


def draw(labels: NDArray[np.int64], shots: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Indices of `shots` random samples of every class."""
    return np.concatenate([rng.permutation(np.flatnonzero(labels == one))[:shots] for one in np.unique(labels)])


def measured_on() -> str:
    """Name the machine and its load, for a page with figures."""
    return (
        f"Measured on: {machine_line().removeprefix('# ')}; {os.cpu_count()} cores with a load of "
        f"{os.getloadavg()[0]:.1f}. If the\nload is higher than the number of cores, other programs were running too: "
        "measure again."
    )
