"""What benchmarks on photographs share: embeddings of a folder of classes, random draws, and the machine's name."""

from __future__ import annotations

import argparse
import platform
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numpy.typing import NDArray

from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path
from tpu.tensors import ImageArray, centre_crop, read_picture


def options(description: str | None) -> argparse.Namespace:
    """`--photos DIR`, with a folder of photographs for each class, and `--extractor MODEL.tflite`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="a folder of classes")
    parser.add_argument("--extractor", type=Path, default=default_extractor_path())
    parser.add_argument("--draws", type=int, default=20)
    return parser.parse_args()


def machine() -> str:
    """One line for the head of a table."""
    return f"# {platform.machine()}, {platform.processor() or 'cpu'}, Python {platform.python_version()}"


def pictures(folder: Path) -> tuple[list[ImageArray], NDArray[np.int64]]:
    """Every photograph's centre square, and its class, 0 for the first folder by name."""
    found, labels = [], []
    for number, one in enumerate(sorted(path for path in folder.iterdir() if path.is_dir())):
        for path in sorted(one.iterdir()):
            found.append(centre_crop(read_picture(path)))
            labels.append(number)
    return found, np.array(labels)


def embedded(folder: Path, extractor: Path) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Embeddings (N, D) and classes (N,) of every photograph."""
    squares, labels = pictures(folder)
    with EmbeddingExtractor(extractor) as opened:
        return np.stack([opened.embed(square) for square in squares]), labels


def drawn(labels: NDArray[np.int64], shots: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Indices of `shots` random samples of every class."""
    return np.concatenate([rng.permutation(np.flatnonzero(labels == one))[:shots] for one in np.unique(labels)])
