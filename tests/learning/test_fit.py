"""The kiosk's one call: few samples, unbalanced classes, progress, cancelling."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from learning.dataset import stratified_folds
from learning.discriminant import BATCH
from learning.errors import NotEnoughSamples, TrainingCancelled
from learning.fit import FitProgress, fit_head
from learning.layers import softmax
from tests.learning.test_softmax_regression import blobs


def test_two_samples_of_two_classes_are_enough() -> None:
    x, y = blobs(per_class=2, classes=2)
    fit = fit_head(x, y, 2, rng=np.random.default_rng(0))
    assert fit.head.get_accuracy(x, y) == 1.0
    assert fit.confusion.sum() == 4


def test_separable_classes_are_learned_and_validated() -> None:
    x, y = blobs()
    fit = fit_head(x, y, 3, rng=np.random.default_rng(0))
    assert fit.validation_accuracy > 0.95
    assert fit.confusion.sum() == len(fit.validation_indices) == 90


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


@pytest.mark.parametrize("classes", [2, 3, 9])
def test_the_range_of_the_logits_cuts_nothing_that_decides(classes: int) -> None:
    x, y = blobs(classes=classes, per_class=40)
    head = fit_head(x, y, classes, rng=np.random.default_rng(0)).head
    fresh, _ = blobs(classes=classes, per_class=200)
    logits = fresh.astype(np.float64) @ head.params["mat_w"] + head.params["vec_b"]
    cut = np.clip(logits, head.min_score, head.max_score)
    before, after = (np.exp(z - z.max(axis=1, keepdims=True)) for z in (logits, cut))
    before, after = before / before.sum(axis=1, keepdims=True), after / after.sum(axis=1, keepdims=True)
    assert (before.argmax(axis=1) == after.argmax(axis=1)).all()
    assert np.abs(before - after).max() < classes / 256
    assert logits.min() - 1 <= head.min_score < head.max_score <= logits.max() + 1


def test_no_weight_stands_out_so_far_that_the_others_lose_their_precision() -> None:
    x, y = blobs(per_class=40, dim=200)
    x[:, 0] = 50 * (y == 0)
    head = fit_head(x, y, 3, rng=np.random.default_rng(0)).head
    weights = np.abs(head.params["mat_w"])
    assert 2 * weights.max() / 255 < 0.1 * np.median(weights)  # one step of 8 bits beside the usual weight
    assert head.get_accuracy(x, y) == 1.0


def test_the_same_seed_gives_the_same_head() -> None:
    x, y = blobs()
    heads = [fit_head(x, y, 3, rng=np.random.default_rng(5)).head for _ in range(2)]
    assert np.array_equal(heads[0].params["mat_w"], heads[1].params["mat_w"])


def test_progress_grows_and_what_more_samples_teach_is_told() -> None:
    seen: list[FitProgress] = []
    rng = np.random.default_rng(0)
    y = np.arange(120) % 3
    x = (rng.normal(0, 1, (120, 30)) + rng.normal(0, 0.7, (3, 30))[y]).astype(np.float32)
    fit = fit_head(x, y, 3, rng=rng, on_progress=seen.append)
    assert fit.history == tuple(seen)
    assert [one.fraction for one in seen] == sorted(one.fraction for one in seen)
    assert [one.shots for one in seen] == sorted(one.shots for one in seen)
    assert seen[-1].shots == pytest.approx(40 * 4 / 5)
    assert seen[-1].validation_accuracy > 0.9


def test_every_sample_is_judged_by_a_head_that_never_saw_it() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 1, (120, 300)).astype(np.float32), np.arange(120) % 3  # nothing to learn, all to remember
    fit = fit_head(x, y, 3, rng=rng)
    assert fit.head.get_accuracy(x, y) == 1.0
    assert fit.validation_accuracy < 0.55


def test_probabilities_are_as_sure_as_they_are_right() -> None:
    rng = np.random.default_rng(1)
    centres = rng.normal(0, 0.4, (4, 20))
    y, fresh = np.arange(200) % 4, np.arange(2000) % 4
    x = (centres[y] + rng.normal(0, 1, (200, 20))).astype(np.float32)
    seen = (centres[fresh] + rng.normal(0, 1, (2000, 20))).astype(np.float32)
    head = fit_head(x, y, 4, rng=rng).head
    sure = softmax(head.logits(seen)).max(axis=1).mean()
    assert sure == pytest.approx(head.get_accuracy(seen, fresh), abs=0.06)


def test_a_fit_can_be_stopped() -> None:
    x, y = blobs()
    with pytest.raises(TrainingCancelled):
        fit_head(x, y, 3, rng=np.random.default_rng(0), should_stop=lambda: True)


def test_a_class_with_one_sample_is_refused() -> None:
    x, y = blobs(per_class=2, classes=2)
    with pytest.raises(NotEnoughSamples) as caught:
        fit_head(x[:3], y[:3], 2, rng=np.random.default_rng(0))
    assert str(caught.value) == "training needs two classes with two samples each. Add samples."


@given(st.lists(st.integers(2, 30), min_size=1, max_size=6), st.integers(2, 6))
def test_folds_share_every_class_evenly_and_never_take_all_of_it(counts: list[int], folds: int) -> None:
    y = np.repeat(np.arange(len(counts)), counts)
    dealt = stratified_folds(y, folds, np.random.default_rng(0))
    for label, count in enumerate(counts):
        shares = np.bincount(dealt[y == label], minlength=folds)
        assert shares.max() - shares.min() <= 1
        assert shares.max() < count


def test_the_fit_runs_on_one_thread_of_linear_algebra_and_leaves_the_others_as_they_were() -> None:
    def threads() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    before, inside = threads(), []
    x, y = blobs()
    fit_head(x, y, 3, rng=np.random.default_rng(0), on_progress=lambda _: inside.extend(threads()))
    assert set(inside) == {1}
    assert threads() == before
    inside.clear()
    fit_head(x, y, 3, rng=np.random.default_rng(0), on_progress=lambda _: inside.extend(threads()), blas_threads=None)
    assert set(inside) == set(before)


@pytest.mark.parametrize(("samples", "features"), [(200, 1000), (3000, 64)])
def test_the_data_is_never_copied_whole(samples: int, features: int) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 1, (samples, features)).astype(np.float32), np.arange(samples) % 2
    fit_head(x[:8], y[:8], 2, rng=rng)  # what is imported or cached once does not count
    tracemalloc.start()
    fit_head(x, y, 2, rng=rng)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    batches, squares, columns = 2 * BATCH * features, 8 * min(samples, features) ** 2, 48 * samples
    assert peak_bytes < 4 * (batches + squares + columns) + 2**17
