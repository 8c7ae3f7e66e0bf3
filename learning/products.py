"""Matrix products that say by themselves whether a result is a number.

NumPy reads the processor's error flags after a product. On some processors and BLAS libraries (arm64, macOS) unused
lanes of a vector set these flags, and NumPy then warns of a division by zero that never happened. So the flags are
ignored, and the result is checked instead.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.errors import InvalidEmbeddings

SMALL = 64  # rows; smaller matrices are factored at once
LEAST_SHARE = 1e-7  # of the largest eigenvalue; a smaller one is rounding


def product(left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    """Return `left @ right`, of the type that NumPy gives it.

    Args:
        left: Finite numbers, (N, K) or (K,).
        right: Finite numbers, (K, M) or (K,).

    Raises:
        InvalidEmbeddings: If a value of the result is not finite, because the embeddings are too large.
    """
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        return checked(np.asarray(left @ right))


def checked(found: NDArray[Any]) -> NDArray[Any]:
    """Return a sum of products.

    Raises:
        InvalidEmbeddings: If a value is not finite.
    """
    if not np.isfinite(found).all():
        raise InvalidEmbeddings(
            "the embeddings are too large to compute with: a sum of products is not finite. "
            "Divide all of them by the same number, or use another extractor."
        )
    return found


def solved(upper: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    """Return X (R, K) with U X = B for an upper triangular U (R, R) and B (R, K): computed in float64, then float32.

    NumPy has no solver for triangles. This one substitutes from below, SMALL rows at a time; with 330 rows it takes a
    fifth of the time of `numpy.linalg.solve`.

    Raises:
        InvalidEmbeddings: If a value of the result is not finite.
    """
    found = np.array(right, np.float64)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        for start in range((len(upper) - 1) // SMALL * SMALL, -1, -SMALL):
            rows = upper[start : start + SMALL].astype(np.float64)
            end = start + len(rows)
            known = rows[:, end:] @ found[end:]
            found[start:end] = np.linalg.solve(rows[:, start:end], found[start:end] - known)
    return checked(found.astype(np.float32))


def whitening(matrix: NDArray[Any]) -> NDArray[Any]:
    """Return W (R, R) with WᵀW = A⁻¹ for a symmetric positive definite A, of its type: W A Wᵀ is the identity.

    W is the inverse of Cholesky's factor. Both are made together by halves, which turns nearly all of the work into
    products; with 864 values this takes half of the time of LAPACK's factor and its inverse.

    Raises:
        InvalidEmbeddings: If a value of the result is not finite.

    Source: Higham 2002, Accuracy and Stability of Numerical Algorithms, sections 10.1 and 14.2.2.
    """
    try:
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            found = _whitening(checked(matrix))
    except np.linalg.LinAlgError:  # rounding has made it indefinite
        squares, rotation = np.linalg.eigh(matrix.astype(np.float64))
        roots = np.sqrt(np.maximum(squares, LEAST_SHARE * squares[-1]))
        found = np.asarray((rotation / roots).T, matrix.dtype)
    return checked(found)


def _whitening(matrix: NDArray[Any]) -> NDArray[Any]:
    size = len(matrix)
    if size <= SMALL:
        return np.linalg.inv(np.linalg.cholesky(matrix))
    middle = size // 2
    found = np.zeros_like(matrix)
    found[:middle, :middle] = first = _whitening(matrix[:middle, :middle])
    below = matrix[middle:, :middle] @ first.T  # of the factor
    found[middle:, middle:] = second = _whitening(matrix[middle:, middle:] - below @ below.T)
    found[middle:, :middle] = -(second @ (below @ first))
    return found
