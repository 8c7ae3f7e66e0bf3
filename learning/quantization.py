"""Affine quantization, real = scale × (q − zero point), in Coral's arithmetic.

Coral's library computes its uint8 layers in single precision (libcoral, `coral/learn/utils.h` and
`coral/tflite_utils.h`). The same weights must give the same bytes here, so every step below is float32 and rounds
halves away from zero, as C's `round` does:

- range: widened to contain 0; low ≤ 0 ≤ high
- scale = (high − low) / 255
- zero point = round(0 − low / scale), or round(255 − high / scale) if its terms are smaller; 0 is exact in both
  cases, because the zero point is a whole number
- q = round(zero point + v / scale), clipped to 0..255
- biases: scale = input scale × weight scale, zero point 0, q = round(b / scale) as int32
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.layers import FloatArray

INT32_MAX = 2**31 - 1


@dataclass(frozen=True)
class Affine:
    """One scale and zero point for a whole tensor; the scale is a float32 value."""

    scale: float
    zero_point: int


def asymmetric(low: float, high: float, qmin: int = 0, qmax: int = 255) -> Affine:
    """Return the 8-bit scale and zero point of a range, which is widened to contain 0; 0 is exact.

    For a range of 0 alone any scale is right. It gets 1, because interpreters refuse the 0 that Coral's library writes.

    Source: libcoral, `QuantizationParams`; Jacob et al. 2018, Quantization and Training of Neural Networks, section 3.
    """
    bottom, top = np.float32(min(low, 0.0)), np.float32(max(high, 0.0))
    if bottom == top:
        return Affine(1.0, qmin)
    scale = np.float32((top - bottom) / np.float32(qmax - qmin))
    steps_down, steps_up = np.float32(bottom / scale), np.float32(top / scale)
    from_low, from_high = np.float32(qmin) - steps_down, np.float32(qmax) - steps_up
    low_is_more_exact = abs(np.float32(qmin)) + abs(steps_down) < abs(np.float32(qmax)) + abs(steps_up)
    nearest = int(rounded(np.float32(from_low if low_is_more_exact else from_high)))
    return Affine(float(scale), min(max(nearest, qmin), qmax))


def quantized(values: FloatArray, affine: Affine, qmin: int = 0, qmax: int = 255) -> NDArray[np.int32]:
    """Return the nearest quantized values, clipped to qmin..qmax, int32."""
    levels = np.float32(affine.zero_point) + values / np.float32(affine.scale)
    return np.asarray(np.clip(rounded(levels), qmin, qmax), np.int32)


def quantized_biases(biases: FloatArray, scales: FloatArray) -> NDArray[np.int32]:
    """Return biases in units of their scales, int32; `widened_for_biases` makes sure that they fit."""
    return np.asarray(rounded(biases / scales), np.int32)


def rounded(values: Any) -> FloatArray:
    """Round to whole numbers, halves away from zero."""
    whole = np.trunc(values)
    return np.asarray(whole + np.sign(values) * (np.abs(values - whole) >= 0.5), np.float32)


def widened_for_biases(scale: float, biases: FloatArray, input_scale: float) -> float:
    """Return the weight scale, enlarged until every bias fits into int32 at scale input_scale × weight scale.

    Coral's library does not do this: with tiny weights, a bias of normal size wraps around and changes its sign.
    """
    return max(scale, 2.0 * float(np.abs(biases).max(initial=0.0)) / (input_scale * INT32_MAX))
