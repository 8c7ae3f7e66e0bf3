"""What the head costs: an SGD update beside a plain loop, the memory of a fit, and the export of a file.

python benchmarks/head.py [MODEL.tflite ...]        extractors to export besides the built-in one

Median of many runs, on one BLAS thread, everything in one process. The plain loop is the published method's
mathematics in the most direct numpy: softmax, cross-entropy, two gradients, two updates.
"""

from __future__ import annotations

import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks._photographs import machine
from learning.fit import fit_head
from learning.softmax_regression import SoftmaxRegression
from learning.tflite_export import append_head
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path

SAMPLES, CLASSES, BATCH, UPDATES, REPEATS = 500, 10, 100, 300, 9


def main() -> None:
    """Print three small tables."""
    print(machine())
    with threadpool_limits(1):
        updates()
        memory()
        exports([default_extractor_path(), *map(Path, sys.argv[1:])])


def updates() -> None:
    """Microseconds of an update, for two sizes of embeddings."""
    print("feature_dim,train_with_sgd µs,plain loop µs,ratio")
    for features in (736, 1024):
        x, y = _samples(SAMPLES, features)
        data = {"data_train": x, "labels_train": y}
        quiet: Callable[..., None] = lambda *_: None  # noqa: E731
        head = SoftmaxRegression(features, CLASSES, rng=0)
        plain, ours = [], []
        for _ in range(REPEATS):  # turn by turn: a noisy machine is noisy to both
            plain.append(_seconds(lambda: _plain_loop(x, y)))  # noqa: B023
            ours.append(
                _seconds(lambda: head.train_with_sgd(data, UPDATES, 0.01, BATCH, UPDATES, on_statistics=quiet))  # noqa: B023
            )
        one, other = (1e6 * statistics.median(times) / UPDATES for times in (ours, plain))
        print(f"{features},{one:.0f},{other:.0f},{one / other:.2f}")


def memory() -> None:
    """The most that a fit holds besides the caller's data, as a share of that data."""
    print("samples,feature_dim,data MB,fit's peak MB,share")
    for samples in (100, 300, 2000):
        x, y = _samples(samples, 1024)
        tracemalloc.start()
        fit_head(x, y, CLASSES, rng=np.random.default_rng(0))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        print(f"{samples},1024,{x.nbytes / 1e6:.1f},{peak / 1e6:.1f},{peak / x.nbytes:.2f}")


def exports(extractors: list[Path]) -> None:
    """Milliseconds from extractor and head to a finished file's bytes."""
    print("extractor,MB,median ms,slowest ms")
    for path in extractors:
        with EmbeddingExtractor(path) as opened:
            features, data = opened.feature_dim, opened.model_bytes
        x, y = _samples(60, features)
        head = fit_head(np.abs(x), y, CLASSES, rng=np.random.default_rng(0)).head
        head.label_map = {index: f"class {index}" for index in range(CLASSES)}
        times = [1000 * _seconds(lambda: append_head(data, head)) for _ in range(REPEATS)]  # noqa: B023
        print(f"{path.stem},{len(data) / 1e6:.1f},{statistics.median(times):.1f},{max(times):.1f}")


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


def _seconds(run: Callable[[], object]) -> float:
    started_s = time.perf_counter()
    run()
    return time.perf_counter() - started_s


if __name__ == "__main__":
    main()
