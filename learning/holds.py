"""Holds: samples that were taken during one press of a class button, and so look nearly the same.

Samples of one hold must never lie on both sides of a fold: a model would be validated on near-duplicates of its
training samples. A kiosk stores the hold with each sample. Where only pictures are left, `link_holds` finds groups:
samples of a class are linked if they lie closer together than two views of one thing usually do.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from learning.discriminant import Feature
from learning.layers import FloatArray, IntArray
from learning.products import product

ALWAYS_TRAINS = -1  # instead of a fold: the sample is never held out
BLOCK = 512  # rows whose distances are computed at a time
TOGETHER = 32  # the same where most rows may turn out to be near-duplicates, and their distances are not needed
POWER_STEPS = 4  # towards the direction in which rows differ most
SAFETY = 1.01  # against rounding


def link_holds(embeddings: FloatArray, label_indices: IntArray, distance: float, feature: Feature) -> IntArray:
    """Find groups of near-duplicates among samples whose holds are unknown.

    Two samples of a class share a group if they are closer than `distance`, or if a chain of such pairs links them.

    Args:
        embeddings: float32 (N, D).
        label_indices: int (N,).
        distance: Euclidean distance between features; use `learning.view_prior.link_distance`.
        feature: Turns embeddings into features, usually `learning.novelty.signed_sqrt`.

    Returns:
        The group of each sample, int64 (N,), 0..H-1, numbered by first appearance.

    Samples are compared only if their features differ by less than `distance` along the direction in which they differ
    most, so the cost grows more slowly than with the square of their number.

    Source:
        Single linkage clustering, Sneath 1957; the components are found with disjoint sets, Tarjan 1975.
    """
    holds = np.empty(len(embeddings), np.int64)
    count = 0
    for label in np.unique(label_indices):
        own = np.flatnonzero(label_indices == label)
        holds[own] = count + _linked(feature(embeddings[own]), distance)
        count += len(own)
    return renumbered(holds)


def _linked(rows: FloatArray, distance: float) -> IntArray:
    """Return one number for all rows (N, D) that a chain of rows closer than `distance` links: int64 (N,), 0..N-1."""
    along = _along_widest(rows)
    order = np.argsort(along, kind="stable")
    rows, along = rows[order], along[order]
    parent = np.arange(len(rows))
    reach = np.searchsorted(along, along + distance * SAFETY, side="right")
    for start in range(0, len(rows), BLOCK):
        end = min(start + BLOCK, len(rows))
        near = _near(rows[start:end], rows[start : reach[end - 1]], distance)
        np.fill_diagonal(near, val=False)
        for row in np.flatnonzero(near.any(axis=1)).tolist():
            linked = start + np.append(row, np.flatnonzero(near[row]))
            roots = _roots(parent, linked)
            parent[roots] = parent[linked] = roots.min()
    numbers = np.empty(len(rows), np.int64)
    numbers[order] = _roots(parent, np.arange(len(rows)))
    return numbers


def _roots(parent: IntArray, places: IntArray) -> IntArray:
    found = parent[places]
    while not np.array_equal(above := parent[found], found):
        found = above
    return found


def _along_widest(rows: FloatArray) -> FloatArray:
    """Return how far each row (N, D) lies along a direction in which they differ much: float32 (N,)."""
    from_mean = rows - rows.mean(axis=0)
    direction = from_mean[int(np.argmax((from_mean**2).sum(axis=1)))]
    for _ in range(POWER_STEPS):
        length = float(np.linalg.norm(direction))
        if not length:
            break
        direction = from_mean.T @ (from_mean @ (direction / length))
    length = float(np.linalg.norm(direction))
    return np.asarray(from_mean @ (direction / length) if length else np.zeros(len(rows)), np.float32)


def renumbered(groups: IntArray) -> IntArray:
    """Return group numbers (N,) as 0..H-1, by first appearance: int64 (N,)."""
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.asarray(rank[inverse.reshape(-1)], np.int64)


def without_near_duplicates(feature: Feature, embeddings: FloatArray, groups: IntArray, distance: float) -> IntArray:
    """Leave out samples that lie closer than `distance` to an earlier sample of the same hold.

    Args:
        feature: Turns embeddings into the features whose distances count.
        embeddings: float32 (N, D).
        groups: The hold of each sample, int (N,).
        distance: Euclidean.

    Returns:
        Indices of the samples that stay, ascending, int64; at least one of each hold.
    """
    kept: list[IntArray] = []
    for group in np.unique(groups):
        own = np.flatnonzero(groups == group)
        if len(own) == 1:
            kept.append(own)
            continue
        rows = feature(embeddings[own])
        free = np.ones(len(own), bool)
        chosen = []
        while free.any():
            some = np.flatnonzero(free)[:TOGETHER]
            for row, near in zip(some, _near(rows[some], rows, distance), strict=True):
                if free[row]:
                    chosen.append(row)
                    free &= ~near
                    free[row] = False
        kept.append(own[chosen])
    return np.asarray(np.sort(np.concatenate(kept)), np.int64)


def folds_by_hold(label_indices: IntArray, groups: IntArray, folds: int, rng: np.random.Generator) -> IntArray:
    """Assign holds to folds, class by class, so that each fold has about the same share of each class's holds.

    A hold is never split. A class with two holds or more always has training samples while a fold is held out. The
    samples of a class with a single hold are never held out.

    Args:
        label_indices: int (N,).
        groups: The hold of each sample, int (N,).
        folds: Number of folds.
        rng: Decides which holds share a fold.

    Returns:
        The fold of each sample, int64 (N,), 0..folds-1, or ALWAYS_TRAINS.
    """
    fold_of_sample = np.full(len(label_indices), ALWAYS_TRAINS, np.int64)
    start = 0
    for label in np.unique(label_indices):
        own = np.flatnonzero(label_indices == label)
        holds, member = np.unique(groups[own], return_inverse=True)
        if len(holds) < 2:
            continue
        fold_of_hold = np.empty(len(holds), np.int64)
        fold_of_hold[rng.permutation(len(holds))] = (start + np.arange(len(holds))) % folds
        fold_of_sample[own] = fold_of_hold[member.reshape(-1)]
        start += len(holds)
    return fold_of_sample


def holds_per_class(label_indices: IntArray, groups: IntArray, num_classes: int) -> IntArray:
    """Return the number of holds of each class, int64 (C,)."""
    pairs = np.unique(np.column_stack([label_indices, groups]), axis=0)
    return np.bincount(pairs[:, 0], minlength=num_classes).astype(np.int64)


def _near(rows: FloatArray, others: FloatArray, distance: float) -> NDArray[np.bool_]:
    """Return which of `rows` (K, D) and `others` (M, D) lie closer together than `distance`: bool (K, M)."""
    squares = (rows**2).sum(axis=1)[:, np.newaxis] + (others**2).sum(axis=1) - 2 * product(rows, others.T)
    return np.asarray(squares < distance**2)
