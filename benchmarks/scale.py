"""Time and memory of `fit_head` for many classes, beside scikit-learn's shrunken LDA and LogisticRegression.

How to run: python benchmarks/scale.py [--features D]        needs: pip install scikit-learn

Each fit runs in a process of its own with one BLAS thread. "Most MB" is the largest memory of the process during the
fit, data included. "File" is the size of `not_sure.npz` over 4·C·D bytes, the size of the head. The time of `fit_head`
includes the folds of the validation accuracy, the temperature, the threshold and the novelty test; the others only fit.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks._shared import machine_line, option_parser
from learning.fit import fit_head
from learning.novelty import with_test

SIZES = ((10, 50), (100, 300), (1000, 20))  # classes, samples of each
FITS = ("fit_head", "LinearDiscriminantAnalysis", "LogisticRegression")
TIMEOUT_S = 300.0


def main() -> None:
    """Print one row for each fit and size."""
    parser = option_parser(__doc__)
    parser.add_argument("--features", type=int, default=864, help="D, values of an embedding (default: 864)")
    features = parser.parse_args().features
    print(machine_line())
    print("fit,classes,samples of each,seconds,most MB,accuracy %,file / (4 C D)")
    context = multiprocessing.get_context("spawn")
    for classes, shots in SIZES:
        for name in FITS:
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(target=_measure, args=(name, classes, shots, features, sender))
            process.start()
            row = receiver.recv() if receiver.poll(TIMEOUT_S) else f"more than {TIMEOUT_S:.0f},,,"
            process.kill()
            process.join()
            print(f"{name},{classes},{shots},{row}", flush=True)


def _measure(name: str, classes: int, shots: int, features: int, sender: Connection) -> None:
    x, y, unseen, truth = _data(classes, shots, features)
    Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM, so that drawing the data does not count
    grown = ""
    try:
        with threadpool_limits(1):
            started_s = time.perf_counter()
            if name == "fit_head":
                head = fit_head(x, y, classes, rng=np.random.default_rng(0)).head
                seconds, answers = time.perf_counter() - started_s, head.run_inference(unseen)
                grown = f"{len(with_test(b'', head.not_sure or {}, 0)) / (4 * classes * features):.2f}"
            else:
                answers, seconds = _scikit_learn(name, x, y, unseen), time.perf_counter() - started_s
    except ImportError:
        row = "scikit-learn is missing,,,"
    else:
        status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        most_mb = int(status["VmHWM"].split()[0]) / 1024
        row = f"{seconds:.1f},{most_mb:.0f},{100 * (answers == truth).mean():.1f},{grown}"
    sender.send(row)


def _scikit_learn(
    name: str, x: NDArray[np.float32], y: NDArray[np.int64], unseen: NDArray[np.float32]
) -> NDArray[np.int64]:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.linear_model import LogisticRegression

    if name == "LogisticRegression":
        fit = LogisticRegression(max_iter=100).fit(x, y)
    else:
        fit = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(x, y)
    return np.asarray(fit.predict(unseen), np.int64)


def _data(
    classes: int, shots: int, features: int
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
    """Draw data like embeddings: no negative values, few strong directions within classes.

    Returns:
        Samples (N, D) and labels (N,) to train on, and the same of two other samples per class.
    """
    rng = np.random.default_rng(0)
    means = rng.gamma(1.0, 1.0, (classes, features)).astype(np.float32)
    directions = (rng.standard_normal((40, features)) * 0.5).astype(np.float32)

    def drawn(count: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        y = np.repeat(np.arange(classes), count)
        x = rng.standard_normal((len(y), features), np.float32)
        x += rng.standard_normal((len(y), 40), np.float32) @ directions
        x += means[y]
        return np.maximum(x, 0, out=x), y

    return *drawn(shots), *drawn(2)


if __name__ == "__main__":
    main()
