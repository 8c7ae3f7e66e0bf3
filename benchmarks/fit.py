"""Accuracy and time of `fit_head` and of two classifiers of scikit-learn, on embeddings of photographs.

How to run: python benchmarks/fit.py --photos DIR [--extractor MODEL.tflite] [--draws N]
Needs: pip install -e '.[bench]', which is scikit-learn

DIR/<class>/* are photographs. In each of the random draws, the samples that were not drawn are the test. All run on one
BLAS thread. The time of `fit_head` includes the folds of the validation accuracy, the temperature, the threshold and
the novelty test; that of scikit-learn is only the fit.
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
from threadpoolctl import threadpool_limits

from benchmarks._shared import draw, embeddings_of, machine_line, photograph_options
from learning.fit import fit_head

try:
    from sklearn.linear_model import LogisticRegression, SGDClassifier
except ImportError:
    sys.exit("error: this benchmark compares with scikit-learn. Install it: pip install scikit-learn")

SHOTS = (5, 10, 20, 50)
Predict = Callable[[NDArray[np.float32]], NDArray[np.int64]]
Fit = Callable[[NDArray[np.float32], NDArray[np.int64], np.random.Generator], Predict]


def main() -> None:
    """Print one row for each fit and number of shots."""
    options = photograph_options(__doc__)
    warnings.filterwarnings("ignore", module="sklearn")  # that the fit did not converge
    x, y = embeddings_of(options.photos, options.extractor)
    print(machine_line())
    print("fit,shots,accuracy,median milliseconds")
    fits: dict[str, Fit] = {"one call": ours, "LogisticRegression": logistic_regression, "SGDClassifier": sgd}
    with threadpool_limits(1):
        for shots in SHOTS:
            for name, fit in fits.items():
                scores, times = [], []
                for seed in range(options.draws):
                    rng = np.random.default_rng(seed)
                    taught = draw(y, shots, rng)
                    rest = np.setdiff1d(np.arange(len(y)), taught)
                    started_s = time.perf_counter()
                    predict = fit(x[taught], y[taught], rng)
                    times.append(1000 * (time.perf_counter() - started_s))
                    scores.append(float((predict(x[rest]) == y[rest]).mean()))
                print(f"{name},{shots},{100 * np.mean(scores):.1f},{statistics.median(times):.1f}", flush=True)


def ours(x: NDArray[np.float32], y: NDArray[np.int64], rng: np.random.Generator) -> Predict:
    """`fit_head`, as the kiosk uses it."""
    return fit_head(x, y, int(y.max()) + 1, rng=rng).head.run_inference


def logistic_regression(x: NDArray[np.float32], y: NDArray[np.int64], _rng: np.random.Generator) -> Predict:
    """LogisticRegression of scikit-learn, with its defaults and enough iterations."""
    predict: Predict = LogisticRegression(max_iter=1000).fit(x, y).predict
    return predict


def sgd(x: NDArray[np.float32], y: NDArray[np.int64], _rng: np.random.Generator) -> Predict:
    """SGDClassifier of scikit-learn, which is stochastic gradient descent, on the logistic loss, with its defaults."""
    predict: Predict = SGDClassifier(loss="log_loss", random_state=0).fit(x, y).predict
    return predict


if __name__ == "__main__":
    main()
