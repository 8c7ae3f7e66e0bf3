"""The largest eigenvalues of a symmetric matrix and their eigenvectors, without computing all the others.

With 864 values, all eigenvalues take a third of a fit. A block of vectors is multiplied by a polynomial of the matrix
that is small wherever the unwanted eigenvalues lie (Chebyshev's), so a few products turn the block into the wanted
space. It ends when the eigenvalues no longer change; if they still do after MOST_ROUNDS, all are computed.

Source: Zhou, Saad et al. 2006, Self-consistent-field calculations using Chebyshev-filtered subspace iteration.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from learning.layers import FloatArray
from learning.products import product

LEAST_SIZE = 512  # smaller matrices have all of their eigenvalues computed
DEGREE = 7  # of the polynomial
SPARE = 32  # vectors more than wanted, which make it converge faster
MOST_ROUNDS = 6
NARROWEST = 1e-4  # range of the unwanted eigenvalues, of that of all
SETTLED = 1e-6  # relative change of the wanted eigenvalues from round to round


def leading_eigenvectors(matrix: FloatArray, count: int, least: float = 0.0) -> tuple[NDArray[np.float64], FloatArray]:
    """Return the largest eigenvalues and their eigenvectors.

    Args:
        matrix: Symmetric, float32 (R, R).
        count: K, at most R.
        least: No eigenvalue is smaller.

    Returns:
        The eigenvalues, falling, float64 (K,), and the eigenvectors as columns of length 1, float32 (R, K).

    Raises:
        InvalidEmbeddings: If a value of a product is not finite.
    """
    found = _filtered(matrix, count, least) if len(matrix) >= max(LEAST_SIZE, 4 * (count + SPARE)) else None
    if found is None:
        squares, vectors = np.linalg.eigh(matrix.astype(np.float64))
        found = squares, vectors.astype(np.float32)
    squares, vectors = found
    return squares[::-1][:count], np.ascontiguousarray(vectors[:, ::-1][:, :count])


def _filtered(matrix: FloatArray, count: int, least: float) -> tuple[NDArray[np.float64], FloatArray] | None:
    """Return K + SPARE eigenvalues, rising, and their eigenvectors; None if they do not settle."""
    start = np.random.default_rng(0).standard_normal((len(matrix), count + SPARE), np.float32)
    squares, vectors = _ritz(matrix, product(matrix, start))
    for _ in range(MOST_ROUNDS):
        before = squares[-count:]
        if squares[-1] - least <= SETTLED * squares[-1]:  # all eigenvalues are the same
            return squares, vectors
        squares, vectors = _ritz(matrix, _polynomial(matrix, vectors, least, squares))
        if np.abs(squares[-count:] / before - 1).max() < SETTLED:
            return squares, vectors
    return None


def _ritz(matrix: FloatArray, block: FloatArray) -> tuple[NDArray[np.float64], FloatArray]:
    """Return the eigenvalues and eigenvectors of the matrix within the space of a block: rising (B,), and (R, B)."""
    basis = np.linalg.qr(block)[0]
    squares, rotation = np.linalg.eigh(product(basis.T, product(matrix, basis)).astype(np.float64))
    return squares, product(basis, rotation.astype(np.float32))


def _polynomial(matrix: FloatArray, vectors: FloatArray, least: float, squares: NDArray[np.float64]) -> FloatArray:
    """Multiply vectors by a polynomial of the matrix that is small between `least` and the smallest of `squares`.

    It is 1 at the largest of them, so that nothing overflows.
    """
    unwanted = max(squares[0], least + NARROWEST * (squares[-1] - least))
    middle, half = (unwanted + least) / 2, (unwanted - least) / 2
    first = scale = half / (squares[-1] - middle)
    before, now = vectors, (product(matrix, vectors) - np.float32(middle) * vectors) * np.float32(scale / half)
    for _ in range(DEGREE - 1):
        following = 1 / (2 / first - scale)
        moved = (product(matrix, now) - np.float32(middle) * now) * np.float32(2 * following / half)
        before, now, scale = now, moved - np.float32(scale * following) * before, following
    return np.asarray(now, np.float32)
