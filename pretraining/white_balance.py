"""Half of a grey-world correction, as two 1×1 convolutions that an accelerator can run.

The network multiplies each channel of a picture by a gain, √(mean of all channels / mean of the channel)
(`network.balanced`). The Edge TPU cannot divide one tensor by another, so a small network computes the gains from the
three means: 3 → HIDDEN with ReLU → 3. Its first layer is random, and its second layer is fitted to the formula by least
squares. Nothing is learned from pictures. Source of the method: Huang et al. 2006, Extreme learning machine.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pretraining.network import DARKEST, GREYED

HIDDEN = 64
LEAST, MOST = 0.5, 2.0  # gains outside are cut
SAMPLES = 4096  # of means, to fit the second layer on
RIDGE = 0.1  # keeps the weights of the second layer small: their inputs have 8 bits
FloatArray = NDArray[np.float32]


class GainLayers(NamedTuple):
    """Weights (in, out) and biases (out,) of both layers."""

    first: tuple[FloatArray, FloatArray]
    second: tuple[FloatArray, FloatArray]


def exact_gains(means: FloatArray) -> FloatArray:
    """Return the gains of pictures whose channels have these means, 0..1: (N, 3) → (N, 3)."""
    lifted = means + DARKEST
    ratio = lifted.mean(axis=1, keepdims=True) / lifted
    return np.asarray(np.clip(ratio**GREYED, LEAST, MOST), np.float32)


def sampled_means(rng: np.random.Generator, count: int) -> FloatArray:
    """Return means of red, green and blue, from dark to bright and from grey to strong colours: (count, 3) in 0..1."""
    brightness = rng.uniform(0.03, 0.95, (count, 1))
    colour = np.exp(rng.normal(0, 1, (count, 1)) * rng.normal(0, 0.3, (count, 3)))
    return np.clip(brightness * colour, 0, 1).astype(np.float32)


def fitted_gains() -> GainLayers:
    """Fit the layers; always the same ones."""
    rng = np.random.default_rng(1)
    directions = rng.normal(0, 1, (3, HIDDEN))
    directions /= np.abs(directions).sum(0)
    offsets = -(sampled_means(rng, HIDDEN) * directions.T).sum(1)  # each unit begins at some means
    means = sampled_means(rng, SAMPLES)
    hidden = np.column_stack([np.maximum(means @ directions + offsets, 0), np.ones(SAMPLES)])
    squares = hidden.T @ hidden + RIDGE * np.eye(HIDDEN + 1)
    found = np.linalg.solve(squares, hidden.T @ (exact_gains(means) - 1))
    weights, biases = found[:-1], found[-1] + 1
    return GainLayers(
        (directions.astype(np.float32), offsets.astype(np.float32)),
        (weights.astype(np.float32), biases.astype(np.float32)),
    )
