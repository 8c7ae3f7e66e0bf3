"""How much each part of the picture speaks for a class: the shares of the cells in the difference of two logits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from learning.explanation import Description, ExplainedMap
from learning.layers import FloatArray, fully_connected


def cells(outputs: Sequence[FloatArray], description: Description, winner: int, other: int | None = None) -> FloatArray:
    """Return how much each cell of the picture speaks for one class against another.

    Args:
        outputs: What the explaining form returned for the tensors of `description.tensors`: real numbers, float32, in
            any shape.
        description: Of the form.
        winner: Row of the class.
        other: Row of the other class; None means the mean of all others.

    Returns:
        float32 (rows, columns) over the model's square, top left first; positive cells speak for `winner`. They sum to
        logit[winner] − logit[other] of `logits`, up to the rounding of the model. Biases belong to no place; they are
        spread by `description.offset_shares`.
    """
    values = dict(zip(description.tensors, outputs, strict=True))
    total = np.float32(_against(description.offsets, winner, other)) * description.offset_shares
    for one in description.maps:
        shares = _shares(values[one.tensor], one, _against(one.weights, winner, other))
        total += one.row_shares @ shares @ one.column_shares.T
    return np.asarray(total, np.float32)


def logits(outputs: Sequence[FloatArray], description: Description) -> FloatArray:
    """Return the logits (C,) of the embedding that the form returned.

    Those inside a quantized file end at a limit, beyond which 8 bits do not say how certain an answer is. These do not.
    """
    embedding = outputs[0].reshape(1, -1)
    return np.asarray(fully_connected(embedding, description.head_weights.T, description.head_biases)[0], np.float32)


def _shares(values: FloatArray, one: ExplainedMap, weights: FloatArray) -> FloatArray:
    """Return the shares of the map's own cells, float32 (H, W)."""
    own = values.reshape(one.shape)[one.picture]
    if weights.size == own.shape[2] and one.window.shape[2] == 1:
        return np.asarray(one.window[:, :, 0] * (own @ weights.reshape(-1)), np.float32)
    gains = np.broadcast_to(one.window * weights, own.shape)
    return np.asarray(np.einsum("hwk,hwk->hw", own, gains), np.float32)


def _against(rows: FloatArray, winner: int, other: int | None) -> FloatArray:
    """Return the row of the winner minus that of the other, or minus the mean of all others."""
    if other is not None:
        return np.asarray(rows[winner] - rows[other], np.float32)
    others = max(1, len(rows) - 1)
    return np.asarray(rows[winner] - (rows.sum(axis=0) - rows[winner]) / others, np.float32)
