"""The kiosk's one call: from a few samples per class to a trained head, with nothing to tune.

The loss is that of SoftmaxRegression, cross-entropy + ½·reg·‖W‖², on centred embeddings of unit size with balanced
classes. It is convex, so full-batch descent with Nesterov's momentum goes to the same optimum as SGD would, without a
learning rate to choose, and stops when the loss has stopped falling. While there are fewer samples than features, W
is a sum of samples, W = ZᵀA, and the very same steps are taken in A with the Gram matrix ZZᵀ, several times faster.
Centring, scale and a temperature that is calibrated on held-out samples are folded into W and b; what is exported is
one plain layer.
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

MOST_ITERATIONS = 300
REPORT_EVERY = 10
BOLDNESS = 2.0  # the first step beside the one that is surely right at the start: soon the loss is flatter than there
SETTLED = 0.01  # the loss fell by less than this share of itself since the last report
REG_OVER_SAMPLES = 0.01  # reg = this / N: a prior weighs less the more is seen; 0.003 … 0.03 do as well on photographs
POWER_STEPS = 20
BATCH = 256  # rows that are centred at a time: the data is never copied whole
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
        rows = _Rows(x)
        held_out = rows.logits(
            *_descend(rows, y, _balanced(y, training, num_classes), lambda f, *seen: report(f / 2, *seen), validation)
        )[validation]
        accuracy = float((held_out.argmax(axis=1) == truth).mean())
        temperature = _temperature(held_out, truth)
        everything = np.arange(len(y))
        found = _descend(
            rows, y, _balanced(y, everything, num_classes), lambda f, loss, _: report(0.5 + f / 2, loss, accuracy)
        )
        weights, biases = rows.layer(*found)
        head = SoftmaxRegression(x.shape[1], num_classes, reg=REG_OVER_SAMPLES / len(x))
        head.params = {"mat_w": weights / temperature, "vec_b": biases / temperature}
        head.calibrate(x)
    confusion = np.zeros((num_classes, num_classes), np.int64)
    np.add.at(confusion, (truth, held_out.argmax(axis=1)), 1)
    probabilities = softmax(held_out / temperature)
    threshold = _threshold(probabilities, truth)
    return FitResult(head, accuracy, confusion, tuple(history), validation, probabilities, threshold)


class _Rows:
    """The samples z = (x − mean) / scale of a fit, with a mean square length of 1, never held beside x as a copy.

    The unknowns of a linear layer on z are W (D, C) itself or, while there are fewer samples than features, A (N, C)
    with W = ZᵀA. Then steps and lengths are those of W all the same, as ZZᵀ tells the products of rows.
    """

    def __init__(self, x: FloatArray) -> None:
        self._x = x
        mean = x.mean(axis=0, dtype=np.float64)
        spread = np.einsum("nd,nd->", x, x, dtype=np.float64) / len(x) - mean @ mean
        self._mean, self._scale = mean.astype(np.float32), np.float32(np.sqrt(max(spread, 0)) + 1e-6)
        self._gram = self._products() if len(x) <= x.shape[1] else None

    def nothing(self, num_classes: int) -> FloatArray:
        """Unknowns that stand for W = 0."""
        return np.zeros((len(self._x) if self._gram is not None else self._x.shape[1], num_classes), np.float32)

    def logits(self, unknowns: FloatArray, biases: FloatArray) -> FloatArray:
        """Of all samples, (N, C)."""
        if self._gram is not None:
            return fully_connected(self._gram, unknowns, biases)
        return fully_connected(self._x, *self.layer(unknowns, biases))

    def pulled_back(self, gradient: FloatArray) -> FloatArray:
        """A gradient with respect to the logits (N, C), as one with respect to the unknowns."""
        if self._gram is not None:
            return gradient
        products: FloatArray = self._x.T @ gradient - np.outer(self._mean, gradient.sum(axis=0))
        return products / self._scale

    def square_length(self, unknowns: FloatArray, scores: FloatArray) -> float:
        """‖W‖², where `scores` are the logits of these unknowns less their biases."""
        return float(np.vdot(unknowns, unknowns if self._gram is None else scores))

    def layer(self, unknowns: FloatArray, biases: FloatArray) -> tuple[FloatArray, FloatArray]:
        """W (D, C) and b (C,) for the embeddings as they are."""
        if self._gram is not None:
            unknowns = (self._x.T @ unknowns - np.outer(self._mean, unknowns.sum(axis=0))) / self._scale
        weights = np.asarray(unknowns / self._scale, np.float32)
        return weights, np.asarray(biases - self._mean @ weights, np.float32)

    def largest_eigenvalue(self, sample_weights: FloatArray) -> float:
        """Of the weighted second moment of [z, 1], by power iteration.

        It starts at the all-ones vector, which is near the leading one: the constant feature is in every row.
        """
        roots = np.sqrt(sample_weights / len(self._x))[:, np.newaxis]
        ones, value = np.ones((len(self._x), 1), np.float32), 0.0
        vector = roots.copy()
        for _ in range(POWER_STEPS):
            push = roots * vector
            if self._gram is not None:
                image = self._gram @ push
            else:
                image = self.logits(self.pulled_back(push), np.zeros(1, np.float32))
            image = roots * (image + ones * push.sum())
            value = float(np.linalg.norm(image) / np.linalg.norm(vector))
            vector = image / np.linalg.norm(image)
        return value

    def _products(self) -> FloatArray:
        """ZZᵀ, from one batch of rows after the other."""
        count = len(self._x)
        gram = np.empty((count, count), np.float32)
        starts = range(0, count, BATCH)
        for one in starts:
            rows = self._centred(one)
            for other in starts:
                if other > one:
                    break
                block = rows @ (rows if other == one else self._centred(other)).T
                gram[one : one + BATCH, other : other + BATCH] = block
                gram[other : other + BATCH, one : one + BATCH] = block.T
        return gram

    def _centred(self, start: int) -> FloatArray:
        rows: FloatArray = (self._x[start : start + BATCH] - self._mean) / self._scale
        return rows


def _balanced(y: IntArray, chosen: IntArray, num_classes: int) -> FloatArray:
    """Sample weights (N,), mean 1: classes weigh alike, and samples that are not `chosen` nothing."""
    counts = np.bincount(y[chosen], minlength=num_classes)
    weights = np.zeros(len(y), np.float32)
    weights[chosen] = len(y) / (num_classes * counts[y[chosen]])
    return weights


def _descend(
    rows: _Rows,
    y: IntArray,
    sample_weights: FloatArray,
    report: Callable[[float, float, float | None], None],
    watched: IntArray | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Minimise the loss; give the unknowns and b (C,).

    `report` receives the fraction done, the loss, and the accuracy on the samples `watched`.

    The curvature where the descent starts, at uniform probabilities, is L = λ/C + reg with λ the largest eigenvalue of
    the samples' second moment; the first step is BOLDNESS / L. Where that was too bold the loss rises; then the step
    is halved and the momentum starts anew.

    Source: Nesterov 1983 for the momentum; O'Donoghue and Candès 2015 for starting it anew; the Hessian of
    softmax cross-entropy is diag(p) − ppᵀ (Böhning 1992).
    """
    num_classes = int(y.max()) + 1
    reg = np.float32(REG_OVER_SAMPLES / np.count_nonzero(sample_weights))
    step = np.float32(BOLDNESS / (rows.largest_eigenvalue(sample_weights) / num_classes + reg))
    unknowns: FloatArray = rows.nothing(num_classes)
    ahead = unknowns
    biases: FloatArray = np.zeros(num_classes, np.float32)
    ahead_b = biases
    momentum, lowest, reported = 1.0, np.inf, np.inf
    for iteration in range(MOST_ITERATIONS):
        logits = rows.logits(ahead, ahead_b)
        mismatch, gradient = cross_entropy(logits, y, sample_weights)
        loss = mismatch + 0.5 * float(reg) * rows.square_length(ahead, logits - ahead_b)
        if loss > lowest * (1 + 1e-4):
            ahead, ahead_b, momentum, lowest, step = unknowns, biases, 1.0, np.inf, step / np.float32(2)
            continue
        lowest = loss
        if iteration % REPORT_EVERY == 0:
            right = None if watched is None else float((logits[watched].argmax(axis=1) == y[watched]).mean())
            report(iteration / MOST_ITERATIONS, loss, right)
            if reported - loss < SETTLED * loss:
                break
            reported = loss
        new = np.asarray(ahead - step * (rows.pulled_back(gradient) + reg * ahead), np.float32)
        new_b = np.asarray(ahead_b - step * gradient.sum(axis=0), np.float32)
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        push = np.float32((momentum - 1) / following)
        ahead, ahead_b = new + push * (new - unknowns), new_b + push * (new_b - biases)
        unknowns, biases, momentum = new, new_b, following
    return unknowns, biases


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
