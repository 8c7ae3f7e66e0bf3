"""The kiosk's one call: from a few samples per class to a trained head, with nothing to tune.

The loss is that of SoftmaxRegression, cross-entropy + ½·reg·‖W‖², on standardised embeddings with balanced
classes. It is convex, so full-batch descent with Nesterov's momentum and the step 1/L goes to the same optimum as
SGD would, without a learning rate to choose. While there are fewer samples than features, W is a sum of samples,
W = ZᵀA, and the very same steps are taken in A with the Gram matrix ZZᵀ, several times faster. The standardisation
and a temperature that is calibrated on held-out samples are folded into W and b; what is exported is one plain layer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from learning.dataset import checked_embeddings, checked_labels, stratified_split
from learning.errors import NotEnoughSamples, TrainingCancelled
from learning.layers import FloatArray, IntArray, cross_entropy, fully_connected, softmax
from learning.softmax_regression import SoftmaxRegression

ITERATIONS = 220
REPORT_EVERY = 10
REG_OVER_SAMPLES = 0.03  # reg = this / N: a prior weighs less the more is seen; best of 0.01 … 0.3 on photographs
EVENING = 0.5  # how far features are brought to the same spread: 0 not at all, 1 wholly
POWER_STEPS, ABOVE = 20, 1.05  # the estimate comes from below; a step that is a little short does no harm
TEMPERATURES = np.geomspace(0.3, 3.0, 25, dtype=np.float32)
PRIOR_SAMPLES = 10.0  # the weight of "temperature 1" against held-out samples, which may be few
REFUSED = 0.03  # of known views may fall below the threshold
LOWEST_THRESHOLD, HIGHEST_THRESHOLD = 0.4, 0.7


@dataclass(frozen=True)
class FitProgress:
    """How far a fit is. `fraction` runs 0..1."""

    fraction: float
    loss: float
    validation_accuracy: float | None


@dataclass(frozen=True, eq=False)
class FitResult:
    """A trained head and what is known of it.

    Attributes:
        head: Trained on all samples, its logits' range calibrated on all of them.
        validation_accuracy: Fraction of held-out samples named right by a head that never saw them.
        confusion: int (C, C) over held-out samples: rows are true classes, columns answers.
        history: What was reported on the way.
        validation_indices: Which samples were held out, int (V,).
        validation_probabilities: What the head that never saw them said of them, float32 (V, C).
        threshold: Below this top probability an answer is "not sure".
    """

    head: SoftmaxRegression
    validation_accuracy: float
    confusion: IntArray
    history: tuple[FitProgress, ...]
    validation_indices: IntArray
    validation_probabilities: FloatArray
    threshold: float


def fit_head(
    embeddings: Any,
    label_indices: Any,
    num_classes: int,
    *,
    rng: np.random.Generator,
    validation_fraction: float = 0.2,
    on_progress: Callable[[FitProgress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> FitResult:
    """Train a head.

    Args:
        embeddings: (N, D) numbers; never changed.
        label_indices: int (N,), 0..num_classes-1; every class has two samples or more.
        num_classes: C, two or more.
        rng: Decides which samples are held out.
        validation_fraction: Of each class; at least one sample of each is held out.
        on_progress: Told every few iterations.
        should_stop: Asked every few iterations; True ends the fit.

    Raises:
        NotEnoughSamples: If there are fewer than two classes or two samples of one.
        InvalidTrainingData: If shapes, types or values are wrong.
        TrainingCancelled: If `should_stop` said so.
    """
    x = checked_embeddings(embeddings)
    y = checked_labels(label_indices, len(x), num_classes)
    counts = np.bincount(y, minlength=num_classes)
    if num_classes < 2 or counts.min() < 2:
        raise NotEnoughSamples("training needs two classes with two samples each. Add samples.")
    history: list[FitProgress] = []

    def report(fraction: float, loss: float, accuracy: float | None) -> None:
        if should_stop is not None and should_stop():
            raise TrainingCancelled("training was stopped. Press TRAIN to start again.")
        history.append(FitProgress(fraction, loss, accuracy))
        if on_progress is not None:
            on_progress(history[-1])

    with threadpool_limits(limits=1, user_api="blas"):  # more threads only wait for each other at this size
        training, validation = stratified_split(y, validation_fraction, rng)
        truth = y[validation]
        trial = _descend(
            x[training], y[training], num_classes, lambda f, *facts: report(f / 2, *facts), (x[validation], truth)
        )
        held_out = fully_connected(x[validation], *trial)
        accuracy = float((held_out.argmax(axis=1) == truth).mean())
        temperature = _temperature(held_out, truth)
        weights, biases = _descend(x, y, num_classes, lambda f, loss, _: report(0.5 + f / 2, loss, accuracy))
        head = SoftmaxRegression(x.shape[1], num_classes, reg=REG_OVER_SAMPLES / len(x))
        head.params = {"mat_w": weights / temperature, "vec_b": biases / temperature}
        head.calibrate(x)
    confusion = np.zeros((num_classes, num_classes), np.int64)
    np.add.at(confusion, (truth, held_out.argmax(axis=1)), 1)
    probabilities = softmax(held_out / temperature)
    threshold = _threshold(probabilities, truth)
    return FitResult(head, accuracy, confusion, tuple(history), validation, probabilities, threshold)


def _descend(
    x: FloatArray,
    y: IntArray,
    num_classes: int,
    report: Callable[[float, float, float | None], None],
    held_out: tuple[FloatArray, IntArray] | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Minimise the loss on standardised embeddings; give W (D, C) and b (C,) for the raw ones.

    `report` receives the fraction done, the loss, and the accuracy on the embeddings and classes `held_out`.

    Standardised rows are divided by √D, so that their mean squared length is about 1. The loss' gradient then has
    the Lipschitz constant L = ½·λ + reg, with λ the largest eigenvalue of the weighted second moment of [z, 1].

    Source: Nesterov 1983 for the momentum; Böhning 1992 for the bound ½ on the softmax' Hessian.
    """
    mean, spread = x.mean(axis=0), x.std(axis=0)
    typical = np.float32(np.sqrt(np.square(spread).mean()) + 1e-6)
    scale = (EVENING * spread + (1 - EVENING) * typical).astype(np.float32) * np.float32(np.sqrt(x.shape[1]))
    z = (x - mean) / scale
    counts = np.bincount(y, minlength=num_classes)
    sample_weights = (len(y) / (num_classes * counts[y])).astype(np.float32)
    few = len(z) <= z.shape[1]
    # What multiplies the unknowns to give logits, and what a gradient of logits is multiplied by in return.
    forward, back = (z @ z.T, None) if few else (z, z.T)
    reg = np.float32(REG_OVER_SAMPLES / len(z))
    step = np.float32(1 / (0.5 * _largest_eigenvalue(z, forward if few else None, sample_weights) + reg))
    watched = None
    if held_out is not None:
        rows = (held_out[0] - mean) / scale
        watched = _accuracy_of(rows @ z.T if few else rows, held_out[1])
    unknowns = np.zeros((forward.shape[1], num_classes), np.float32)
    biases = np.zeros(num_classes, np.float32)
    ahead, ahead_b, momentum = unknowns, biases, 1.0
    for iteration in range(ITERATIONS):
        loss, gradient = cross_entropy(fully_connected(forward, ahead, ahead_b), y, sample_weights)
        if iteration % REPORT_EVERY == 0:
            report(iteration / ITERATIONS, loss, None if watched is None else watched(ahead, ahead_b))
        new = ahead - step * ((gradient if back is None else back @ gradient) + reg * ahead)
        new_b = ahead_b - step * gradient.sum(axis=0)
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        push = np.float32((momentum - 1) / following)
        ahead, ahead_b = new + push * (new - unknowns), new_b + push * (new_b - biases)
        unknowns, biases, momentum = new, new_b, following
    weights = (z.T @ unknowns if few else unknowns) / scale[:, np.newaxis]
    return weights, np.asarray(biases - mean @ weights, np.float32)


def _accuracy_of(forward: FloatArray, truth: IntArray) -> Callable[[FloatArray, FloatArray], float]:
    return lambda unknowns, biases: float((fully_connected(forward, unknowns, biases).argmax(axis=1) == truth).mean())


def _largest_eigenvalue(z: FloatArray, gram: FloatArray | None, sample_weights: FloatArray) -> float:
    """Of the weighted second moment of [z, 1], from a little above.

    Power iteration from the all-ones vector, which is near the leading one: the constant feature is in every row.
    """
    roots = np.sqrt(sample_weights / len(z))
    if gram is None:
        rows = np.hstack([z, np.ones((len(z), 1), np.float32)]) * roots[:, np.newaxis]
        moment = rows.T @ rows
    else:
        moment = (gram + np.float32(1)) * roots[:, np.newaxis] * roots
    vector = np.ones(len(moment), np.float32)
    value = 0.0
    for _ in range(POWER_STEPS):
        image = moment @ vector
        value = float(np.linalg.norm(image) / np.linalg.norm(vector))
        vector = image / np.linalg.norm(image)
    return ABOVE * value


def _temperature(logits: FloatArray, truth: IntArray) -> np.float32:
    """The temperature under which held-out samples are likeliest, held near 1 while they are few.

    Source: Guo et al. 2017, On Calibration of Modern Neural Networks; the log-normal prior is ours.
    """
    losses = [
        len(truth) * cross_entropy(logits / temperature, truth)[0]
        + PRIOR_SAMPLES * 0.5 * float(np.log(temperature)) ** 2
        for temperature in TEMPERATURES
    ]
    return np.float32(TEMPERATURES[int(np.argmin(losses))])


def _threshold(probabilities: FloatArray, truth: IntArray) -> float:
    """The top probability that all but a few rightly named held-out samples reach."""
    right = probabilities.argmax(axis=1) == truth
    if not right.any():
        return HIGHEST_THRESHOLD
    lowest = float(np.quantile(probabilities.max(axis=1)[right], REFUSED))
    return min(max(lowest, LOWEST_THRESHOLD), HIGHEST_THRESHOLD)
