"""Check embeddings and labels that a caller passes; how few of them can be trained on."""

from __future__ import annotations

from typing import Any

import numpy as np

from learning.errors import InvalidEmbeddings, InvalidLabels
from learning.layers import FloatArray, IntArray

MIN_CLASSES, MIN_SHOTS = 2, 2  # of a training; shots are samples of a class


def checked_embeddings(values: Any, what: str = "embeddings") -> FloatArray:
    """Return `values` as float32 (N, D); the caller's array is never changed.

    Args:
        values: Numbers, (N, D).
        what: Name of the array in error texts.

    Raises:
        InvalidEmbeddings: If shape or type is wrong, or a value is not finite.
    """
    array = np.asarray(values)
    if array.ndim != 2:
        raise InvalidEmbeddings(f"{what} has the shape {array.shape}. Use (samples, feature_dim).")
    if array.dtype.kind not in "fiu":
        raise InvalidEmbeddings(f"{what} has the type {array.dtype}. Use numbers, such as float32.")
    array = array.astype(np.float32, copy=False)
    # min and max instead of isfinite(array): no mask as large as the data
    if array.size and not (np.isfinite(array.min()) and np.isfinite(array.max())):
        raise InvalidEmbeddings(f"{what} contains values that are not finite. Leave those samples out.")
    return array


def checked_labels(values: Any, samples: int, num_classes: int, what: str = "labels") -> IntArray:
    """Return label indices, int64 (N,), from label indices (N,) or one-hot rows (N, C).

    Args:
        values: The labels.
        samples: N, the number of embeddings.
        num_classes: C.
        what: Name of the array in error texts.

    Raises:
        InvalidLabels: If they are neither, out of range, or not as many as the samples.
    """
    array = np.asarray(values)
    if array.shape == (samples, num_classes) and num_classes > 1:
        if not (np.isin(array, (0, 1)).all() and (array.sum(axis=1) == 1).all()):
            raise InvalidLabels(f"{what} of shape {array.shape} must be one-hot: a single 1 in each row.")
        return np.asarray(array.argmax(axis=1), np.int64)
    if array.shape != (samples,):
        raise InvalidLabels(
            f"{what} must have the shape ({samples},) or ({samples}, {num_classes}), not {array.shape}."
        )
    if array.dtype.kind not in "iu":
        raise InvalidLabels(f"{what} must be whole numbers, not {array.dtype}.")
    if samples and (array.min() < 0 or array.max() >= num_classes):
        raise InvalidLabels(f"{what} must be 0 to {num_classes - 1}, but run from {array.min()} to {array.max()}.")
    return array.astype(np.int64)
