"""Affine quantization, real = scale × (q − zero point), in Coral's arithmetic.

Coral's library appends uint8 layers with single-precision sums (libcoral, `coral/learn/utils.h` and
`coral/tflite_utils.h`). The same weights give the same bytes here, so every step below is float32 and rounds
halves away from zero, as C's `round` does:

- range: widened to hold 0; low ≤ 0 ≤ high
- scale = (high − low) / 255
- zero point = round(0 − low / scale), or round(255 − high / scale) if that sum has the smaller terms;
  either way 0 is exact, because the zero point is a whole number
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
    """The 8-bit scale and zero point of a range; it is widened to hold 0, and 0 is exact.

    A range that is 0 alone has no scale of its own; any will do, and 1 keeps interpreters content (Coral's 0 does not).

    Source: libcoral, `QuantizationParams`; Jacob et al. 2018, Quantization and Training of Neural Networks, section 3.
    """
    bottom, top = np.float32(min(low, 0.0)), np.float32(max(high, 0.0))
    if bottom == top:
        return Affine(1.0, qmin)
    scale = np.float32((top - bottom) / np.float32(qmax - qmin))
    steps_down, steps_up = np.float32(bottom / scale), np.float32(top / scale)
    from_low, from_high = np.float32(qmin) - steps_down, np.float32(qmax) - steps_up
    low_is_safer = abs(np.float32(qmin)) + abs(steps_down) < abs(np.float32(qmax)) + abs(steps_up)
    nearest = int(rounded(np.float32(from_low if low_is_safer else from_high)))
    return Affine(float(scale), min(max(nearest, qmin), qmax))


def quantized(values: FloatArray, affine: Affine, qmin: int = 0, qmax: int = 255) -> NDArray[np.int32]:
    """Nearest quantized values, clipped to qmin..qmax."""
    levels = np.float32(affine.zero_point) + values / np.float32(affine.scale)
    return np.asarray(np.clip(rounded(levels), qmin, qmax), np.int32)


def quantized_biases(biases: FloatArray, scales: FloatArray) -> NDArray[np.int32]:
    """Biases at their scales, which `widened_for_biases` keeps within int32."""
    return np.asarray(rounded(biases / scales), np.int32)


def rounded(values: Any) -> FloatArray:
    """To whole numbers, halves away from zero."""
    whole = np.trunc(values)
    return np.asarray(whole + np.sign(values) * (np.abs(values - whole) >= 0.5), np.float32)


def widened_for_biases(scale: float, biases: FloatArray, input_scale: float) -> float:
    """A weight scale at which every bias still fits into int32 at scale input_scale × scale.

    Coral's library has no such rule: tiny weights beside a real bias wrap around and flip its sign.
    """
    return max(scale, 2.0 * float(np.abs(biases).max(initial=0.0)) / (input_scale * INT32_MAX))
