"""Checks on embeddings and labels, and the stratified folds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.errors import InvalidTrainingData
from learning.layers import FloatArray, IntArray


def checked_embeddings(values: Any, what: str = "embeddings") -> FloatArray:
    """Give `values` as float32 (N, D); the caller's array is never changed.

    Raises:
        InvalidTrainingData: If the shape is wrong or a value is not finite.
    """
    array = np.asarray(values)
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise InvalidTrainingData(f"{what} must be numbers of shape (samples, feature_dim), not {array.shape}.")
    array = array.astype(np.float32, copy=False)
    if array.size and not (np.isfinite(array.min()) and np.isfinite(array.max())):  # without a mask as large as a copy
        raise InvalidTrainingData(f"{what} hold values that are not finite. Leave those samples out.")
    return array


def checked_labels(values: Any, samples: int, num_classes: int, what: str = "labels") -> IntArray:
    """Give labels as class indices, int64 (N,), from indices (N,) or one-hot rows (N, num_classes).

    Raises:
        InvalidTrainingData: If they are neither, out of range, or not as many as there are samples.
    """
    array = np.asarray(values)
    if array.shape == (samples, num_classes) and num_classes > 1:
        if not (np.isin(array, (0, 1)).all() and (array.sum(axis=1) == 1).all()):
            raise InvalidTrainingData(f"{what} of shape {array.shape} must be one-hot: a single 1 in each row.")
        return np.asarray(array.argmax(axis=1), np.int64)
    if array.shape != (samples,):
        raise InvalidTrainingData(
            f"{what} must have the shape ({samples},) or ({samples}, {num_classes}), not {array.shape}."
        )
    if array.dtype.kind not in "iu":
        raise InvalidTrainingData(f"{what} must be whole numbers, not {array.dtype}.")
    if samples and (array.min() < 0 or array.max() >= num_classes):
        raise InvalidTrainingData(
            f"{what} must be 0 to {num_classes - 1}, but run from {array.min()} to {array.max()}."
        )
    return array.astype(np.int64)


def stratified_folds(label_indices: NDArray[np.integer[Any]], folds: int, rng: np.random.Generator) -> IntArray:
    """Deal samples out to folds, class after class, so that every fold has about its share of each.

    Two samples of a class never meet in a fold as long as it has no more of them than there are folds, so a class with
    two samples or more always teaches something while a fold is held out.

    Returns:
        The fold of every sample, int (N,), 0..folds-1.
    """
    dealt: IntArray = np.zeros(len(label_indices), np.int64)
    start = 0
    for label in np.unique(label_indices):
        own = rng.permutation(np.flatnonzero(label_indices == label))
        dealt[own] = (start + np.arange(len(own))) % folds
        start += len(own)
    return dealt
