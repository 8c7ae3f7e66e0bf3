"""Holds: found by linking, without near-duplicates, and never split by folds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning import holds
from learning.holds import (
    ALWAYS_TRAINS,
    folds_by_hold,
    holds_per_class,
    link_holds,
    renumbered,
    without_near_duplicates,
)
from learning.novelty import unchanged

pytestmark = pytest.mark.needs_runtime


def test_samples_are_linked_in_chains_and_only_within_a_class() -> None:
    along = np.array([0, 1, 2, 3, 10, 11, 2.5, 20])[:, np.newaxis].astype(np.float32)
    y = np.array([0, 0, 0, 0, 0, 0, 1, 1])
    assert link_holds(along, y, 1.5, unchanged).tolist() == [0, 0, 0, 0, 1, 1, 2, 3]


def test_the_order_of_samples_does_not_change_the_groups() -> None:
    rng = np.random.default_rng(0)
    x = (rng.integers(0, 12, 60)[:, np.newaxis] * 5 + rng.normal(0, 0.3, (60, 1))).astype(np.float32)
    order = rng.permutation(60)
    one = link_holds(x, np.zeros(60, np.int64), 2.0, unchanged)
    other = link_holds(x[order], np.zeros(60, np.int64), 2.0, unchanged)
    assert renumbered(one[order]).tolist() == other.tolist()


@pytest.mark.parametrize("distance", [0.0, 0.4, 0.8, 1.6])
def test_the_groups_are_those_of_all_pairs_compared_one_by_one(
    distance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against a walk through all pairs; small blocks, so that groups reach over several of them."""
    monkeypatch.setattr(holds, "BLOCK", 7)
    rng = np.random.default_rng(2)
    x, y = rng.normal(0, 1, (90, 3)).astype(np.float32), rng.integers(0, 2, 90)
    expected = list(range(90))
    for _ in range(90):
        for one in range(90):
            near = (np.linalg.norm(x - x[one], axis=1) < distance) & (y == y[one])
            expected[one] = min([expected[one], *(expected[other] for other in np.flatnonzero(near))])
    assert link_holds(x, y, distance, unchanged).tolist() == renumbered(np.array(expected)).tolist()


def test_samples_that_are_all_the_same_are_one_group() -> None:
    assert link_holds(np.ones((30, 4), np.float32), np.zeros(30, np.int64), 0.1, unchanged).tolist() == [0] * 30


def test_near_duplicates_are_left_out_and_each_hold_keeps_a_sample() -> None:
    x = np.array([0, 0.1, 5, 5.1, 0.05, 9])[:, np.newaxis].astype(np.float32)
    holds = np.array([0, 0, 0, 0, 1, 1])
    assert without_near_duplicates(unchanged, x, holds, 1.0).tolist() == [0, 2, 4, 5]
    assert without_near_duplicates(unchanged, np.zeros_like(x), holds, 1.0).tolist() == [0, 4]


@pytest.mark.parametrize("folds", [3, 5])
def test_a_hold_is_never_split_and_a_class_with_two_holds_always_has_training_samples(folds: int) -> None:
    rng = np.random.default_rng(1)
    y = np.repeat([0, 1, 2], [40, 12, 9])
    holds = np.concatenate([rng.integers(0, 8, 40), 10 + rng.integers(0, 2, 12), np.full(9, 20)])
    fold_of_sample = folds_by_hold(y, holds, folds, rng)
    assert all(len(np.unique(fold_of_sample[holds == hold])) == 1 for hold in np.unique(holds))
    assert (fold_of_sample[y == 2] == ALWAYS_TRAINS).all()
    for fold in range(folds):
        assert {0, 1} <= set(y[(fold_of_sample != fold) & (fold_of_sample != ALWAYS_TRAINS)].tolist())


def test_holds_are_counted_per_class() -> None:
    assert holds_per_class(np.array([0, 0, 1, 2, 2]), np.array([5, 5, 6, 7, 8]), 4).tolist() == [1, 1, 2, 0]


@given(st.lists(st.integers(2, 30), min_size=1, max_size=6), st.integers(2, 6))
def test_folds_share_the_holds_of_each_class_evenly_and_no_fold_has_all_of_them(counts: list[int], folds: int) -> None:
    y = np.repeat(np.arange(len(counts)), counts)
    fold_of_sample = folds_by_hold(y, np.arange(len(y)), folds, np.random.default_rng(0))
    for label, count in enumerate(counts):
        shares = np.bincount(fold_of_sample[y == label], minlength=folds)
        assert shares.max() - shares.min() <= 1
        assert shares.max() < count
