"""`fit_head`: the kiosk's one call that trains a head from a few samples per class, with nothing to tune.

The head is a shrunken linear discriminant (`learning.discriminant`): closed form, no learning rate, no iterations.
Folds hold every sample out once. The answers for held-out samples give the reported accuracy, the temperature, the
threshold, and the test for pictures of something that was not taught (`learning.novelty`). Mean, whitening and
temperature are folded into W and b, so the exported head is one plain fully connected layer.

The order in which `rng` is used is part of the result: the same seed gives the same head and the same file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from learning.dataset import checked_embeddings, checked_labels, stratified_folds
from learning.discriminant import Discriminant, Samples
from learning.errors import NotEnoughSamples, TrainingCancelled
from learning.layers import FloatArray, IntArray, cross_entropy, softmax
from learning.novelty import HeldOut, held_out_positions, make_novelty_test, needs_square_roots, signed_sqrt
from learning.softmax_regression import SoftmaxRegression

MIN_CLASSES, MIN_SHOTS = 2, 2
FOLDS, FOLDS_OF_MANY, MANY = 5, 3, 150  # from MANY samples on, three folds measure as well as five
CURVE_FRACTIONS = (1 / 8, 1 / 4, 1 / 2)  # of a fold's training samples: the points of the learning curve
CURVE_FOLDS = 2  # folds that are evaluated for each point
TEMPERATURES = np.geomspace(0.5, 50.0, 30, dtype=np.float32)
PRIOR_TEMPERATURE = 4.0  # typical of photographs
PRIOR_SAMPLES = 4.0  # the weight of PRIOR_TEMPERATURE against the held-out samples, which may be few
REJECTED_FRACTION = 0.003  # of correctly classified held-out samples may fall below the threshold
MIN_THRESHOLD, MAX_THRESHOLD = 0.34, 0.5
MAX_WEIGHT = 4.5  # standard deviations: a few larger weights would cost all others their 8-bit precision
MARGIN = 8.0  # logits around those that decide: e⁻⁸ is less than a tenth of a step of 8-bit probabilities


@dataclass(frozen=True)
class FitProgress:
    """How far a fit is.

    Attributes:
        fraction: 0..1.
        shots: Training samples per class; the mean over classes.
        validation_accuracy: Fraction of held-out samples classified correctly after training on so many.
        loss: Their mean cross-entropy, at the prior temperature.
    """

    fraction: float
    shots: float
    validation_accuracy: float
    loss: float


@dataclass(frozen=True, eq=False)
class FitResult:
    """A trained head and its measurements.

    Attributes:
        head: Trained on all samples; the range of its logits is that of all samples.
        validation_accuracy: Fraction of samples classified correctly by heads that were trained without them.
        confusion: int (C, C) over held-out samples: rows are true classes, columns answers.
        history: The learning curve, from few training samples to as many as a fold has.
        validation_indices: The samples that were held out: all of them, int (N,).
        validation_probabilities: Answers of heads that were trained without the sample, float32 (N, C).
        novelties: Novelty of the held-out samples, float32 (N,); above 1 the answer is "not sure".
        threshold: Below this top probability the answer is "not sure".
        temperature: The logits were divided by this.
    """

    head: SoftmaxRegression
    validation_accuracy: float
    confusion: IntArray
    history: tuple[FitProgress, ...]
    validation_indices: IntArray
    validation_probabilities: FloatArray
    novelties: FloatArray
    threshold: float
    temperature: float


def fit_head(
    embeddings: Any,
    label_indices: Any,
    num_classes: int,
    *,
    rng: np.random.Generator,
    on_progress: Callable[[FitProgress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    blas_threads: int | None = 1,
) -> FitResult:
    """Train a head.

    Args:
        embeddings: (N, D) numbers; never changed, and never copied whole if they are float32.
        label_indices: int (N,), 0..C-1, or one-hot (N, C); every class has two samples or more.
        num_classes: C, two or more.
        rng: Decides which samples are held out together.
        on_progress: Called after every step.
        should_stop: Called before every step; True ends the fit.
        blas_threads: Threads of numpy's linear algebra. At this size, more than one only wait for each other, for
            seconds if another process is busy. None leaves the setting as it is.

    Raises:
        NotEnoughSamples: If there are fewer than two classes, or a class has fewer than two samples.
        InvalidEmbeddings, InvalidLabels: If shapes, types or values are wrong.
        TrainingCancelled: If `should_stop` returned True.
    """
    x = checked_embeddings(embeddings)
    y = checked_labels(label_indices, len(x), num_classes)
    if num_classes < MIN_CLASSES or np.bincount(y, minlength=num_classes).min() < MIN_SHOTS:
        raise NotEnoughSamples("training needs two classes with two samples each. Add samples.")
    history: list[FitProgress] = []

    def check_cancelled() -> None:
        if should_stop is not None and should_stop():
            raise TrainingCancelled

    def record(progress: FitProgress) -> None:
        history.append(progress)
        if on_progress is not None:
            on_progress(progress)
        check_cancelled()

    with threadpool_limits(limits=blas_threads, user_api="blas"):
        check_cancelled()
        folds = stratified_folds(y, FOLDS if len(y) < MANY else FOLDS_OF_MANY, rng)
        samples = Samples(x, y, num_classes)
        for number, share in enumerate(CURVE_FRACTIONS, start=1):
            progress = _curve_point(samples, y, folds, share, 0.4 * number / len(CURVE_FRACTIONS), rng)
            if not history or progress.shots > history[-1].shots:
                record(progress)
        found = samples.discriminant(np.arange(len(y)))
        logits, held_out = _hold_out(samples, found, y, folds, check_cancelled)
        record(FitProgress(0.7, len(y) / num_classes * (1 - 1 / len(np.unique(folds))), *_score(logits, y)))
        temperature, answers = _temperature(logits, y), logits.argmax(axis=1)
        probabilities = softmax(logits / temperature)
        threshold = _threshold(probabilities, y)
        head = SoftmaxRegression(x.shape[1], num_classes)
        weights = _without_outliers(samples.weights(found) / temperature)
        biases = found.biases / temperature - samples.mean @ weights
        head.params = {"mat_w": np.asarray(weights, np.float32), "vec_b": np.asarray(biases, np.float32)}
        head.min_score, head.max_score = _deciding_range(head.logits(x))
        if roots := needs_square_roots(x):
            samples = Samples(x, y, num_classes, signed_sqrt)
            found = samples.discriminant(np.arange(len(y)))
            _, held_out = _hold_out(samples, found, y, folds, check_cancelled)
        test, novelties = make_novelty_test(
            samples, found, held_out, y, folds, roots=roots, threshold=threshold, rng=rng
        )
        head.not_sure = test
    confusion = np.zeros((num_classes, num_classes), np.int64)
    np.add.at(confusion, (y, answers), 1)
    return FitResult(
        head=head,
        validation_accuracy=float((answers == y).mean()),
        confusion=confusion,
        history=tuple(history),
        validation_indices=np.arange(len(y)),
        validation_probabilities=probabilities,
        novelties=novelties,
        threshold=threshold,
        temperature=float(temperature),
    )


def _curve_point(
    samples: Samples, y: IntArray, folds: IntArray, share: float, fraction: float, rng: np.random.Generator
) -> FitProgress:
    """Train on a share of each of some folds' training samples, and evaluate on the fold."""
    logits, truth, training_count = [], [], 0
    evaluated = np.unique(folds)[:CURVE_FOLDS]
    for fold in evaluated:
        of_classes = []
        for label in np.unique(y):
            own = rng.permutation(np.flatnonzero((y == label) & (folds != fold)))
            of_classes.append(own[: max(1, round(share * len(own)))])
        training, held_out = np.sort(np.concatenate(of_classes)), np.flatnonzero(folds == fold)
        logits.append(samples.discriminant(training).logits[held_out])
        truth.append(y[held_out])
        training_count += len(training)
    shots = training_count / len(evaluated) / (int(y.max()) + 1)
    return FitProgress(fraction, shots, *_score(np.concatenate(logits), np.concatenate(truth)))


def _hold_out(
    samples: Samples, found: Discriminant, y: IntArray, folds: IntArray, check_cancelled: Callable[[], None]
) -> tuple[FloatArray, HeldOut]:
    """Return logits (N, C) and positions of every sample, by a discriminant of the other folds."""
    _, means = found.plane()
    logits = np.zeros((len(y), len(means)), np.float32)
    offsets = np.zeros((len(y), *means.shape), np.float32)
    residual = np.zeros(len(y), np.float32)
    for fold in np.unique(folds):
        check_cancelled()
        held_out = np.flatnonzero(folds == fold)
        of_others = samples.discriminant(np.flatnonzero(folds != fold), measured=held_out)
        logits[held_out] = of_others.logits[held_out]
        positions = held_out_positions(of_others, held_out, means)
        offsets[held_out], residual[held_out] = positions.offsets, positions.residual
    return logits, HeldOut(offsets, residual)


def _score(logits: FloatArray, truth: IntArray) -> tuple[float, float]:
    """Return accuracy 0..1, and mean cross-entropy at the prior temperature."""
    return float((logits.argmax(axis=1) == truth).mean()), cross_entropy(logits / PRIOR_TEMPERATURE, truth)[0]


def _temperature(logits: FloatArray, truth: IntArray) -> np.float32:
    """Return the temperature that makes the held-out samples most likely; few samples keep it near the prior.

    Source: Guo et al. 2017, On Calibration of Modern Neural Networks; the log-normal prior is ours.
    """
    losses = [
        len(truth) * cross_entropy(logits / temperature, truth)[0]
        + PRIOR_SAMPLES * 0.5 * float(np.log(temperature / PRIOR_TEMPERATURE)) ** 2
        for temperature in TEMPERATURES
    ]
    return np.float32(TEMPERATURES[int(np.argmin(losses))])


def _without_outliers(weights: FloatArray) -> FloatArray:
    """Clip weights (D, C) to a range that one 8-bit scale can represent well."""
    largest = np.float32(MAX_WEIGHT * float(weights.std()))
    return np.clip(weights, -largest, largest)


def _deciding_range(logits: FloatArray) -> tuple[float, float]:
    """Return the range that 8-bit logits should cover: that of all samples (N, C), less what cannot change an answer.

    Between the smallest leader and the largest runner-up, small differences decide which class wins. Well below that
    range a class has no chance, and well above it the leader is certain. Clipping there changes no probability by
    a step of 1/256, and the finer steps inside the range keep leader and runner-up apart.
    """
    ordered = np.sort(logits, axis=1)
    edges = float(ordered[:, -1].min()), float(ordered[:, -2].max())
    return max(float(ordered.min()), min(edges) - MARGIN), min(float(ordered.max()), max(edges) + MARGIN)


def _threshold(probabilities: FloatArray, truth: IntArray) -> float:
    """Return the top probability that nearly all correctly classified held-out samples reach."""
    correct = probabilities.argmax(axis=1) == truth
    if not correct.any():
        return MAX_THRESHOLD
    lowest = float(np.quantile(probabilities.max(axis=1)[correct], REJECTED_FRACTION))
    return min(max(lowest, MIN_THRESHOLD), MAX_THRESHOLD)
