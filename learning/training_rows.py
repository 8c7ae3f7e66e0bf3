"""Choose the rows to train on: samples without near-duplicates, and made views of them where views help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from learning.dataset import checked_embeddings, checked_labels
from learning.discriminant import Rows
from learning.errors import InvalidEmbeddings
from learning.holds import holds_per_class, without_near_duplicates
from learning.layers import FloatArray, IntArray
from learning.novelty import signed_sqrt, unchanged
from learning.validation import FoldPlan, validation_score
from learning.view_prior import DUPLICATE_SHARE, ViewPrior, synthesized_views

MADE_WEIGHT = 0.25  # of a made view relative to a sample, in a class with several holds
SYNTHESIZED = 20  # views of a class with one hold and without made views
# Views train unless the validation score without them is higher by more than this. They also teach what held-out holds
# do not show, such as other sizes and places.
TOLERANCE = 0.04


@dataclass(frozen=True, eq=False)
class PreparedSamples:
    """Samples without near-duplicates, and views of them.

    Attributes:
        x: float32 (N, D).
        y: Classes, int64 (N,).
        holds: int64 (N,).
        kept: Indices of these samples among the caller's, int64 (N,).
        views: Embeddings of views, float32 (M, D).
        source: The sample that each view was made from, int64 (M,), 0..N-1.
        synthesized: Whether some of the views were synthesized from embeddings.
    """

    x: FloatArray
    y: IntArray
    holds: IntArray
    kept: IntArray
    views: FloatArray
    source: IntArray
    synthesized: bool


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """The rows to train on.

    Attributes:
        plan: Which of them are held out together.
        rows: As the head uses them.
        features: As the novelty test uses them, after `signed_sqrt`.
        views: The views among them, float32 (M, D); empty if only samples train.
    """

    plan: FoldPlan
    rows: Rows
    features: Rows
    views: FloatArray


def checked_views(made: Any, made_source: Any, x: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return made views (M, D) and their sources (M,); both are empty if either argument is None.

    Raises:
        InvalidEmbeddings, InvalidLabels: If shapes, types or values are wrong.
    """
    if made is None or made_source is None:
        return x[:0], np.zeros(0, np.int64)
    views = checked_embeddings(made, "made")
    if views.shape[1] != x.shape[1]:
        raise InvalidEmbeddings(
            f"made has {views.shape[1]}-value embeddings, but embeddings has {x.shape[1]}-value ones. "
            "Use the same extractor for both."
        )
    return views, checked_labels(made_source, len(views), len(x), "made_source")


def prepare_samples(
    x: FloatArray,
    y: IntArray,
    holds: IntArray,
    views: FloatArray,
    source: IntArray,
    prior: ViewPrior | None,
    rng: np.random.Generator,
) -> PreparedSamples:
    """Leave out near-duplicates, and synthesize views for classes with one hold and without views.

    Args:
        x: Embeddings of samples, (N, D).
        y: Their classes, (N,).
        holds: Their holds, (N,), numbered from 0.
        views: Embeddings of made views, (M, D).
        source: The sample that each was made from, (M,).
        prior: Without it no sample is left out and no view synthesized.
        rng: Chooses the synthesized changes.
    """
    kept = np.arange(len(y))
    if prior is not None and holds.max() + 1 < len(y):
        kept = without_near_duplicates(signed_sqrt, x, holds, DUPLICATE_SHARE * prior.distance)
    if len(kept) < len(y):  # the views of a sample that is left out go to the first sample of its hold
        first_of_hold = np.full(int(holds.max()) + 1, -1, np.int64)
        first_of_hold[holds[kept][::-1]] = np.arange(len(kept))[::-1]
        new_index = np.full(len(y), -1, np.int64)
        new_index[kept] = np.arange(len(kept))
        source = np.where(new_index[source] >= 0, new_index[source], first_of_hold[holds[source]])
        x, y, holds = x[kept], y[kept], holds[kept]
    synthesized: list[FloatArray] = []
    if prior is not None:
        count = int(y.max()) + 1
        lacking = (holds_per_class(y, holds, count) < 2) & (np.bincount(y[source], minlength=count) < 2)
        sources = [np.resize(np.flatnonzero(y == label), SYNTHESIZED) for label in np.flatnonzero(lacking)]
        synthesized = [synthesized_views(x[one], prior, rng) for one in sources]
        views, source = np.concatenate([views, *synthesized]), np.concatenate([source, *sources])
    return PreparedSamples(x, y, holds, kept, views, source, bool(synthesized))


def choose_rows(
    samples: PreparedSamples, plan: FoldPlan, prior: ViewPrior | None, check_cancelled: Callable[[], None]
) -> TrainingRows:
    """Decide whether views train.

    They do if a class has a single hold. Otherwise held-out holds decide: views are left out where training without
    them scores higher.
    """
    with_views = _rows(samples, plan, prior, samples.views)
    if not len(samples.views) or plan.origin != "holds":
        return with_views
    indices = np.arange(len(samples.y))
    of_samples = FoldPlan(
        plan.y[indices], plan.fold[indices], plan.validated[indices], plan.source[indices], plan.origin
    )
    without_views = _rows(samples, of_samples, prior, samples.views[:0])
    score, score_without = (
        validation_score(one.rows, one.features, one.plan, indices, check_cancelled)
        for one in (with_views, without_views)
    )
    return without_views if score_without > score + TOLERANCE else with_views


def _rows(samples: PreparedSamples, plan: FoldPlan, prior: ViewPrior | None, views: FloatArray) -> TrainingRows:
    weights = np.ones(len(plan.y), np.float32)
    made = np.arange(len(plan.y)) >= len(samples.y)
    weights[made & ~plan.validated] = MADE_WEIGHT
    parts = [samples.x, views] if len(views) else [samples.x]
    of_head = None if prior is None else prior.scatter
    of_test = prior.feature_scatter if prior is not None and len(views) else None
    return TrainingRows(
        plan,
        Rows(parts, plan.y, weights, unchanged, of_head),
        Rows(parts, plan.y, weights, signed_sqrt, of_test),
        views,
    )
