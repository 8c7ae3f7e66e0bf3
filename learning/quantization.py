"""Affine quantization: real = scale × (q − zero point)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.layers import FloatArray

INT32_MAX = 2**31 - 1


@dataclass(frozen=True)
class Affine:
    """One scale and zero point for a whole tensor."""

    scale: float
    zero_point: int


def asymmetric(low: float, high: float, qmin: int = 0, qmax: int = 255) -> Affine:
    """The 8-bit scale and zero point of a range; it is widened to hold 0, and 0 is exact.

    scale = (high − low) / 255 and zero point = round(qmin − low / scale), clipped to qmin..qmax.

    Source: Jacob et al. 2018, Quantization and Training of Neural Networks, section 3.
    """
    low, high = min(low, 0.0), max(high, 0.0)
    if high == low:
        return Affine(1.0, qmin)
    scale = (high - low) / (qmax - qmin)
    return Affine(scale, min(max(round(qmin - low / scale), qmin), qmax))


def quantized(values: FloatArray, affine: Affine, qmin: int = 0, qmax: int = 255) -> NDArray[np.int32]:
    """Nearest quantized values, clipped to qmin..qmax."""
    return np.asarray(np.clip(np.rint(values / affine.scale) + affine.zero_point, qmin, qmax), np.int32)


def widened_for_biases(scale: float, biases: FloatArray, input_scale: float) -> float:
    """A weight scale at which every bias still fits into int32 at scale input_scale × scale."""
    return max(scale, 2.0 * float(np.abs(biases).max(initial=0.0)) / (input_scale * INT32_MAX))
