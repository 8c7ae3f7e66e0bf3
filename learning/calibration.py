"""Turn logits of held-out rows into the temperature, the threshold and the range of the logits of a head."""

from __future__ import annotations

import numpy as np

from learning.layers import FloatArray, IntArray, cross_entropy

MAX_ROWS = 2000  # that set the temperature
TEMPERATURES = np.geomspace(0.5, 50.0, 30, dtype=np.float32)
PRIOR_TEMPERATURE = 4.0  # typical of photographs
PRIOR_SAMPLES = 4.0  # the weight of PRIOR_TEMPERATURE against the held-out rows, which may be few
REJECTED_FRACTION = 0.003  # of correctly classified held-out rows may fall below the threshold
MIN_THRESHOLD, MAX_THRESHOLD = 0.34, 0.5
MAX_WEIGHT = 4.5  # standard deviations: a few larger weights would cost all others their 8-bit precision
MARGIN = 8.0  # logits around those that decide: e⁻⁸ is less than a tenth of a step of 8-bit probabilities


def accuracy_and_loss(logits: FloatArray, truth: IntArray) -> tuple[float, float]:
    """Return accuracy 0..1, and mean cross-entropy at the prior temperature."""
    return float((logits.argmax(axis=1) == truth).mean()), cross_entropy(logits / PRIOR_TEMPERATURE, truth)[0]


def calibrated_temperature(logits: FloatArray, truth: IntArray) -> np.float32:
    """Return the temperature that makes the held-out rows most likely; few samples keep it near the prior.

    Source: Guo et al. 2017, On Calibration of Modern Neural Networks; the log-normal prior is ours.
    """
    some = np.linspace(0, len(truth) - 1, min(len(truth), MAX_ROWS)).astype(int)
    logits, truth = logits[some], truth[some]
    losses = [
        len(truth) * cross_entropy(logits / temperature, truth)[0]
        + PRIOR_SAMPLES * 0.5 * float(np.log(temperature / PRIOR_TEMPERATURE)) ** 2
        for temperature in TEMPERATURES
    ]
    return np.float32(TEMPERATURES[int(np.argmin(losses))])


def without_outliers(weights: FloatArray) -> FloatArray:
    """Clip weights (D, C) to a range that one 8-bit scale can represent well."""
    largest = np.float32(MAX_WEIGHT * float(weights.std()))
    return np.clip(weights, -largest, largest)


def deciding_range(logits: FloatArray) -> tuple[float, float]:
    """Return the range that 8-bit logits should cover: that of all samples (N, C), less what cannot change an answer.

    Between the smallest leader and the largest runner-up, small differences decide which class wins. Well below that
    range a class has no chance, and well above it the leader is certain. Clipping there changes no probability by
    a step of 1/256, and the finer steps inside the range keep leader and runner-up apart.
    """
    ordered = np.sort(logits, axis=1)
    edges = float(ordered[:, -1].min()), float(ordered[:, -2].max())
    return max(float(ordered.min()), min(edges) - MARGIN), min(float(ordered.max()), max(edges) + MARGIN)


def threshold_of(probabilities: FloatArray, truth: IntArray) -> float:
    """Return the top probability that nearly all correctly classified held-out rows reach."""
    correct = probabilities.argmax(axis=1) == truth
    if not correct.any():
        return MAX_THRESHOLD
    lowest = float(np.quantile(probabilities.max(axis=1)[correct], REJECTED_FRACTION))
    return min(max(lowest, MIN_THRESHOLD), MAX_THRESHOLD)
