"""Half of a grey-world correction, as two 1×1 convolutions that an accelerator can run.

The network multiplies each channel of a picture by a gain, √(mean of all channels / mean of the channel)
(`network.balanced`). No operator of the Edge TPU divides one tensor by another, so a small network computes the gains
from the three means: 3 → HIDDEN with ReLU → 3. It is fitted to the formula here; nothing about pictures is learned.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pretraining.network import DARKEST, GREYED

HIDDEN = 32
LEAST, MOST = 0.5, 2.0  # gains outside are cut
STEPS, SAMPLES = 3000, 4096
FloatArray = NDArray[np.float32]


def exact_gains(means: FloatArray) -> FloatArray:
    """The gains of pictures whose channels have these means, 0..1: (N, 3) → (N, 3)."""
    lifted = means + DARKEST
    ratio = lifted.mean(axis=1, keepdims=True) / lifted
    return np.asarray(np.clip(ratio**GREYED, LEAST, MOST), np.float32)


def sampled_means(rng: np.random.Generator, count: int) -> FloatArray:
    """Means of red, green and blue, from dark to bright and from grey to strongly coloured: (count, 3) in 0..1."""
    brightness = rng.uniform(0.03, 0.95, (count, 1))
    colour = np.exp(rng.normal(0, 1, (count, 1)) * rng.normal(0, 0.3, (count, 3)))
    return np.clip(brightness * colour, 0, 1).astype(np.float32)


@lru_cache(maxsize=1)
def fitted_gains() -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
    """Weights (in, out) and biases (out,) of both layers; always the same."""
    means = sampled_means(np.random.default_rng(0), SAMPLES)
    x, wanted = torch.from_numpy(means), torch.from_numpy(exact_gains(means))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(3, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 3))
    optimiser = torch.optim.Adam(net.parameters(), 0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for _ in range(STEPS):
        optimiser.zero_grad()
        ((net(x) - wanted) ** 2).mean().backward()
        optimiser.step()
        schedule.step()
    first, second = (
        (layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy().copy()) for layer in (net[0], net[2])
    )
    return first, second
