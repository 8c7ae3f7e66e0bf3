"""Descriptors of clean things: each value follows its definition."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pretraining.descriptors import OCTAVES, SURFACE, describe, describe_surface
from pretraining.things import SIZE_PX, Side
from tests.support.things import side_of


def test_descriptors_distinguish_colours() -> None:
    red, blue = np.zeros((2, 64, 64, 3), np.float32)
    red[..., 0] = blue[..., 2] = 0.9
    mask = np.ones((64, 64), np.float32)
    assert np.linalg.norm(describe(red, mask) - describe(blue, mask)) > 1
    assert np.linalg.norm(describe(red, mask) - describe(red, mask)) == 0


def test_a_surface_is_described_by_finish_grain_and_direction() -> None:
    rng = np.random.default_rng(3)
    down, across = np.mgrid[0:SIZE_PX, 0:SIZE_PX]
    noise = rng.random((SIZE_PX, SIZE_PX), np.float32)
    flat, fine, coarse, stripes, pimples = (
        describe_surface(side_of(height.astype(np.float32)))
        for height in (
            0 * noise,
            9 * noise,
            20 * cv2.GaussianBlur(noise, (0, 0), 6),
            0.5 + 0.5 * np.sin(across / 2),
            9 * ((down % 32 < 4) & (across % 32 < 4)),
        )
    )
    direction, first = 3, 4  # of the height: how much it has one direction, and the first of three values an octave
    assert flat.shape == (SURFACE,)
    assert fine[first] > coarse[first] > flat[first]
    assert fine[first] - coarse[first] > fine[first + 3 * (OCTAVES - 1)] - coarse[first + 3 * (OCTAVES - 1)]
    assert stripes[direction] > 0.9
    assert fine[direction] < 0.2
    assert pimples[first + 1] < fine[first + 1]  # sparse
    assert pimples[first + 2] > 0.5  # and skewed
    assert fine[first + 2] < 0.5
    assert list(describe_surface(side_of(noise, gloss=0.7, metal=0.2, opacity=0.4))[:3]) == pytest.approx(
        [0.7, 0.2, 0.4]
    )


def test_a_surface_has_the_same_descriptors_in_any_colour() -> None:
    rng = np.random.default_rng(4)
    height = rng.random((SIZE_PX, SIZE_PX), np.float32)
    red, blue = (
        np.broadcast_to(np.array(colour, np.float32), (SIZE_PX, SIZE_PX, 3)) for colour in ((1, 0, 0), (0, 0, 1))
    )
    assert np.allclose(describe_surface(side_of(height, red)), describe_surface(side_of(height, blue)), atol=0.02)
    ink = np.where(cv2.GaussianBlur(height, (0, 0), 3)[..., None] > 0.5, np.float32(0.8), np.float32(0.4))
    printed = [describe_surface(side_of(height, ink * colour)) for colour in (red, blue)]
    assert np.allclose(*printed, atol=0.3)


def test_a_surface_has_the_same_descriptors_in_any_outline_and_size() -> None:
    rng = np.random.default_rng(5)
    down, across = np.mgrid[-1 : 1 : SIZE_PX * 1j, -1 : 1 : SIZE_PX * 1j]
    relief = 5 * cv2.GaussianBlur(rng.random((SIZE_PX, SIZE_PX), np.float32), (0, 0), 2)
    plain = np.full((SIZE_PX, SIZE_PX, 3), 0.5, np.float32)
    whole = describe_surface(side_of(relief))
    for wide, high in ((1, 1), (1, 0.5), (0.5, 1)):
        mask = ((across / wide) ** 2 + (down / high) ** 2 < 0.8).astype(np.float32)
        cut = describe_surface(Side(plain, mask, (relief + 1) * mask))
        assert np.abs(cut - whole).max() < 0.35
        assert cut[3] < 0.3  # an elongated outline is not a stripe
    thin = (np.abs(down) < 0.03).astype(np.float32)
    assert np.isfinite(describe_surface(Side(0 * plain, thin, thin))).all()


def test_edge_histograms_follow_the_formula() -> None:
    mask = cv2.GaussianBlur(np.random.default_rng(18).random((64, 64)).astype(np.float32), (0, 0), 2)
    x, y = (cv2.Sobel(mask, cv2.CV_32F, *order, ksize=3).astype(np.float64) for order in ((1, 0), (0, 1)))
    away = np.abs((np.arctan2(y, x) % np.pi)[..., None] * 9 / np.pi - np.arange(9) - 0.5)
    votes = np.hypot(x, y)[..., None] * np.clip(1 - np.minimum(away, 9 - away), 0, None)
    cells = votes.reshape(8, 8, 8, 8, 9).mean((1, 3))
    energy = cv2.blur((cells**2).sum(-1), (3, 3))
    expected = np.sqrt(cells / np.sqrt(energy + 1e-3)[..., None]).ravel()
    assert np.abs(describe(np.zeros((64, 64, 3), np.float32), mask)[:576] - expected).max() < 2e-3
