"""The discriminant with few and with many samples, against its formula in double precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from learning.discriminant import PLANE_DIRECTIONS, PRIOR_WEIGHT, SHRINKAGE, Rows
from learning.novelty import distances_from

pytestmark = pytest.mark.needs_runtime

SIZES = pytest.mark.parametrize(("samples", "features"), [(40, 90), (300, 20)])


def things(samples: int, features: int, classes: int = 4, seed: int = 3) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    y = np.arange(samples) % classes
    mixing = rng.normal(0, 1, (features, features)) / np.sqrt(features)
    x = rng.normal(0, 1, (samples, features)) @ mixing + rng.normal(0, 1, (classes, features))[y] + 5
    return x.astype(np.float32), y


def unchanged(values: Any) -> Any:
    return values


def rows_of(x: Any, y: Any, weights: Any = None, prior: Any = None) -> Rows:
    half = len(x) // 2
    return Rows([x[:half], x[half:]], y, np.ones(len(x), np.float32) if weights is None else weights, unchanged, prior)


def by_the_formula(x: Any, y: Any, weights: Any = None, prior: Any = None) -> tuple[Any, Any, Any, float]:
    """Compute (S + λI)⁻¹, the class means, their mean and λ, in double precision."""
    x = x.astype(np.float64)
    weights = np.ones(len(x)) if weights is None else weights.astype(np.float64)
    means = np.stack([np.average(x[y == label], axis=0, weights=weights[y == label]) for label in np.unique(y)])
    residuals = x - means[np.unique(y, return_inverse=True)[1]]
    degrees = weights.sum() - len(means)
    covariance = (residuals * weights[:, np.newaxis]).T @ residuals / degrees
    if prior is not None:
        covariance = (covariance + PRIOR_WEIGHT * prior.T.astype(np.float64) @ prior) / (1 + PRIOR_WEIGHT)
        degrees *= 1 + PRIOR_WEIGHT
    shrink = SHRINKAGE * np.trace(covariance) / min(degrees, x.shape[1])
    return np.linalg.inv(covariance + shrink * np.eye(x.shape[1])), means, means.mean(axis=0), shrink


@SIZES
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("expected_scatter", [False, True])
def test_logits_equal_the_formula_for_training_rows_and_for_others(
    samples: int, features: int, weighted: bool, expected_scatter: bool
) -> None:
    x, y = things(samples, features)
    rng = np.random.default_rng(8)
    weights = rng.uniform(0.2, 1, samples).astype(np.float32) if weighted else None
    prior = rng.normal(0, 0.3, (6, features)).astype(np.float32) if expected_scatter else None
    some = np.flatnonzero(np.arange(samples) % 5)
    inverse, means, middle, shrink = by_the_formula(x[some], y[some], None if weights is None else weights[some], prior)
    directions = inverse @ (means - middle).T
    expected = (x - middle) @ directions - 0.5 * np.einsum("cd,dc->c", means - middle, directions)
    rows = rows_of(x, y, weights, prior)
    found = rows.discriminant(some)
    assert found.shrink == pytest.approx(shrink, rel=1e-3)
    assert found.logits(rows.coordinates(np.arange(samples))) == pytest.approx(
        expected, abs=2e-3 * np.abs(expected).max()
    )


@SIZES
def test_weights_of_values_and_of_coordinates_make_the_same_logits(samples: int, features: int) -> None:
    x, y = things(samples, features)
    rows = rows_of(x, y)
    found = rows.discriminant(np.arange(samples))
    middle = rows.mean + rows.values(found.middle[:, np.newaxis])[:, 0]
    logits = (x - middle) @ rows.values(found.weights) + found.biases
    assert logits == pytest.approx(
        found.logits(rows.coordinates(np.arange(samples))), abs=1e-3 * float(np.abs(logits).max())
    )


@SIZES
def test_positions_and_distances_equal_those_in_the_whitened_space(samples: int, features: int) -> None:
    x, y = things(samples, features)
    some, rest = np.flatnonzero(np.arange(samples) % 5), np.flatnonzero(np.arange(samples) % 5 == 0)
    inverse, means, middle, _ = by_the_formula(x[some], y[some])
    rows = rows_of(x, y)
    found = rows.discriminant(some)
    axes, means_on_plane = found.plane()
    positions, residual = found.positions(rows.coordinates(rest), axes)
    squared_lengths = np.einsum("nd,de,ne->n", x[rest] - middle, inverse, x[rest] - middle)
    assert residual + (positions**2).sum(axis=1) == pytest.approx(squared_lengths, rel=2e-3)
    apart = means[:, np.newaxis] - means
    squares = np.einsum("abd,de,abe->ab", apart, inverse, apart)
    assert ((means_on_plane[:, np.newaxis] - means_on_plane) ** 2).sum(axis=2) == pytest.approx(
        squares, rel=2e-3, abs=1e-2
    )


def test_more_classes_than_values_keep_the_directions_in_which_they_differ_most() -> None:
    x, y = things(900, 30, classes=120)
    x[:, 0] *= 4
    found = rows_of(x, y).discriminant(np.arange(900))
    axes, means_on_plane = found.plane()
    assert axes.shape == (30, min(30, PLANE_DIRECTIONS))
    inverse, means, _, _ = by_the_formula(x, y)
    apart = means[:5, np.newaxis] - means[:5]
    squares = np.einsum("abd,de,abe->ab", apart, inverse, apart)
    assert ((means_on_plane[:5, np.newaxis] - means_on_plane[:5]) ** 2).sum(axis=2) == pytest.approx(
        squares, rel=1e-2, abs=1e-2
    )


@SIZES
def test_principal_directions_are_the_eigenvectors_of_the_scatter(samples: int, features: int) -> None:
    x, y = things(samples, features)
    rows = rows_of(x, y)
    found = rows.discriminant(np.arange(samples))
    directions, variances = rows.principal_directions(found, np.arange(samples))
    residuals = x.astype(np.float64) - np.stack([x[y == label].mean(axis=0) for label in range(4)])[y]
    squares = np.linalg.eigvalsh(residuals.T @ residuals / (samples - 4))[::-1]
    assert variances[:10] == pytest.approx(squares[:10], rel=5e-3)
    assert directions @ directions.T == pytest.approx(np.eye(len(directions)), abs=1e-3)


@pytest.mark.parametrize(("features", "kept"), [(50, 50), (70, 64)])
def test_of_all_principal_directions_the_64_in_which_the_rows_differ_most_are_kept(features: int, kept: int) -> None:
    rows = rows_of(*things(200, features))
    directions, variances = rows.principal_directions(rows.discriminant(np.arange(200)), np.arange(200))
    assert directions.shape == (kept, features)
    assert sorted(variances, reverse=True) == variances.tolist()


def test_a_discriminant_has_only_the_classes_of_its_training_rows() -> None:
    x, y = things(80, 20)
    found = rows_of(x, y).discriminant(np.flatnonzero(y != 2))
    assert found.means.shape == (3, 20)
    assert (found.logits(rows_of(x, y).coordinates(np.flatnonzero(y == 3))).argmax(axis=1) == 2).mean() > 0.9


def test_the_mean_of_a_class_is_at_no_distance_from_what_was_taught() -> None:
    x, y = things(200, 30)
    rows = rows_of(x, y)
    found = rows.discriminant(np.arange(200))
    means = np.stack([rows.coordinates(np.flatnonzero(y == one)).mean(axis=0) for one in range(4)])
    distances = distances_from(found, means.astype(np.float32))
    assert np.allclose(distances.nearest, 0, atol=1e-3)
    others = distances_from(found, rows.coordinates(np.arange(200))).nearest
    assert np.median(others) > 0.1
