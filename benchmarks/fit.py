"""The one-call fit beside scikit-learn's, on embeddings of photographs, in one run on one BLAS thread.

python benchmarks/fit.py --photos DIR [--extractor MODEL.tflite]        needs: pip install scikit-learn

DIR/<class>/* are photographs. Of each of 20 draws, the samples that were not taught are the test. Our time holds
the folds behind the accuracy, the temperature, the threshold and the test for the unknown as well; theirs is the fit
alone.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, SGDClassifier
from threadpoolctl import threadpool_limits

from benchmarks._photographs import drawn, embedded, machine, options
from learning.fit import fit_head

SHOTS = (5, 10, 20, 50)
Predict = Callable[[NDArray[np.float32]], NDArray[np.int64]]
Fit = Callable[[NDArray[np.float32], NDArray[np.int64], np.random.Generator], Predict]


def main() -> None:
    """Print one row for each fit and number of shots."""
    given = options(__doc__)
    warnings.filterwarnings("ignore", module="sklearn")  # of iterations that were not enough
    x, y = embedded(given.photos, given.extractor)
    print(machine())
    print("fit,shots,accuracy,median milliseconds")
    fits: dict[str, Fit] = {"one call": ours, "LogisticRegression": logistic_regression, "SGDClassifier": sgd}
    with threadpool_limits(1):
        for shots in SHOTS:
            for name, fit in fits.items():
                scores, times = [], []
                for draw in range(given.draws):
                    rng = np.random.default_rng(draw)
                    taught = drawn(y, shots, rng)
                    rest = np.setdiff1d(np.arange(len(y)), taught)
                    started_s = time.perf_counter()
                    predict = fit(x[taught], y[taught], rng)
                    times.append(1000 * (time.perf_counter() - started_s))
                    scores.append(float((predict(x[rest]) == y[rest]).mean()))
                print(f"{name},{shots},{100 * np.mean(scores):.1f},{statistics.median(times):.1f}", flush=True)


def ours(x: NDArray[np.float32], y: NDArray[np.int64], rng: np.random.Generator) -> Predict:
    """The kiosk's fit."""
    return fit_head(x, y, int(y.max()) + 1, rng=rng).head.run_inference


def logistic_regression(x: NDArray[np.float32], y: NDArray[np.int64], _rng: np.random.Generator) -> Predict:
    """scikit-learn's, with its defaults and enough iterations."""
    predict: Predict = LogisticRegression(max_iter=1000).fit(x, y).predict
    return predict


def sgd(x: NDArray[np.float32], y: NDArray[np.int64], _rng: np.random.Generator) -> Predict:
    """scikit-learn's stochastic gradient descent on the logistic loss, with its defaults."""
    predict: Predict = SGDClassifier(loss="log_loss", random_state=0).fit(x, y).predict
    return predict


if __name__ == "__main__":
    main()
