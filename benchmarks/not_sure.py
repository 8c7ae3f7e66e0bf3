"""How well a model recognises pictures of classes that it was not trained on.

How to run: python benchmarks/not_sure.py --photos DIR [--extractor MODEL.tflite] [--draws N]

DIR/<class>/* are photographs. In each draw three random classes are left out, the others are taught 48 pictures each,
and the pictures that were not taught are asked. AUROC is of the novelty: 1 where every unknown picture is more novel
than every known one, 0.5 for guessing. "Refused" is the answer "not sure", by novelty or by probability. Beside it
stands the AUROC of the top probability alone. The draws are other ones than those by which the test was chosen.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numpy.typing import NDArray

from benchmarks._shared import draw, embeddings_of, machine_line, photograph_options
from learning.fit import fit_head
from learning.novelty import with_test
from tpu.novelty import read_novelty_test

LEFT_OUT, SHOTS = 3, (8, 20, 48)
FIRST_SEED = 5000
Scores = NDArray[np.float32]


def main() -> None:
    """Print one row for each number of shots."""
    options = photograph_options(__doc__)
    x, y = embeddings_of(options.photos, options.extractor)
    print(machine_line())
    print("shots,AUROC,its least,AUROC of the probability,known refused %,unknown refused %")
    for shots in SHOTS:
        rows = [_one(x, y, shots, np.random.default_rng(FIRST_SEED + number)) for number in range(options.draws)]
        auroc, by_probability, known, unknown = np.mean(rows, axis=0)
        least = min(row[0] for row in rows)
        print(f"{shots},{auroc:.3f},{least:.3f},{by_probability:.3f},{100 * known:.1f},{100 * unknown:.1f}", flush=True)


def _one(
    x: NDArray[np.float32], y: NDArray[np.int64], shots: int, rng: np.random.Generator
) -> tuple[float, float, float, float]:
    out = rng.permutation(int(y.max()) + 1)[:LEFT_OUT]
    kept = np.flatnonzero(~np.isin(y, out))
    _, labels = np.unique(y[kept], return_inverse=True)
    chosen = draw(labels, shots, rng)
    taught = kept[chosen]
    fresh, strange = np.setdiff1d(kept, taught), np.flatnonzero(np.isin(y, out))
    fit = fit_head(x[taught], labels[chosen], int(labels.max()) + 1, rng=rng)
    test = read_novelty_test(with_test(b"", fit.head.not_sure or {}, 0))
    assert test is not None
    novelty = [np.array([test.novelty(row) for row in x[part]]) for part in (fresh, strange)]
    top = [fit.head.probabilities(x[part]).max(axis=1) for part in (fresh, strange)]
    refused = [float(((n > 1) | (p < fit.threshold)).mean()) for n, p in zip(novelty, top, strict=True)]
    return _auroc(novelty[1], novelty[0]), _auroc(-top[1], -top[0]), *refused


def _auroc(positives: Scores, negatives: Scores) -> float:
    """Area under the ROC curve: the probability that a positive scores above a negative; ties count half."""
    higher = (positives[:, np.newaxis] > negatives).mean()
    return float(higher + 0.5 * (positives[:, np.newaxis] == negatives).mean())


if __name__ == "__main__":
    main()
