"""`fit_head`: the kiosk's one call that trains a head from a few samples per class, with nothing to tune.

The head is a shrunken linear discriminant (`learning.discriminant`): closed form, no learning rate, no iterations.
Folds hold out whole holds, together with all views made of them (`learning.validation`). The answers for held-out rows
give the reported accuracy, the temperature, the threshold, and the test for pictures of something that was not taught
(`learning.novelty`). Mean, whitening and temperature are folded into W and b, so the exported head is one plain fully
connected layer.

The order in which `rng` is used is part of the result: the same seed gives the same head and the same file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.calibration import (
    accuracy_and_loss,
    calibrated_temperature,
    deciding_range,
    threshold_of,
    without_outliers,
)
from learning.dataset import MIN_CLASSES, MIN_SHOTS, checked_embeddings, checked_labels
from learning.discriminant import Discriminant, Rows
from learning.errors import InvalidEmbeddings, NotEnoughSamples
from learning.holds import holds_per_class, renumbered
from learning.layers import FloatArray, IntArray, softmax
from learning.novelty_fit import fit_novelty_test
from learning.products import product
from learning.progress import CHOSEN, CURVE_ENDS, VALIDATED, FitProgress, ProgressReporter
from learning.softmax_regression import SoftmaxRegression
from learning.threads import blas_limited, results_of
from learning.training_rows import QuarterTurns, checked_views, choose_rows, prepare_samples
from learning.validation import FoldPlan, Origin, counted_rows, cross_validate, plan_folds
from learning.view_prior import ViewPrior

CURVE_FRACTIONS = (1 / 8, 1 / 4, 1 / 2)  # of a fold's training samples: the points of the learning curve
CURVE_FOLDS = 2  # folds that are evaluated for each point
MAX_EVALUATED = 2000  # rows of a fold that are evaluated for a point
BATCH = 2048  # rows whose logits are computed at a time


RestOfHistory = Callable[[Callable[[], None]], tuple[FitProgress, ...]]
"""Measures points of the learning curve; calls its argument before each, which may raise. Any thread may call it."""


@dataclass(frozen=True, eq=False)
class FitResult:
    """A trained head and its measurements.

    n is the number of held-out rows that count: samples of held-out holds, each once. Without a class that has several
    holds, they are made views; see `learning.validation.counted_rows`.

    Attributes:
        head: Trained on all rows; the range of its logits is that of all of them.
        validation_accuracy: Fraction of held-out rows classified correctly by heads that were trained without them.
            For a sample, also without its hold and all views of that hold; for a made view of a class with one hold,
            with the sample that it was made from. None if that is unknown, because only near-duplicates of training
            samples could be held out.
        validation_from: "holds" if the held-out rows are samples of other holds, "views" if they are made views; None
            if the accuracy is unknown.
        confusion: int (C, C) over held-out rows: rows are true classes, columns answers. The row of a class with one
            hold is zero if another class has several.
        history: The learning curve, from few training samples to as many as a fold has. The points of few samples are
            missing if they were left for later.
        validation_indices: For each held-out row, the index of the sample that it is or was made from, int (n,).
        validation_probabilities: Answers of heads that were trained without the row, float32 (n, C).
        novelties: Novelty of the held-out rows, float32 (n,); above 1 the answer is "not sure".
        threshold: Below this top probability the answer is "not sure".
        temperature: The logits were divided by this.
        made_taught: Whether the final head was also trained on made views.
        turns_taught: Number of quarter turns that it was trained on instead.
        provisional: Whether the limit behind "not sure" was set without a bank of unknown things.
        rest_of_history: Measures the points that were left for later; None if there are none.
    """

    head: SoftmaxRegression
    validation_accuracy: float | None
    validation_from: Origin | None
    confusion: IntArray
    history: tuple[FitProgress, ...]
    validation_indices: IntArray
    validation_probabilities: FloatArray
    novelties: FloatArray
    threshold: float
    temperature: float
    made_taught: bool
    turns_taught: int
    provisional: bool
    rest_of_history: RestOfHistory | None = None


def fit_head(
    embeddings: Any,
    label_indices: Any,
    num_classes: int,
    *,
    rng: np.random.Generator,
    groups: Any = None,
    made: Any = None,
    made_source: Any = None,
    prior: ViewPrior | None = None,
    quarter_turns: QuarterTurns | None = None,
    on_progress: Callable[[FitProgress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    curve_later: bool = False,
    blas_threads: int | None = 1,
) -> FitResult:
    """Train a head.

    Args:
        embeddings: (N, D) numbers; never changed, and never copied whole if they are float32 and N is D or more.
        label_indices: int (N,), 0..C-1, or one-hot (N, C); every class has two samples or more.
        num_classes: C, two or more.
        rng: Decides which holds are held out together.
        groups: The hold of each sample, int (N,), 0 or more; None if each sample is a hold of its own. Each class may
            count its holds from 0: samples of two classes are never of one hold.
        made: Embeddings of views made of the samples' pictures, (M, D); None if there are no views.
        made_source: The sample that each view was made from, int (M,), 0..N-1.
        prior: What was measured of the extractor; None if it was not.
        quarter_turns: Embeds samples' pictures turned by quarters; called once if made views do harm. None: they never
            train.
        on_progress: Called after every point of the learning curve, and before each fold of a validation: one call at a
            time, perhaps in another thread.
        should_stop: Called before every step, perhaps in another thread; True ends the fit.
        curve_later: Leave the points of few samples to `FitResult.rest_of_history`, so that the head comes sooner.
            Nothing else changes.
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
    holds = np.arange(len(x))
    if groups is not None:
        holds = renumbered(renumbered(checked_labels(groups, len(x), 2**62, "groups")) * num_classes + y)
    views, source = checked_views(made, made_source, x)
    if prior is not None and prior.bank.shape[1] != x.shape[1]:
        raise InvalidEmbeddings(
            f"prior is for {prior.bank.shape[1]}-value embeddings, but embeddings has {x.shape[1]}-value ones. "
            "Use the prior of the extractor that made the embeddings."
        )
    reporter = ProgressReporter(num_classes, on_progress, should_stop)
    check_cancelled = reporter.check_cancelled
    with blas_limited(blas_threads):
        check_cancelled()
        samples = prepare_samples(x, y, holds, views, source, prior, rng)
        plan = plan_folds(samples.y, samples.holds, samples.source, num_classes, rng)
        choosing = reporter.before_fold(CURVE_ENDS if curve_later else CHOSEN)
        training = choose_rows(samples, plan, prior, choosing, quarter_turns)
        plan, rows, shots = training.plan, training.rows, len(y) / num_classes
        counts, counted_from = counted_rows(plan, holds_per_class(samples.y, samples.holds, num_classes) >= 2)
        points = (_curve_parts(plan, counts, share, rng) for share in CURVE_FRACTIONS)
        rest_of_history: RestOfHistory | None = None
        if curve_later:  # but chosen now, because the order in which `rng` is used is part of the result
            chosen = tuple(points)
            rest_of_history = lambda check: tuple(_curve(rows, plan, chosen, shots, check, blas_threads))  # noqa: E731
        for progress in () if curve_later else _curve(rows, plan, points, shots, check_cancelled, blas_threads):
            reporter.record(progress)
        truth, all_rows = plan.y[plan.validated], np.arange(len(plan.y))
        judging = reporter.before_fold(VALIDATED)
        (logits,) = cross_validate(rows, plan, lambda found, chosen: (found.logits(chosen),), judging)
        shots_of_fold = shots * (1 - 1 / max(2, len(plan.folds)))
        counted = counts[plan.validated]
        reporter.record(FitProgress(VALIDATED, shots_of_fold, *accuracy_and_loss(logits[counted], truth[counted])))
        temperature = calibrated_temperature(logits, truth)
        probabilities = softmax(logits / temperature)
        threshold = threshold_of(probabilities, truth)
        head = _head(rows, rows.discriminant(all_rows), temperature, [x, training.views])
        head.not_sure, scores = fit_novelty_test(samples, training, threshold, prior, rng, reporter.before_fold(1.0))
    truth, answers = truth[counted], logits[counted].argmax(axis=1)
    confusion = np.zeros((num_classes, num_classes), np.int64)
    np.add.at(confusion, (truth, answers), 1)
    return FitResult(
        head=head,
        validation_accuracy=None if counted_from is None else float((answers == truth).mean()),
        validation_from=counted_from,
        confusion=confusion,
        history=tuple(reporter.history),
        validation_indices=samples.kept[plan.source[counts]],
        validation_probabilities=probabilities[counted],
        novelties=scores[counted],
        threshold=threshold,
        temperature=float(temperature),
        made_taught=bool(len(training.views)) and not training.turned,
        turns_taught=len(training.views) if training.turned else 0,
        provisional=prior is None,
        rest_of_history=rest_of_history,
    )


@dataclass(frozen=True, eq=False)
class _CurveParts:
    """What a point of the learning curve is measured on.

    Attributes:
        parts: For each of some folds, the rows to train on and those to evaluate.
        share: Of the training samples, the mean over folds.
    """

    parts: list[tuple[IntArray, IntArray]]
    share: float


def _curve_parts(plan: FoldPlan, counts: NDArray[np.bool_], share: float, rng: np.random.Generator) -> _CurveParts:
    """Choose a share of each of some folds' training samples, with their views, and the rows to evaluate.

    Args:
        plan: The folds.
        counts: Which rows may be evaluated, bool (R,).
        share: Of the training samples, 0..1.
        rng: Chooses them.
    """
    parts, fractions = list[tuple[IntArray, IntArray]](), []
    for fold in np.unique(plan.fold[counts])[:CURVE_FOLDS]:
        training = plan.training_rows(int(fold))
        sources = np.unique(plan.source[training])
        of_classes = []
        for label in np.unique(plan.y):
            own = rng.permutation(sources[plan.y[sources] == label])
            of_classes.append(own[: max(1, round(share * len(own)))])
        some = np.concatenate(of_classes)
        evaluated = np.sort(rng.permutation(np.flatnonzero(counts & (plan.fold == fold)))[:MAX_EVALUATED])
        parts.append((training[np.isin(plan.source[training], some)], evaluated))
        fractions.append(len(some) / len(np.unique(plan.source)))
    return _CurveParts(parts, float(np.mean(fractions)))


def _curve(
    rows: Rows,
    plan: FoldPlan,
    points: Iterable[_CurveParts],
    shots: float,
    check_cancelled: Callable[[], None],
    blas_threads: int | None,
) -> Iterator[FitProgress]:
    """Train and evaluate each point that has more training samples than the one before."""

    def logits_of(part: tuple[IntArray, IntArray]) -> FloatArray:
        training, evaluated = part
        return rows.discriminant(training).logits(rows.coordinates(evaluated))

    trained = -1.0
    for number, point in enumerate(points, start=1):
        if point.share <= trained:
            continue
        trained = point.share
        check_cancelled()
        with blas_limited(blas_threads):
            logits = np.concatenate(results_of(logits_of, point.parts, rows=len(plan.y)))
        truth = plan.y[np.concatenate([evaluated for _, evaluated in point.parts])]
        fraction = CURVE_ENDS * number / len(CURVE_FRACTIONS)
        yield FitProgress(fraction, shots * point.share, *accuracy_and_loss(logits, truth))


def _head(rows: Rows, found: Discriminant, temperature: np.float32, parts: list[FloatArray]) -> SoftmaxRegression:
    """Fold mean, whitening and temperature into one layer. The embeddings `parts` set the range of its logits."""
    weights = without_outliers(rows.values(found.weights) / temperature)
    middle = rows.mean + rows.values(found.middle[:, np.newaxis])[:, 0]
    head = SoftmaxRegression(*weights.shape)
    biases = found.biases / temperature - product(middle, weights)
    head.params = {"mat_w": np.asarray(weights, np.float32), "vec_b": np.asarray(biases, np.float32)}
    logits = [head.logits(part[start : start + BATCH]) for part in parts for start in range(0, len(part), BATCH)]
    head.min_score, head.max_score = deciding_range(np.concatenate(logits))
    return head
