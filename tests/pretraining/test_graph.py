"""The network in Keras: two looks at a picture, with the weights of the network in torch."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pretraining import convert as conversion
from pretraining.convert import settle_norms
from pretraining.graph import PART_SIZES, VALUES, keras_model, projection, widened
from pretraining.network import COARSE, FINE, INPUT_PX, PARTS, TRAINED_PX, Backbone

pytestmark = pytest.mark.needs_torch

COLOURS = 3  # which of the parts


def test_both_looks_return_the_projections_of_their_features() -> None:
    import tensorflow as tf

    torch.manual_seed(1)
    backbone = Backbone().eval()
    spots = np.random.default_rng(4).integers(64, 192, (max(PART_SIZES) + 16, 6, 6, 3), np.uint8)
    fine = np.stack([cv2.resize(one, (INPUT_PX, INPUT_PX), interpolation=cv2.INTER_CUBIC) for one in spots])
    coarse = np.stack([cv2.resize(one, (TRAINED_PX, TRAINED_PX), interpolation=cv2.INTER_AREA) for one in fine])
    settle_norms(backbone, coarse)
    features = [conversion._features(backbone, pictures) for pictures in (fine, coarse)]
    model = keras_model(backbone, *features)
    assert isinstance(model, tf.keras.Model)
    outputs = np.concatenate([model(fine[row : row + 1].astype(np.float32) / 255).numpy() for row in range(3)])
    assert outputs.shape == (3, VALUES)
    start = 0
    for parts, of_look in ((FINE, features[0]), (COARSE, features[1])):
        of_parts = np.split(of_look, np.cumsum(PARTS)[:-1], axis=1)
        for part in parts:
            weights, bias = projection(of_parts[part], PART_SIZES[part])
            expected = of_parts[part][:3] @ weights + bias
            own = outputs[:, start : start + PART_SIZES[part]]
            start += PART_SIZES[part]
            close = 0.8 if part == COLOURS else 0.97  # colours are averaged in blocks first; gains are fitted
            assert np.corrcoef(own.ravel(), expected.ravel())[0, 1] > close, part


def test_a_widened_kernel_sees_the_picture_at_two_thirds_of_its_size() -> None:
    rng = np.random.default_rng(3)
    picture = rng.uniform(0, 1, (30, 30)).astype(np.float32)
    kernel = rng.normal(0, 1, (3, 3, 1, 1)).astype(np.float32)
    small = cv2.resize(picture, (20, 20), interpolation=cv2.INTER_AREA)
    wanted = F.conv2d(*map(torch.from_numpy, (small[None, None], kernel[None, None, :, :, 0, 0])), stride=2)
    padded = np.pad(picture, ((2, 0), (2, 0)))[None, None]
    found = F.conv2d(*map(torch.from_numpy, (padded, widened(kernel)[None, None, :, :, 0, 0])), stride=3)
    assert torch.allclose(wanted, found, atol=1e-4)
