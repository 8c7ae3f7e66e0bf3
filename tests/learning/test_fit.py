"""The kiosk's one call: few samples, unbalanced classes, progress, cancelling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning.dataset import stratified_split
from learning.errors import NotEnoughSamples, TrainingCancelled
from learning.fit import FitProgress, fit_head
from learning.layers import cross_entropy
from learning.softmax_regression import SoftmaxRegression
from tests.learning.test_softmax_regression import blobs


def test_two_samples_of_two_classes_are_enough() -> None:
    x, y = blobs(per_class=2, classes=2)
    fit = fit_head(x, y, 2, rng=np.random.default_rng(0))
    assert fit.head.get_accuracy(x, y) == 1.0
    assert fit.confusion.sum() == 2


def test_separable_classes_are_learned_and_validated() -> None:
    x, y = blobs()
    fit = fit_head(x, y, 3, rng=np.random.default_rng(0))
    assert fit.validation_accuracy > 0.95
    assert fit.confusion.sum() == len(fit.validation_indices) == 18


def test_a_shift_and_scale_of_the_features_changes_no_answer() -> None:
    x, y = blobs()
    moved = 0.01 * x + np.linspace(-5, 5, 8, dtype=np.float32)
    fits = [fit_head(values, y, 3, rng=np.random.default_rng(0)) for values in (x, moved)]
    assert np.array_equal(fits[0].head.run_inference(x), fits[1].head.run_inference(moved))


def test_a_class_with_few_samples_is_recalled_beside_one_with_many() -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 1, (200, 6)), rng.normal(1.6, 1, (8, 6))]).astype(np.float32)
    y = np.repeat([0, 1], [200, 8])
    head = fit_head(x, y, 2, rng=rng).head
    fresh = rng.normal(1.6, 1, (500, 6)).astype(np.float32)
    assert (head.run_inference(fresh) == 1).mean() > 0.85


def test_the_range_of_the_logits_holds_all_samples() -> None:
    x, y = blobs()
    head = fit_head(x, y, 3, rng=np.random.default_rng(0)).head
    assert (head.min_score, head.max_score) == (head.logits(x).min(), head.logits(x).max())


def test_the_same_seed_gives_the_same_head() -> None:
    x, y = blobs()
    heads = [fit_head(x, y, 3, rng=np.random.default_rng(5)).head for _ in range(2)]
    assert np.array_equal(heads[0].params["mat_w"], heads[1].params["mat_w"])


def test_progress_grows_and_the_loss_falls() -> None:
    seen: list[FitProgress] = []
    x, y = blobs()
    fit = fit_head(x, y, 3, rng=np.random.default_rng(0), on_progress=seen.append)
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert fit.history == tuple(seen)
    assert seen[-1].loss < cross_entropy(np.zeros((90, 3), np.float32), y)[0] / 5


def test_a_fit_can_be_stopped() -> None:
    x, y = blobs()
    with pytest.raises(TrainingCancelled):
        fit_head(x, y, 3, rng=np.random.default_rng(0), should_stop=lambda: True)


def test_a_class_with_one_sample_is_refused() -> None:
    x, y = blobs(per_class=2, classes=2)
    with pytest.raises(NotEnoughSamples) as caught:
        fit_head(x[:3], y[:3], 2, rng=np.random.default_rng(0))
    assert str(caught.value) == "training needs two classes with two samples each. Add samples."


@given(st.lists(st.integers(2, 30), min_size=1, max_size=6), st.floats(0.05, 0.6))
def test_a_split_keeps_every_class_on_both_sides(counts: list[int], fraction: float) -> None:
    y = np.repeat(np.arange(len(counts)), counts)
    training, validation = stratified_split(y, fraction, np.random.default_rng(0))
    assert sorted([*training, *validation]) == list(range(len(y)))
    assert set(y[training]) == set(y[validation]) == set(range(len(counts)))


@pytest.mark.parametrize(("samples", "features"), [(30, 64), (64, 30)])
def test_few_samples_and_few_features_reach_the_optimum_of_the_same_loss(samples: int, features: int) -> None:
    rng = np.random.default_rng(8)
    y = np.arange(samples) % 3
    x = (rng.normal(0, 1, (samples, features)) + np.eye(3)[y] @ rng.normal(0, 1, (3, features))).astype(np.float32)
    fit = fit_head(x, y, 3, rng=np.random.default_rng(0))
    slow = SoftmaxRegression(features, 3, weight_scale=0.0, rng=0)
    scale = np.sqrt(x.var(axis=0).sum())
    z = ((x - x.mean(axis=0)) / scale).astype(np.float64)
    w, b = np.zeros((features, 3)), np.zeros(3)
    for _ in range(4000):  # plain gradient descent, in double precision
        p = np.exp(z @ w + b - (z @ w + b).max(axis=1, keepdims=True))
        gradient = (p / p.sum(axis=1, keepdims=True) - np.eye(3)[y]) / samples
        w -= 0.8 * (z.T @ gradient + 0.01 / samples * w)
        b -= 0.8 * gradient.sum(axis=0)
    slow.params = {"mat_w": (w / scale).astype(np.float32), "vec_b": np.zeros(3, np.float32)}
    slow.params["vec_b"] = (b - x.mean(axis=0) @ slow.params["mat_w"]).astype(np.float32)
    ours, theirs = (head.logits(x) - head.logits(x).mean(axis=1, keepdims=True) for head in (fit.head, slow))
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.995
