"""Fit the test behind "not sure": judge held-out rows, and set the limit of novelty between them and the bank.

What novelty is, and how it is computed, is in `learning.novelty`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from learning.discriminant import Discriminant, Rows
from learning.holds import holds_per_class
from learning.layers import FloatArray
from learning.novelty import (
    REFUSED_VIEWS_FRACTION,
    TOWARDS_BANK,
    Distances,
    Scale,
    distances_from,
    limit_between,
    make_novelty_test,
    novelties,
    scale_of,
    with_limit,
)
from learning.threads import results_of
from learning.training_rows import PreparedSamples, TrainingRows
from learning.validation import FoldPlan, cross_validate, plan_folds
from learning.view_prior import ViewPrior

# Factors on the lower bound of the limit behind "not sure", by what was held out. Looks on other days differ more than
# holds of one day; near-duplicates of training samples hardly differ at all.
LIMIT_MARGINS = {"holds": 1.18, "views": 1.0, None: 8.0}
# From MANY_HOLDS holds a class on, held-out holds alone set the limit. With fewer, made views have a part in it.
MANY_HOLDS, MIN_WEIGHT_OF_HOLDS = 20, 0.5


def fit_novelty_test(
    samples: PreparedSamples,
    training: TrainingRows,
    threshold: float,
    prior: ViewPrior | None,
    rng: np.random.Generator,
    check_cancelled: Callable[[], None],
) -> tuple[dict[str, Any], FloatArray]:
    """Make the test behind "not sure" and set its limit; also returns the novelty of every held-out row, (n,)."""
    features, plan = training.features, training.plan
    all_rows = np.arange(len(plan.y))

    def of_all_rows() -> tuple[Discriminant, tuple[FloatArray, FloatArray]]:
        found = features.discriminant(all_rows)
        return found, features.principal_directions(found, all_rows)

    works: list[Callable[[], Any]] = [lambda: _held_out_distances(features, plan, check_cancelled), of_all_rows]
    held_out, (found, scatter) = results_of(lambda work: work(), works, rows=len(plan.y))
    scale = scale_of(held_out, found)
    test = make_novelty_test(features, found, scale, training=all_rows, threshold=threshold, scatter=scatter)
    scores = scale.scores(held_out)
    bank = None if prior is None else novelties(test, prior.bank)
    limit = _limit(samples, training, scale, scores, bank, rng, check_cancelled)
    return with_limit(test, limit), np.asarray(scores / limit, np.float32)


def _held_out_distances(features: Rows, plan: FoldPlan, check_cancelled: Callable[[], None]) -> Distances:
    def judge(found: Discriminant, coordinates: FloatArray) -> tuple[FloatArray, FloatArray]:
        distances = distances_from(found, coordinates)
        return distances.nearest, distances.residual

    return Distances(*cross_validate(features, plan, judge, check_cancelled))


def _limit(
    samples: PreparedSamples,
    training: TrainingRows,
    scale: Scale,
    scores: FloatArray,
    bank: FloatArray | None,
    rng: np.random.Generator,
    check_cancelled: Callable[[], None],
) -> float:
    """Return the limit of novelty.

    A model that lacks one of a few holds finds that hold as unlike everything taught as an unknown thing, so held-out
    holds alone would set a limit that refuses nothing. Then made views are judged by models that lack no hold, and the
    limit lies between both, in logarithms. Quarter turns cannot stand in for made views here: they change too little.

    Args:
        samples: What was prepared for the training.
        training: The rows of the training.
        scale: The units of the scores.
        scores: Of the held-out rows, (n,).
        bank: Scores of things that nobody taught, (B,); None without a bank.
        rng: Assigns made views to folds.
        check_cancelled: Called before each fold; may raise.
    """
    origin = training.plan.origin
    towards = TOWARDS_BANK["synthesized" if samples.synthesized else origin]
    by_views = {"towards": TOWARDS_BANK["views"], "refused_fraction": REFUSED_VIEWS_FRACTION}
    if origin == "views" and not samples.synthesized:
        return limit_between(scores, bank, margin=LIMIT_MARGINS["views"], **by_views)
    limit = limit_between(scores, bank, margin=LIMIT_MARGINS[origin], towards=towards)
    num_classes = int(samples.y.max()) + 1
    fewest_holds = int(holds_per_class(samples.y, samples.holds, num_classes).min())
    weight = min(max(fewest_holds / MANY_HOLDS, MIN_WEIGHT_OF_HOLDS), 1.0)
    if origin != "holds" or not len(training.views) or training.turned or weight == 1:
        return limit
    one_hold_each = plan_folds(samples.y, samples.y, samples.source, num_classes, rng)
    views_scores = scale.scores(_held_out_distances(training.features, one_hold_each, check_cancelled))
    narrow = limit_between(views_scores, bank, **by_views)
    return float(min(limit, limit**weight * narrow ** (1 - weight)))
