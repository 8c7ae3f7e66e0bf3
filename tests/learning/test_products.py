"""Products without NumPy's false warnings: what is not a number is found by ourselves."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from learning import fit_head
from learning.errors import InvalidEmbeddings
from learning.products import product, solved, whitening

pytestmark = pytest.mark.needs_runtime

TOO_LARGE = (
    "the embeddings are too large to compute with: a sum of products is not finite. "
    "Divide all of them by the same number, or use another extractor."
)


class FlaggingArray(np.ndarray[Any, Any]):
    """An array whose products are right, but set the processor's flag for a division by zero, as on some arm64."""

    def __matmul__(self, other: Any) -> Any:
        np.float32(1) / np.zeros(1, np.float32)
        return np.asarray(self) @ np.asarray(other)


def test_a_false_flag_of_the_processor_is_no_warning_and_changes_nothing() -> None:
    rows = np.arange(12, dtype=np.float32).reshape(3, 4)
    flagging = rows.view(FlaggingArray)
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        flagging @ rows.T
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = product(flagging, rows.T)
    assert found.dtype == np.float32
    assert np.array_equal(
        found, [[sum(a * b for a, b in zip(one, other, strict=True)) for other in rows] for one in rows]
    )


@pytest.mark.parametrize("value", [np.inf, np.nan, 3e38])
def test_a_result_that_is_not_finite_is_an_error(value: float) -> None:
    left = np.full((2, 3), value, np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(InvalidEmbeddings) as caught:
            product(left, np.full((3, 2), 2, np.float32))
    assert str(caught.value) == TOO_LARGE


def test_embeddings_that_are_too_large_are_refused_by_the_fit_without_any_warning() -> None:
    rng = np.random.default_rng(0)
    embeddings = (rng.normal(0, 1, (20, 6)) + 3).astype(np.float32)
    embeddings[3] = 1e38
    embeddings[4] = -1e38
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(InvalidEmbeddings) as caught:
            fit_head(embeddings, np.arange(20) % 2, 2, rng=rng)
    assert str(caught.value) == TOO_LARGE


@pytest.mark.parametrize("size", [1, 2, 64, 65, 200])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("ridge", [1.0, 1e-3])
def test_whitening_gives_the_inverse_of_double_precision(size: int, kind: type, ridge: float) -> None:
    rng = np.random.default_rng(size)
    rows = rng.normal(0, 1, (size + 40, size))
    matrix = rows.T @ rows / len(rows) + ridge * np.eye(size)
    found, exact = whitening(matrix.astype(kind)), np.linalg.inv(matrix)
    assert found.dtype == kind
    error = np.abs(found.T @ found - exact).max() / np.abs(exact).max()
    assert error < 4 * np.finfo(kind).eps * np.linalg.cond(matrix) + 1e-6 * (kind is np.float32)
    assert np.allclose(found @ matrix @ found.T, np.eye(size), atol=1e-3 if kind is np.float32 else 1e-10)


def test_a_matrix_that_rounding_made_indefinite_is_whitened_where_it_is_not_zero() -> None:
    along, across = np.array([0.6, 0.8]), np.array([0.8, -0.6])
    matrix = (3 * np.outer(along, along) - 1e-7 * np.outer(across, across)).astype(np.float32)
    with pytest.raises(np.linalg.LinAlgError):
        np.linalg.cholesky(matrix)
    found = whitening(matrix)
    assert np.isfinite(found).all()
    assert along @ found.T @ found @ along == pytest.approx(1 / 3, rel=1e-2)


@pytest.mark.parametrize("size", [1, 63, 64, 65, 200])
def test_a_triangle_is_solved_as_numpy_solves_any_matrix(size: int) -> None:
    rng = np.random.default_rng(size)
    upper = (np.triu(rng.normal(size=(size, size)) / size) + np.eye(size)).astype(np.float32)
    right = rng.normal(size=(size, 3)).astype(np.float32)
    found = solved(upper, right)
    assert found.dtype == np.float32
    assert np.allclose(found, np.linalg.solve(upper.astype(np.float64), right), atol=1e-6)


def test_a_triangle_whose_solution_is_not_finite_is_an_error() -> None:
    with pytest.raises(InvalidEmbeddings) as caught:
        solved(np.full((1, 1), 1e-30, np.float32), np.full((1, 1), 1e30, np.float32))
    assert str(caught.value) == TOO_LARGE
