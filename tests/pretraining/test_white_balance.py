"""The gains of white balance, computed by two 1×1 convolutions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pretraining.network import balanced
from pretraining.white_balance import exact_gains, fitted_gains, sampled_means

pytestmark = pytest.mark.needs_torch


def test_the_two_layers_compute_the_formula() -> None:
    (first, offsets), (second, biases) = fitted_gains()
    means = sampled_means(np.random.default_rng(9), 2000)
    errors = np.abs((np.maximum(means @ first + offsets, 0) @ second + biases) / exact_gains(means) - 1)
    assert errors.mean() < 0.015
    assert np.quantile(errors[means.min(axis=1) > 0.1], 0.99) < 0.05


def test_the_formula_is_that_of_the_training() -> None:
    mean = np.array([[0.6, 0.4, 0.3]], np.float32)
    flat = torch.from_numpy(np.broadcast_to(2 * mean[0, :, None, None] - 1, (3, 4, 4)).copy())[None]
    after = (balanced(flat).numpy()[0, :, 0, 0] + 1) / 2
    assert np.allclose(after / mean[0], exact_gains(mean)[0], atol=1e-5)
