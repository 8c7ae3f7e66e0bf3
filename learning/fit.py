"""The kiosk's one call: from a few samples per class to a trained head, with nothing to tune.

The head is a shrunken linear discriminant (`learning.discriminant`): closed form, no learning rate, no iterations.
Every sample is held out once, by folds; from what the folds say of samples that they never saw come the accuracy that
is told, the temperature, the threshold, and the test for pictures of nothing that was taught (`learning.novelty`).
Mean, whitening and temperature are folded into W and b: what is exported is one plain layer.
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
from learning.novelty import HeldOut, held_out_places, make_test, rooted, wants_roots
from learning.softmax_regression import SoftmaxRegression

FOLDS, FOLDS_OF_MANY, MANY = 5, 3, 150  # from MANY samples on, three folds tell as much as five
LESSONS = (1 / 8, 1 / 4, 1 / 2)  # of what a fold may teach: the learning curve
EXAMS = 2  # folds that answer after every lesson
TEMPERATURES = np.geomspace(0.5, 50.0, 30, dtype=np.float32)
PRIOR_SAMPLES = 4.0  # the weight of PRIOR_TEMPERATURE against held-out samples, which may be few
PRIOR_TEMPERATURE = 4.0  # about what photographs want
UNCERTAIN = 0.003  # of rightly named held-out samples may fall below the threshold
LOWEST_THRESHOLD, HIGHEST_THRESHOLD = 0.34, 0.5
LARGEST_WEIGHT = 4.5  # standard deviations: the few larger ones would cost all others their precision in 8 bits
MARGIN = 8.0  # logits beyond what decides: e⁻⁸ is less than a tenth of a step of 8-bit probabilities


@dataclass(frozen=True)
class FitProgress:
    """How far a fit is.

    Attributes:
        fraction: 0..1.
        shots: Samples of a class that taught; the mean over classes.
        validation_accuracy: Fraction of samples held out that were named right from so many.
        loss: Mean cross-entropy over them, before the temperature is known.
    """

    fraction: float
    shots: float
    validation_accuracy: float
    loss: float


@dataclass(frozen=True, eq=False)
class FitResult:
    """A trained head and what is known of it.

    Attributes:
        head: Trained on all samples, its logits' range taken from all of them.
        validation_accuracy: Fraction of samples named right by heads that never saw them.
        confusion: int (C, C) over held-out samples: rows are true classes, columns answers.
        history: The learning curve: what more and more samples taught, the last one as many as a fold has.
        validation_indices: Which samples were held out: all, int (N,).
        validation_probabilities: What heads that never saw them said of them, float32 (N, C).
        novelties: How unlike everything else they are, float32 (N,); above 1 they would be refused.
        threshold: Below this top probability an answer is "not sure".
        temperature: What the logits were divided by.
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
        embeddings: (N, D) numbers; never changed, never copied whole if they are float32.
        label_indices: int (N,), 0..num_classes-1; every class has two samples or more.
        num_classes: C, two or more.
        rng: Decides which samples are held out together.
        on_progress: Told after every step.
        should_stop: Asked before every step; True ends the fit.
        blas_threads: Of numpy's linear algebra: more than one only wait for each other at this size, and for seconds
            beside another busy process. None leaves them as they are.

    Raises:
        NotEnoughSamples: If there are fewer than two classes or two samples of one.
        InvalidTrainingData: If shapes, types or values are wrong.
        TrainingCancelled: If `should_stop` said so.
    """
    x = checked_embeddings(embeddings)
    y = checked_labels(label_indices, len(x), num_classes)
    if num_classes < 2 or np.bincount(y, minlength=num_classes).min() < 2:
        raise NotEnoughSamples("training needs two classes with two samples each. Add samples.")
    history: list[FitProgress] = []

    def heed() -> None:
        if should_stop is not None and should_stop():
            raise TrainingCancelled("training was stopped. Press TRAIN to start again.")

    def tell(progress: FitProgress) -> None:
        history.append(progress)
        if on_progress is not None:
            on_progress(progress)
        heed()

    with threadpool_limits(limits=blas_threads, user_api="blas"):
        heed()
        folds = stratified_folds(y, FOLDS if len(y) < MANY else FOLDS_OF_MANY, rng)
        samples = Samples(x, y, num_classes)
        for number, lesson in enumerate(LESSONS):
            progress = _lesson(samples, y, folds, lesson, 0.4 * (number + 1) / len(LESSONS), rng)
            if not history or progress.shots > history[-1].shots:
                tell(progress)
        found = samples.discriminant(np.arange(len(y)))
        logits, held_out = _held_out(samples, found, y, folds, heed)
        tell(FitProgress(0.7, len(y) / num_classes * (1 - 1 / len(np.unique(folds))), *_score(logits, y)))
        temperature, answers = _temperature(logits, y), logits.argmax(axis=1)
        probabilities = softmax(logits / temperature)
        threshold = _threshold(probabilities, y)
        head = SoftmaxRegression(x.shape[1], num_classes)
        weights = _without_outliers(samples.weights(found) / temperature)
        biases = found.offsets / temperature - samples.mean @ weights
        head.params = {"mat_w": np.asarray(weights, np.float32), "vec_b": np.asarray(biases, np.float32)}
        head.min_score, head.max_score = _deciding_range(head.logits(x))
        if roots := wants_roots(x):
            samples = Samples(x, y, num_classes, rooted)
            found = samples.discriminant(np.arange(len(y)))
            _, held_out = _held_out(samples, found, y, folds, heed)
        test, novelties = make_test(samples, found, held_out, y, folds, roots=roots, threshold=threshold, rng=rng)
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


def _lesson(
    samples: Samples, y: IntArray, folds: IntArray, share: float, fraction: float, rng: np.random.Generator
) -> FitProgress:
    """Teach a share of what each of some folds may teach, and let the fold answer."""
    logits, asked, taught_count = [], [], 0
    exams = np.unique(folds)[:EXAMS]
    for fold in exams:
        taught = []
        for label in np.unique(y):
            own = rng.permutation(np.flatnonzero((y == label) & (folds != fold)))
            taught.append(own[: max(1, round(share * len(own)))])
        chosen, there = np.sort(np.concatenate(taught)), np.flatnonzero(folds == fold)
        logits.append(samples.discriminant(chosen).logits[there])
        asked.append(y[there])
        taught_count += len(chosen)
    shots = taught_count / len(exams) / (int(y.max()) + 1)
    return FitProgress(fraction, shots, *_score(np.concatenate(logits), np.concatenate(asked)))


def _held_out(
    samples: Samples, found: Discriminant, y: IntArray, folds: IntArray, heed: Callable[[], None]
) -> tuple[FloatArray, HeldOut]:
    """What every sample is taken for, and where it lies, by a discriminant of the other folds."""
    _, means = found.plane()
    logits = np.zeros((len(y), len(means)), np.float32)
    ways = np.zeros((len(y), *means.shape), np.float32)
    aside = np.zeros(len(y), np.float32)
    for fold in np.unique(folds):
        heed()
        there = np.flatnonzero(folds == fold)
        own = samples.discriminant(np.flatnonzero(folds != fold), measured=there)
        logits[there] = own.logits[there]
        places = held_out_places(own, there, means)
        ways[there], aside[there] = places.ways, places.aside
    return logits, HeldOut(ways, aside)


def _score(logits: FloatArray, truth: IntArray) -> tuple[float, float]:
    """Accuracy 0..1 and mean cross-entropy, at the temperature that is usual."""
    return float((logits.argmax(axis=1) == truth).mean()), cross_entropy(logits / PRIOR_TEMPERATURE, truth)[0]


def _temperature(logits: FloatArray, truth: IntArray) -> np.float32:
    """The temperature under which held-out samples are likeliest, held near the usual one while they are few.

    Source: Guo et al. 2017, On Calibration of Modern Neural Networks; the log-normal prior is ours.
    """
    losses = [
        len(truth) * cross_entropy(logits / temperature, truth)[0]
        + PRIOR_SAMPLES * 0.5 * float(np.log(temperature / PRIOR_TEMPERATURE)) ** 2
        for temperature in TEMPERATURES
    ]
    return np.float32(TEMPERATURES[int(np.argmin(losses))])


def _without_outliers(weights: FloatArray) -> FloatArray:
    """Hold weights (D, C) within a range that one 8-bit scale can serve."""
    largest = np.float32(LARGEST_WEIGHT * float(weights.std()))
    return np.clip(weights, -largest, largest)


def _deciding_range(logits: FloatArray) -> tuple[float, float]:
    """The range in which 8-bit logits need their steps: that of all samples (N, C), less what decides nothing.

    Between the smallest leader and the largest runner-up it is decided who wins; well below, a class has no chance, and
    well above, the leader is sure. Cutting there changes no probability by a step of 1/256, while finer steps within
    keep leader and runner-up apart.
    """
    ordered = np.sort(logits, axis=1)
    edges = float(ordered[:, -1].min()), float(ordered[:, -2].max())
    return max(float(ordered.min()), min(edges) - MARGIN), min(float(ordered.max()), max(edges) + MARGIN)


def _threshold(probabilities: FloatArray, truth: IntArray) -> float:
    """The top probability that all but a few rightly named held-out samples reach."""
    right = probabilities.argmax(axis=1) == truth
    if not right.any():
        return HIGHEST_THRESHOLD
    lowest = float(np.quantile(probabilities.max(axis=1)[right], UNCERTAIN))
    return min(max(lowest, LOWEST_THRESHOLD), HIGHEST_THRESHOLD)
