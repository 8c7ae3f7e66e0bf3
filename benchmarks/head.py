"""Cost of the head: an SGD update beside a plain loop, the memory of a fit, and the export of a model.

How to run: python benchmarks/head.py [MODEL.tflite ...]

Prints three tables. The models are extractors to export besides the built-in one. Times are medians of many runs on one
BLAS thread. The plain loop is the simplest numpy code of the published method: softmax, cross-entropy, two gradients,
two updates.
"""

from __future__ import annotations

import statistics
import sys
import tracemalloc
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks._shared import machine_line, seconds_of
from learning.fit import fit_head
from learning.softmax_regression import SoftmaxRegression
from learning.tflite_export import append_head
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path

SAMPLES, CLASSES, BATCH, UPDATES, REPEATS = 500, 10, 100, 300, 9


def main() -> None:
    """Print all three tables."""
    print(machine_line())
    with threadpool_limits(1):
        updates()
        memory()
        exports([default_extractor_path(), *map(Path, sys.argv[1:])])


def updates() -> None:
    """Print the microseconds of an update, for two sizes of embeddings."""
    print("feature_dim,train_with_sgd µs,plain loop µs,ratio")
    for features in (864, 1024):
        x, y = _samples(SAMPLES, features)
        data = {"data_train": x, "labels_train": y}
        head = SoftmaxRegression(features, CLASSES, rng=0)
        plain, ours = [], []
        for _ in range(REPEATS):  # in turns, so that other load affects both
            plain.append(seconds_of(partial(_plain_loop, x, y)))
            update = partial(head.train_with_sgd, data, UPDATES, 0.01, BATCH, UPDATES, on_statistics=_ignore)
            ours.append(seconds_of(update))
        one, other = (1e6 * statistics.median(times) / UPDATES for times in (ours, plain))
        print(f"{features},{one:.0f},{other:.0f},{one / other:.2f}")


def memory() -> None:
    """Print the peak memory of a fit, without the caller's data, and as a share of that data."""
    print("samples,feature_dim,data MB,fit's peak MB,share")
    for samples in (100, 300, 2000):
        x, y = _samples(samples, 1024)
        tracemalloc.start()
        fit_head(x, y, CLASSES, rng=np.random.default_rng(0))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        print(f"{samples},1024,{x.nbytes / 1e6:.1f},{peak / 1e6:.1f},{peak / x.nbytes:.2f}")


def exports(extractors: list[Path]) -> None:
    """Print the milliseconds that it takes to append a head to each extractor."""
    print("extractor,MB,median ms,slowest ms")
    for path in extractors:
        with EmbeddingExtractor(path) as opened:
            features, data = opened.feature_dim, opened.model_bytes
        x, y = _samples(60, features)
        head = fit_head(np.abs(x), y, CLASSES, rng=np.random.default_rng(0)).head
        head.label_map = {index: f"class {index}" for index in range(CLASSES)}
        times = [1000 * seconds_of(partial(append_head, data, head)) for _ in range(REPEATS)]
        print(f"{path.stem},{len(data) / 1e6:.1f},{statistics.median(times):.1f},{max(times):.1f}")


def _ignore(*_statistics: float) -> None:
    """Receive statistics and do nothing, so that printing is not measured."""


def _samples(count: int, features: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(0)
    y = np.arange(count) % CLASSES
    return rng.normal(0, 1, (count, features)).astype(np.float32) + rng.normal(0, 1, (CLASSES, features))[y].astype(
        np.float32
    ), y


def _plain_loop(x: NDArray[np.float32], y: NDArray[np.int64]) -> None:
    rng = np.random.default_rng(0)
    weights = (0.01 * rng.standard_normal((x.shape[1], CLASSES))).astype(np.float32)
    biases = np.zeros(CLASSES, np.float32)
    for _ in range(UPDATES):
        batch = rng.choice(len(x), BATCH)
        rows, truth = x[batch], y[batch]
        scores = rows @ weights + biases
        scores -= scores.max(axis=1, keepdims=True)
        exp = np.exp(scores)
        shares = exp / exp.sum(axis=1, keepdims=True)
        loss = -np.log(shares[np.arange(BATCH), truth]).mean()
        shares[np.arange(BATCH), truth] -= 1
        shares /= BATCH
        weights -= 0.01 * (rows.T @ shares)
        biases -= 0.01 * shares.sum(axis=0)
    assert np.isfinite(loss)


if __name__ == "__main__":
    main()
