"""The training targets: descriptors of a picture, scaled so that all vary equally."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from pretraining.descriptors import SURFACE
from pretraining.world import Batch

DESCRIBED = 192  # principal components of each descriptor of shape and colour
PARTS = (DESCRIBED, DESCRIBED, SURFACE)  # view, thing at rest, surface
TARGETS = sum(PARTS)
CLIPPED_AT = 4.0  # in standard deviations; for the descriptors of a surface


class Whitening:
    """PCA of descriptors with mild whitening (eigenvalue^−0.25), scaled to unit variance in total."""

    def __init__(self, samples: NDArray[np.float32], size: int) -> None:
        self._mean = samples.mean(0)
        _, values, axes = np.linalg.svd(samples - self._mean, full_matrices=False)
        spread = values[:size] / np.sqrt(len(samples))
        self._axes = axes[:size].T / np.sqrt(spread + 1e-3)
        self._axes /= ((samples - self._mean) @ self._axes).std()

    def __call__(self, samples: NDArray[np.float32]) -> torch.Tensor:
        return torch.from_numpy(((samples - self._mean) @ self._axes).astype(np.float32))


class Targets:
    """Computes the targets of a batch; the scaling is fitted on some batches."""

    def __init__(self, batches: list[Batch]) -> None:
        self._whiten = Whitening(np.concatenate([part for b in batches for part in (b.posed, b.clean)]), DESCRIBED)
        surfaces = np.concatenate([batch.surface for batch in batches])
        self._mean, self._deviation = surfaces.mean(0), surfaces.std(0) + 1e-3

    def __call__(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Targets of the view and of the thing at rest, each (V·N, DESCRIBED), and of the surface, (V·N, SURFACE)."""
        surface = np.clip((batch.surface - self._mean) / self._deviation, -CLIPPED_AT, CLIPPED_AT)
        return self._whiten(batch.posed), self._whiten(batch.clean), torch.from_numpy(surface.astype(np.float32))
