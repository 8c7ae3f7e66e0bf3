"""Checks on embeddings and labels, and the stratified split."""

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
    if not np.isfinite(array).all():
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


def stratified_split(
    label_indices: NDArray[np.integer[Any]], validation_fraction: float, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Split samples into training and validation, class by class.

    Every class with two samples or more has at least one on either side; a class with one only trains.

    Returns:
        Indices of training and of validation samples, each sorted.
    """
    training, validation = [], []
    for label in np.unique(label_indices):
        own = rng.permutation(np.flatnonzero(label_indices == label))
        held_out = min(max(1, round(validation_fraction * len(own))), len(own) - 1)
        validation.append(own[:held_out])
        training.append(own[held_out:])
    return np.sort(np.concatenate(training)), np.sort(np.concatenate(validation))
