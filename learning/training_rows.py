"""Choose the rows to train on: samples without near-duplicates, and made views of them where views help.

Views of other sizes and places harm where the size tells the classes apart, as with coins. Then copies of the pictures
that are turned by quarters are tried: they keep the size, the place and every pixel (`tpu.made_views.quarter_turns`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
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
# Pictures whose quarter turns are embedded, at most: of a class, and of all classes together.
TURNED_OF_CLASS, TURNED_OF_ALL = 10, 100
# Takes indices of samples, int (N,). Returns embeddings of the quarter turns of their pictures, float32 (M, D), and the
# sample of each, int64 (M,). Samples without a readable picture are left out.
QuarterTurns = Callable[[IntArray], tuple[FloatArray, IntArray]]


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
        turned: Whether these views are quarter turns.
    """

    plan: FoldPlan
    rows: Rows
    features: Rows
    views: FloatArray
    turned: bool = False


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
    samples: PreparedSamples,
    plan: FoldPlan,
    prior: ViewPrior | None,
    check_cancelled: Callable[[], None],
    quarter_turns: QuarterTurns | None = None,
) -> TrainingRows:
    """Decide which views train.

    Made views do if a class has a single hold. Otherwise held-out holds decide: made views are left out where training
    without them scores higher. Then quarter turns train instead, unless they score lower than no views.
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
    if score_without <= score + TOLERANCE:
        return with_views
    if quarter_turns is not None and len(np.unique(samples.y)) <= TURNED_OF_ALL:
        turned = _with_quarter_turns(samples, of_samples, prior, quarter_turns)
        score = validation_score(turned.rows, turned.features, turned.plan, indices, check_cancelled)
        if len(turned.views) and score >= score_without:
            return turned
    return without_views


def _with_quarter_turns(
    samples: PreparedSamples, of_samples: FoldPlan, prior: ViewPrior | None, quarter_turns: QuarterTurns
) -> TrainingRows:
    """Return the samples and quarter turns of some of them; a turn is held out with its sample.

    Args:
        samples: All of them have a hold beside others of their class.
        of_samples: The folds of the samples alone.
        prior: What was measured of the extractor.
        quarter_turns: Embeds them.
    """
    labels = np.unique(samples.y)
    most = min(TURNED_OF_CLASS, TURNED_OF_ALL // len(labels))
    chosen = np.concatenate([_spread(np.flatnonzero(samples.y == label), most) for label in labels])
    turns, of_caller = quarter_turns(samples.kept[chosen])
    source = np.searchsorted(samples.kept, of_caller)
    plan = FoldPlan(
        np.concatenate([of_samples.y, of_samples.y[source]]),
        np.concatenate([of_samples.fold, of_samples.fold[source]]),
        np.concatenate([of_samples.validated, np.zeros(len(source), np.bool_)]),
        np.concatenate([of_samples.source, source]),
        of_samples.origin,
    )
    return replace(_rows(samples, plan, prior, turns), turned=True)


def _spread(indices: IntArray, most: int) -> IntArray:
    """Return up to `most` of the indices, spread evenly."""
    return indices[np.unique(np.linspace(0, len(indices) - 1, most).round().astype(np.int64))]


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
