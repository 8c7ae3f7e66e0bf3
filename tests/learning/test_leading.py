"""The leading eigenvectors are those that LAPACK finds among all."""

from __future__ import annotations

import numpy as np
import pytest

from learning.leading import LEAST_SIZE, leading_eigenvectors

pytestmark = pytest.mark.needs_runtime


pytestmark = pytest.mark.needs_runtime


def symmetric(squares: np.ndarray) -> np.ndarray:
    """A random symmetric matrix with these eigenvalues."""
    basis, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(len(squares), len(squares))))
    return np.asarray((basis * squares) @ basis.T, np.float32)


SIZE = LEAST_SIZE + 40
FALLING = {
    "as a power": 0.1 + 10 / np.arange(1, SIZE + 1),
    "fast, then all the same": np.maximum(0.1, 5 * 0.9 ** np.arange(SIZE)),
    "a few, and nothing else": np.where(np.arange(SIZE) < 20, 3.0, 0.1),
    "hardly at all": np.linspace(1.0, 0.9, SIZE),
    "never": np.ones(SIZE),
}


@pytest.mark.parametrize("falling", FALLING)
def test_the_largest_eigenvalues_and_their_vectors_are_found(falling: str) -> None:
    matrix, count = symmetric(FALLING[falling]), 64
    squares, vectors = leading_eigenvectors(matrix, count, float(FALLING[falling].min()))
    expected = np.linalg.eigvalsh(matrix.astype(np.float64))[::-1][:count]
    assert squares == pytest.approx(expected, rel=1e-4)
    assert vectors.T @ vectors == pytest.approx(np.eye(count), abs=1e-4)
    assert matrix @ vectors == pytest.approx(vectors * squares, abs=2e-2 * float(expected[0]))


def test_a_small_matrix_gives_all_of_its_eigenvectors_too() -> None:
    matrix = symmetric(np.array([4.0, 3.0, 2.0, 1.0]))
    squares, vectors = leading_eigenvectors(matrix, 4)
    assert squares == pytest.approx([4, 3, 2, 1], rel=1e-5)
    assert matrix @ vectors == pytest.approx(vectors * squares, abs=1e-5)
