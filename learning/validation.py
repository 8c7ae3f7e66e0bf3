"""Folds for validation: a model judges only rows that it was not trained on.

Rows are samples and the views made of them. A class with several holds is validated by holding out whole holds,
together with all views made of them. A class with a single hold keeps all its samples for training and is validated by
made views that were held out; the model was trained on their samples and on other views of them, so this accuracy says
less. If the class has no views either, its samples are held out one by one. They are near-duplicates of the training
samples, so the accuracy is not reported.

All these rows set the temperature and the limits of "not sure". The reported accuracy counts only samples of held-out
holds, if any class has several holds (`counted_rows`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from learning.discriminant import Discriminant, Rows
from learning.holds import ALWAYS_TRAINS, folds_by_hold, holds_per_class
from learning.layers import FloatArray, IntArray
from learning.novelty import distances_from, scale_of
from learning.threads import results_of

FOLDS, FOLDS_OF_MANY, MANY = 5, 3, 150  # from MANY validated rows on, three folds measure as well as five
MAX_LEAVE_ONE_OUT = 10  # holds of a class: up to here each is held out alone, for two of ten would be a large loss
MAX_VALIDATED = 6000  # rows in all folds together; more do not measure better
LEAVE_OUT_ROUNDS = 4  # in which some of the classes are left out of the training
MAX_ROWS_TO_LEAVE_OUT = 4000  # with more rows, the accuracy alone is a sufficient measure
Origin = Literal["holds", "views"]


@dataclass(frozen=True, eq=False)
class FoldPlan:
    """Which rows are held out together.

    Attributes:
        y: Class of each row, int64 (R,).
        fold: The fold that holds the row out, int64 (R,), 0..F-1; ALWAYS_TRAINS for rows that are never held out.
        validated: Whether a model judges the row while it is held out, bool (R,).
        source: Index of the sample that the row is, or was made from, int64 (R,).
        origin: What the validated rows are: "holds" if all are samples of other holds than the training samples,
            "views" if some are made views; None if some are near-duplicates of training samples.
    """

    y: IntArray
    fold: IntArray
    validated: NDArray[np.bool_]
    source: IntArray
    origin: Origin | None

    @property
    def folds(self) -> IntArray:
        """The numbers of all folds."""
        return np.unique(self.fold[self.validated])

    def training_rows(self, fold: int) -> IntArray:
        """Return the rows to train on while a fold is held out, ascending."""
        return np.flatnonzero(self.fold != fold)

    def validation_rows(self, fold: int) -> IntArray:
        """Return the rows of a fold that are validated, ascending."""
        return np.flatnonzero(self.validated & (self.fold == fold))


def plan_folds(
    y: IntArray, groups: IntArray, made_source: IntArray, num_classes: int, rng: np.random.Generator
) -> FoldPlan:
    """Assign rows to folds.

    Args:
        y: Class of each sample, int (N,).
        groups: Hold of each sample, int (N,).
        made_source: The sample that each view was made from, int (M,).
        num_classes: C.
        rng: Decides which holds are held out together.
    """
    holds = holds_per_class(y, groups, num_classes)
    several_holds = holds >= 2
    has_views = np.bincount(y[made_source], minlength=num_classes) >= 2
    by_views, by_copies = ~several_holds & has_views, ~several_holds & ~has_views
    count = int(several_holds[y].sum() + by_views[y[made_source]].sum() + by_copies[y].sum())
    folds = FOLDS if count < MANY else FOLDS_OF_MANY
    if 2 <= holds.max() <= MAX_LEAVE_ONE_OUT:
        folds = max(FOLDS, int(holds.max()))
    fold_of_sample = folds_by_hold(y, groups, folds, rng)
    fold_of_view = fold_of_sample[made_source]
    for label in np.flatnonzero(by_views):
        own = np.flatnonzero(y[made_source] == label)
        fold_of_view[rng.permutation(own)] = (label + np.arange(len(own))) % folds
    for label in np.flatnonzero(by_copies):
        own = np.flatnonzero(y == label)
        if len(own) > 1:
            fold_of_sample[rng.permutation(own)] = (label + np.arange(len(own))) % folds
    origin: Origin | None = None if by_copies.any() else "views" if by_views.any() else "holds"
    validated = np.concatenate([fold_of_sample != ALWAYS_TRAINS, by_views[y[made_source]]])
    candidates = np.flatnonzero(validated)
    if len(candidates) > MAX_VALIDATED:
        validated[rng.permutation(candidates)[MAX_VALIDATED:]] = False
    return FoldPlan(
        y=np.concatenate([y, y[made_source]]),
        fold=np.concatenate([fold_of_sample, fold_of_view]),
        validated=validated,
        source=np.concatenate([np.arange(len(y)), made_source]),
        origin=origin,
    )


def counted_rows(plan: FoldPlan, several_holds: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], Origin | None]:
    """Choose the validated rows that the reported accuracy counts.

    Held-out views of a class with one hold say little about new pictures, and there are many of them. So they count
    only if no class has several holds.

    Args:
        plan: Which rows are validated.
        several_holds: Whether each class has two holds or more, bool (C,).

    Returns:
        bool (R,), and what the counted rows are: see `FoldPlan.origin`.
    """
    of_holds = plan.validated & several_holds[plan.y]
    return (of_holds, "holds") if of_holds.any() else (plan.validated, plan.origin)


def cross_validate(
    rows: Rows,
    plan: FoldPlan,
    judge: Callable[[Discriminant, FloatArray], tuple[FloatArray, ...]],
    check_cancelled: Callable[[], None],
) -> tuple[FloatArray, ...]:
    """Judge each validated row by a model that was trained without it.

    Args:
        rows: All of them.
        plan: Which of them are held out together.
        judge: Takes a model and rows in R coordinates, (n, R); returns arrays (n, …).
        check_cancelled: Called before each fold, perhaps in another thread; may raise.

    Returns:
        The arrays of `judge` for all validated rows, in ascending order of rows.
    """

    def judged(fold: int) -> tuple[IntArray, tuple[FloatArray, ...]]:
        check_cancelled()
        chosen = plan.validation_rows(fold)
        return chosen, judge(rows.discriminant(plan.training_rows(fold)), rows.coordinates(chosen))

    order, results = zip(*results_of(judged, plan.folds.tolist(), rows=len(plan.y)), strict=True)
    ascending = np.argsort(np.concatenate(order))
    return tuple(np.concatenate(parts)[ascending] for parts in zip(*results, strict=True))


def validation_score(
    rows: Rows, features: Rows, plan: FoldPlan, samples: IntArray, check_cancelled: Callable[[], None]
) -> float:
    """Measure how well a model of these rows classifies held-out rows and refuses unknown classes.

    For the second part, some of the session's own classes are left out of the training and play the unknown.

    Args:
        rows: As the head uses them.
        features: The same rows as the novelty test uses them.
        plan: Over the same rows.
        samples: Indices of the rows that are samples, not made views, int (N,).
        check_cancelled: Called before each model; may raise.

    Returns:
        The accuracy; if there are three classes or more and not too many rows, plus the probability that an unknown
        sample has a higher novelty than a known one (AUROC).
    """
    (answers,) = cross_validate(
        rows, plan, lambda found, chosen: (found.logits(chosen).argmax(axis=1),), check_cancelled
    )
    accuracy = float((answers == plan.y[plan.validated]).mean())
    labels = np.unique(plan.y)
    if len(labels) < 3 or len(plan.y) > MAX_ROWS_TO_LEAVE_OUT:
        return accuracy
    areas = []
    rounds = min(LEAVE_OUT_ROUNDS, len(labels))
    for number in range(rounds):
        check_cancelled()
        fold = int(plan.folds[number % len(plan.folds)])
        unknown_class = np.isin(plan.y, labels[number::rounds])
        training = np.flatnonzero((plan.fold != fold) & ~unknown_class)
        known = np.flatnonzero(plan.validated & (plan.fold == fold) & ~unknown_class)
        unknown = samples[unknown_class[samples]]
        if len(np.unique(plan.y[training])) < 2 or not len(known):
            continue
        found = features.discriminant(training)
        of_known, of_unknown = (distances_from(found, features.coordinates(some)) for some in (known, unknown))
        scale = scale_of(of_known, found)
        areas.append(auroc(scale.scores(of_unknown), scale.scores(of_known)))
    return accuracy + (float(np.mean(areas)) if areas else 0.0)


def auroc(positives: FloatArray, negatives: FloatArray) -> float:
    """Return the probability that a random positive is larger than a random negative; ties count half."""
    ordered = np.sort(negatives)
    below = np.searchsorted(ordered, positives, "left") + np.searchsorted(ordered, positives, "right")
    return float(below.mean() / 2 / len(ordered))
