"""Sums over parts of the samples give the discriminant of all of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from learning.class_sums import ClassSums, GrowingSums, head_of
from learning.discriminant import Rows
from learning.errors import NotEnoughSamples
from learning.fit import fit_head
from learning.novelty import unchanged
from learning.view_prior import measure_prior

pytestmark = pytest.mark.needs_runtime

CLASSES, VALUES, STATIONS = 5, 24, 60


def fleet(seed: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embeddings far from 0, as those of a network; every station sees things a little differently."""
    rng = np.random.default_rng(seed)
    stations = np.repeat(np.arange(STATIONS), 20)
    y = rng.integers(CLASSES, size=len(stations))
    y[:CLASSES] = np.arange(CLASSES)
    habits = rng.normal(0, 0.5, (STATIONS, VALUES))
    x = 30 + rng.normal(0, 1, (len(y), VALUES)) + 2 * rng.normal(0, 1, (CLASSES, VALUES))[y] + habits[stations]
    return x.astype(np.float32), y, stations


def test_partial_sums_of_stations_equal_the_whole() -> None:
    x, y, stations = fleet()
    origin = x[0]
    whole = ClassSums.of(x, y, CLASSES, origin).discriminant(None)
    parts = ClassSums.none(CLASSES, origin)
    for station in range(STATIONS):
        parts = parts + ClassSums.of(x[stations == station], y[stations == station], CLASSES, origin)
    found = parts.discriminant(None)
    scale = float(np.abs(whole.weights).max())
    assert float(np.abs(found.weights - whole.weights).max()) <= 1.5e-6 * scale
    assert float(np.abs(found.biases - whole.biases).max()) <= 1.5e-6 * float(np.abs(whole.biases).max())


def test_the_discriminant_is_that_of_the_rows_in_memory() -> None:
    x, y, _ = fleet()
    bank = np.random.default_rng(1).normal(30, 1, (40, VALUES)).astype(np.float32)
    prior = measure_prior(bank, np.stack([bank + 0.3, bank - 0.2], axis=1))
    rows = Rows([x], y, np.ones(len(x), np.float32), unchanged, prior.scatter)
    expected = rows.discriminant(np.arange(len(x))).logits(x - rows.mean)
    found = ClassSums.of(x, y, CLASSES, x[3]).discriminant(prior).logits(x - x[3])
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=2e-2)
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).all()


def test_subtracting_a_station_is_training_without_it() -> None:
    x, y, stations = fleet()
    left_out = stations == 7
    whole = ClassSums.of(x, y, CLASSES, x[0])
    found = (whole - ClassSums.of(x[left_out], y[left_out], CLASSES, x[0])).discriminant(None)
    expected = ClassSums.of(x[~left_out], y[~left_out], CLASSES, x[0]).discriminant(None)
    np.testing.assert_allclose(found.weights, expected.weights, rtol=1e-4, atol=1e-5)


def test_samples_that_are_added_one_at_a_time_give_the_sums_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("learning.class_sums.BATCH", 500)
    x, y, _ = fleet()
    growing = GrowingSums(CLASSES)
    assert growing.finished() is None
    for embedding, label in zip(x, y.tolist(), strict=True):
        growing.add(embedding, label)
    found = growing.finished()
    expected = ClassSums.of(x, y, CLASSES, found.origin)
    np.testing.assert_allclose(found.products, expected.products)
    np.testing.assert_allclose(found.sums, expected.sums)
    assert found.counts.tolist() == expected.counts.tolist()


def test_weights_count_like_repeated_samples() -> None:
    x, y, _ = fleet()
    twice = ClassSums.of(np.concatenate([x, x]), np.concatenate([y, y]), CLASSES, x[0])
    weighted = ClassSums.of(x, y, CLASSES, x[0], weight=2.0)
    np.testing.assert_allclose(weighted.products, twice.products)
    np.testing.assert_allclose(weighted.counts, twice.counts)


def test_a_class_that_only_the_left_out_station_has_is_not_among_the_classes() -> None:
    x, y, stations = fleet()
    y = np.where(stations == 7, CLASSES, y)
    whole = ClassSums.of(x, y, CLASSES + 1, x[0])
    own = stations == 7
    rest = whole - ClassSums.of(x[own], y[own], CLASSES + 1, x[0])
    assert rest.classes.tolist() == list(range(CLASSES))
    with pytest.raises(NotEnoughSamples, match=r"^training needs two classes with two samples each\. Add samples\.$"):
        ClassSums.of(x[own], y[own], CLASSES + 1, x[0]).discriminant(None)


def test_a_head_from_sums_answers_like_one_fit_of_everything() -> None:
    x, y, stations = fleet()
    fit = fit_head(x, y, CLASSES, rng=np.random.default_rng(0), groups=stations)
    fresh, truth, _ = fleet(seed=4)
    found = ClassSums.of(x, y, CLASSES, x[0]).discriminant(None)
    head = head_of(found, x[0], replace(fit), x[:200])
    same = head.logits(fresh).argmax(axis=1) == fit.head.logits(fresh).argmax(axis=1)
    assert same.mean() >= 0.999
    np.testing.assert_allclose(head.probabilities(fresh), fit.head.probabilities(fresh), atol=2e-2)
    assert (head.logits(fresh).argmax(axis=1) == truth).mean() > 0.8
    assert head.not_sure is fit.head.not_sure
