"""The discriminant among products and among values, against its formula worked out in double precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from learning.discriminant import SHRINKAGE, Samples
from learning.novelty import signed_sqrt


def samples_of_classes(samples: int, features: int, classes: int = 4, seed: int = 3) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    y = np.arange(samples) % classes
    mixing = rng.normal(0, 1, (features, features)) / np.sqrt(features)
    x = rng.normal(0, 1, (samples, features)) @ mixing + rng.normal(0, 1, (classes, features))[y] + 5
    return x.astype(np.float32), y


def by_the_formula(x: Any, y: Any) -> tuple[Any, Any, Any, float]:
    """(S + λI)⁻¹, the class means, their mean and λ, in double precision."""
    x = x.astype(np.float64)
    classes = int(y.max()) + 1
    means = np.stack([x[y == label].mean(axis=0) for label in range(classes)])
    residuals = x - means[y]
    degrees = len(x) - classes
    covariance = residuals.T @ residuals / degrees
    shrink = SHRINKAGE * np.trace(covariance) / min(degrees, x.shape[1])
    return np.linalg.inv(covariance + shrink * np.eye(x.shape[1])), means, means.mean(axis=0), shrink


@pytest.mark.parametrize(("samples", "features"), [(40, 90), (300, 20)])
def test_logits_are_those_of_the_formula_for_taught_and_for_unseen_samples(samples: int, features: int) -> None:
    x, y = samples_of_classes(samples, features)
    some = np.flatnonzero(np.arange(samples) % 5)
    inverse, means, middle, shrink = by_the_formula(x[some], y[some])
    directions = inverse @ (means - middle).T
    expected = (x - middle) @ directions - 0.5 * np.einsum("cd,dc->c", means - middle, directions)
    found = Samples(x, y, 4).discriminant(some)
    assert found.shrink == pytest.approx(shrink, rel=1e-4)
    assert found.logits == pytest.approx(expected, abs=2e-3 * np.abs(expected).max())


@pytest.mark.parametrize(("samples", "features"), [(40, 90), (300, 20)])
def test_the_weights_give_the_same_logits_as_the_products(samples: int, features: int) -> None:
    x, y = samples_of_classes(samples, features)
    all_of_them = Samples(x, y, 4)
    found = all_of_them.discriminant(np.arange(samples))
    logits = (x - all_of_them.mean) @ all_of_them.weights(found) + found.biases
    assert logits == pytest.approx(found.logits, abs=1e-3 * float(np.abs(logits).max()))


@pytest.mark.parametrize(("samples", "features"), [(40, 90), (300, 20)])
def test_lengths_and_places_are_those_of_the_whitened_space(samples: int, features: int) -> None:
    x, y = samples_of_classes(samples, features)
    some, rest = np.flatnonzero(np.arange(samples) % 5), np.flatnonzero(np.arange(samples) % 5 == 0)
    inverse, means, middle, _ = by_the_formula(x[some], y[some])
    found = Samples(x, y, 4).discriminant(some, measured=rest)
    ways = x[rest] - middle
    assert found.squared_distances == pytest.approx(np.einsum("nd,de,ne->n", ways, inverse, ways), rel=2e-3)
    axes, centres = found.plane()
    between = means[0] - means[3]
    assert np.sum((centres[0] - centres[3]) ** 2) == pytest.approx(between @ inverse @ between, rel=2e-3)
    places = found.coordinates(axes)[rest]
    assert (np.einsum("nd,nd->n", places, places) <= found.squared_distances * 1.001).all()


@pytest.mark.parametrize(("samples", "features"), [(40, 90), (300, 20)])
def test_the_directions_of_spread_are_those_of_a_singular_value_decomposition(samples: int, features: int) -> None:
    x, y = samples_of_classes(samples, features)
    residuals = x - np.stack([x[y == label].mean(axis=0) for label in range(4)])[y]
    _, lengths, right = np.linalg.svd(residuals.astype(np.float64), full_matrices=False)
    directions, variances = Samples(x, y, 4).principal_directions(40, np.random.default_rng(0))
    largest = int(variances.argmax())
    assert variances[largest] == pytest.approx(lengths[0] ** 2 / (samples - 4), rel=1e-2)
    assert abs(directions[largest] @ right[0]) == pytest.approx(1, abs=1e-2)
    assert directions @ directions.T == pytest.approx(np.eye(len(directions)), abs=1e-2)


def test_one_sample_of_a_class_beside_many_of_others_is_enough() -> None:
    x, y = samples_of_classes(31, 90, classes=3)
    some = np.concatenate([np.flatnonzero(y > 0), [0]])
    found = Samples(x, y, 3).discriminant(np.sort(some))
    assert np.isfinite(found.logits).all()
    assert found.logits[0].argmax() == 0


def test_samples_that_are_all_alike_still_give_finite_weights() -> None:
    x = np.repeat(np.array([[1, 2, 3, 4, 5, 6, 7]], np.float32), 6, axis=0)
    x[3:, 2] += 1
    found = Samples(x, np.repeat([0, 1], 3), 2).discriminant(np.arange(6))
    assert found.logits.argmax(axis=1).tolist() == [0, 0, 0, 1, 1, 1]


def test_a_feature_is_taken_of_every_row() -> None:
    x, y = samples_of_classes(40, 90)
    x = np.abs(x)
    through, before = Samples(x, y, 4, signed_sqrt), Samples(np.sqrt(x), y, 4)
    everything = np.arange(40)
    assert through.discriminant(everything).logits == pytest.approx(before.discriminant(everything).logits, rel=1e-3)
