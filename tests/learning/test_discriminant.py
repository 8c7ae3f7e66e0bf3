"""The discriminant, from inner products and from the scatter matrix, equals its formula in double precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from learning.discriminant import SHRINKAGE, Samples
from learning.novelty import signed_sqrt

pytestmark = pytest.mark.needs_runtime


def samples_of_classes(samples: int, features: int, classes: int = 4, seed: int = 3) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    y = np.arange(samples) % classes
    mixing = rng.normal(0, 1, (features, features)) / np.sqrt(features)
    x = rng.normal(0, 1, (samples, features)) @ mixing + rng.normal(0, 1, (classes, features))[y] + 5
    return x.astype(np.float32), y


def from_the_formula(x: Any, y: Any) -> tuple[Any, Any, Any, float]:
    """Return (S + λI)⁻¹, the class means, their mean and λ, in double precision."""
    x = x.astype(np.float64)
    classes = int(y.max()) + 1
    means = np.stack([x[y == label].mean(axis=0) for label in range(classes)])
    residuals = x - means[y]
    degrees = len(x) - classes
    covariance = residuals.T @ residuals / degrees
    shrink = SHRINKAGE * np.trace(covariance) / min(degrees, x.shape[1])
    return np.linalg.inv(covariance + shrink * np.eye(x.shape[1])), means, means.mean(axis=0), shrink


@pytest.mark.parametrize(("samples", "features"), [(40, 90), (300, 20)])
def test_logits_equal_the_formula_for_training_samples_and_for_others(samples: int, features: int) -> None:
    x, y = samples_of_classes(samples, features)
    training = np.flatnonzero(np.arange(samples) % 5)
    inverse, means, middle, shrink = from_the_formula(x[training], y[training])
    directions = inverse @ (means - middle).T
    expected = (x - middle) @ directions - 0.5 * np.einsum("cd,dc->c", means - middle, directions)
    found = Samples(x, y, 4).discriminant(training)
    assert found.shrink == pytest.approx(shrink, rel=1e-4)
    assert found.logits == pytest.approx(expected, abs=2e-3 * np.abs(expected).max())


@pytest.mark.parametrize(("samples", "features"), [(40, 90), (300, 20)])
def test_the_weights_give_the_same_logits_as_the_products(samples: int, features: int) -> None:
    x, y = samples_of_classes(samples, features)
    every_sample = Samples(x, y, 4)
    found = every_sample.discriminant(np.arange(samples))
    logits = (x - every_sample.mean) @ every_sample.weights(found) + found.biases
    assert logits == pytest.approx(found.logits, abs=1e-3 * float(np.abs(logits).max()))


@pytest.mark.parametrize(("samples", "features"), [(40, 90), (300, 20)])
def test_distances_and_coordinates_equal_those_of_the_whitened_space(samples: int, features: int) -> None:
    x, y = samples_of_classes(samples, features)
    training, rest = np.flatnonzero(np.arange(samples) % 5), np.flatnonzero(np.arange(samples) % 5 == 0)
    inverse, means, middle, _ = from_the_formula(x[training], y[training])
    found = Samples(x, y, 4).discriminant(training, measured=rest)
    centred = x[rest] - middle
    assert found.squared_distances == pytest.approx(np.einsum("nd,de,ne->n", centred, inverse, centred), rel=2e-3)
    axes, centres = found.plane()
    between = means[0] - means[3]
    assert np.sum((centres[0] - centres[3]) ** 2) == pytest.approx(between @ inverse @ between, rel=2e-3)
    positions = found.coordinates(axes)[rest]
    assert (np.einsum("nd,nd->n", positions, positions) <= found.squared_distances * 1.001).all()


@pytest.mark.parametrize(("samples", "features"), [(40, 90), (300, 20)])
def test_principal_directions_equal_those_of_a_singular_value_decomposition(samples: int, features: int) -> None:
    x, y = samples_of_classes(samples, features)
    residuals = x - np.stack([x[y == label].mean(axis=0) for label in range(4)])[y]
    _, lengths, right = np.linalg.svd(residuals.astype(np.float64), full_matrices=False)
    directions, variances = Samples(x, y, 4).principal_directions(40, np.random.default_rng(0))
    largest = int(variances.argmax())
    assert variances[largest] == pytest.approx(lengths[0] ** 2 / (samples - 4), rel=1e-2)
    assert abs(directions[largest] @ right[0]) == pytest.approx(1, abs=1e-2)
    assert directions @ directions.T == pytest.approx(np.eye(len(directions)), abs=1e-2)


def test_one_sample_of_a_class_is_enough_if_others_have_many() -> None:
    x, y = samples_of_classes(31, 90, classes=3)
    training = np.concatenate([np.flatnonzero(y > 0), [0]])
    found = Samples(x, y, 3).discriminant(np.sort(training))
    assert np.isfinite(found.logits).all()
    assert found.logits[0].argmax() == 0


def test_identical_samples_still_give_finite_weights() -> None:
    x = np.repeat(np.array([[1, 2, 3, 4, 5, 6, 7]], np.float32), 6, axis=0)
    x[3:, 2] += 1
    found = Samples(x, np.repeat([0, 1], 3), 2).discriminant(np.arange(6))
    assert found.logits.argmax(axis=1).tolist() == [0, 0, 0, 1, 1, 1]


def test_the_feature_is_applied_to_every_row() -> None:
    x, y = samples_of_classes(40, 90)
    x = np.abs(x)
    through, before = Samples(x, y, 4, signed_sqrt), Samples(np.sqrt(x), y, 4)
    everything = np.arange(40)
    assert through.discriminant(everything).logits == pytest.approx(before.discriminant(everything).logits, rel=1e-3)
