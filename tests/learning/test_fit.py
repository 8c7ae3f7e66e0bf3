"""`fit_head`: few samples, unbalanced classes, progress, cancelling, threads and memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from learning.calibration import threshold_of
from learning.discriminant import BATCH
from learning.errors import InvalidEmbeddings, NotEnoughSamples, TrainingCancelled
from learning.fit import fit_head
from learning.layers import softmax
from learning.novelty import novelties
from learning.progress import FitProgress
from learning.validation import plan_folds
from learning.view_prior import ViewPrior
from tests.learning.test_softmax_regression import blobs

pytestmark = pytest.mark.needs_runtime


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


def test_shifting_and_scaling_the_features_changes_no_answer() -> None:
    x, y = blobs()
    moved = 0.01 * x + np.linspace(-5, 5, 8, dtype=np.float32)
    fits = [fit_head(values, y, 3, rng=np.random.default_rng(0)) for values in (x, moved)]
    assert np.array_equal(fits[0].head.run_inference(x), fits[1].head.run_inference(moved))


def test_a_class_with_few_samples_is_recognised_although_another_has_many() -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 1, (200, 6)), rng.normal(1.6, 1, (8, 6))]).astype(np.float32)
    y = np.repeat([0, 1], [200, 8])
    head = fit_head(x, y, 2, rng=rng).head
    unseen = rng.normal(1.6, 1, (500, 6)).astype(np.float32)
    assert (head.run_inference(unseen) == 1).mean() > 0.85


@pytest.mark.parametrize("classes", [2, 3, 9])
def test_clipping_to_the_range_of_the_logits_changes_no_answer(classes: int) -> None:
    x, y = blobs(classes=classes, per_class=40)
    head = fit_head(x, y, classes, rng=np.random.default_rng(0)).head
    unseen, _ = blobs(classes=classes, per_class=200)
    logits = unseen.astype(np.float64) @ head.params["mat_w"] + head.params["vec_b"]
    clipped = np.clip(logits, head.min_score, head.max_score)
    before, after = (np.exp(z - z.max(axis=1, keepdims=True)) for z in (logits, clipped))
    before, after = before / before.sum(axis=1, keepdims=True), after / after.sum(axis=1, keepdims=True)
    assert (before.argmax(axis=1) == after.argmax(axis=1)).all()
    assert np.abs(before - after).max() < classes / 256
    assert logits.min() - 1 <= head.min_score < head.max_score <= logits.max() + 1


def test_no_weight_is_so_large_that_the_others_lose_their_8_bit_precision() -> None:
    x, y = blobs(per_class=40, dim=200)
    x[:, 0] = 50 * (y == 0)
    head = fit_head(x, y, 3, rng=np.random.default_rng(0)).head
    weights = np.abs(head.params["mat_w"])
    assert 2 * weights.max() / 255 < 0.1 * np.median(weights)  # one 8-bit step against the typical weight
    assert head.get_accuracy(x, y) == 1.0


def test_the_same_seed_gives_the_same_head() -> None:
    x, y = blobs()
    heads = [fit_head(x, y, 3, rng=np.random.default_rng(5)).head for _ in range(2)]
    assert np.array_equal(heads[0].params["mat_w"], heads[1].params["mat_w"])


def test_progress_and_training_samples_only_grow_and_all_is_in_the_history() -> None:
    seen: list[FitProgress] = []
    rng = np.random.default_rng(0)
    y = np.arange(120) % 3
    x = (rng.normal(0, 1, (120, 30)) + rng.normal(0, 0.7, (3, 30))[y]).astype(np.float32)
    fit = fit_head(x, y, 3, rng=rng, on_progress=seen.append)
    assert fit.history == tuple(one for one in seen if one in fit.history)
    fractions = [0.0, *(one.fraction for one in seen)]
    assert fractions == sorted(set(fractions))
    assert [one.shots for one in seen] == sorted(one.shots for one in seen)
    assert seen[-1].shots == pytest.approx(40 * 4 / 5)
    assert seen[-1].validation_accuracy > 0.9


def test_progress_never_stands_still_for_long_also_if_the_curve_is_left_for_later() -> None:
    seen: list[FitProgress] = []
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    x = (rng.normal(0, 1, (60, 30)) + rng.normal(0, 0.7, (3, 30))[y]).astype(np.float32)
    views, source = np.repeat(x, 2, axis=0) + rng.normal(0, 0.5, (120, 30)).astype(np.float32), np.arange(120) // 2
    fit = fit_head(x, y, 3, rng=rng, made=views, made_source=source, on_progress=seen.append, curve_later=True)
    fractions = [one.fraction for one in seen]
    assert fractions == sorted(set(fractions))
    validated = seen.index(fit.history[0])
    assert (seen[0].shots, seen[0].validation_accuracy, seen[0].loss) == (0, 1 / 3, pytest.approx(np.log(3)))
    assert validated >= 3 * 5  # folds: with and without made views, and of what was chosen
    assert len(seen[validated + 1 :]) >= 5
    assert max(np.diff([0.0, *fractions, 1.0])) < 0.2


def test_the_points_of_few_samples_can_be_measured_later_and_change_nothing_else() -> None:
    x, y = blobs()
    at_once = fit_head(x, y, 3, rng=np.random.default_rng(0))
    later = fit_head(x, y, 3, rng=np.random.default_rng(0), curve_later=True)
    assert at_once.rest_of_history is None
    assert later.rest_of_history is not None
    assert np.array_equal(at_once.head.params["mat_w"], later.head.params["mat_w"])
    assert len(later.history) == 1
    assert (*later.rest_of_history(lambda: None), *later.history) == at_once.history

    def stop() -> None:
        raise TrainingCancelled

    with pytest.raises(TrainingCancelled):
        later.rest_of_history(stop)


def test_every_sample_is_validated_by_a_head_trained_without_it() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 1, (120, 300)).astype(np.float32), np.arange(120) % 3  # nothing to learn, only to memorise
    fit = fit_head(x, y, 3, rng=rng)
    assert fit.head.get_accuracy(x, y) == 1.0
    assert fit.validation_accuracy < 0.55


def test_the_mean_top_probability_equals_the_accuracy() -> None:
    rng = np.random.default_rng(1)
    centres = rng.normal(0, 0.4, (4, 20))
    y, unseen = np.arange(200) % 4, np.arange(2000) % 4
    x = (centres[y] + rng.normal(0, 1, (200, 20))).astype(np.float32)
    seen = (centres[unseen] + rng.normal(0, 1, (2000, 20))).astype(np.float32)
    head = fit_head(x, y, 4, rng=rng).head
    sure = softmax(head.logits(seen)).max(axis=1).mean()
    assert sure == pytest.approx(head.get_accuracy(seen, unseen), abs=0.06)


def test_a_fit_can_be_stopped() -> None:
    x, y = blobs()
    with pytest.raises(TrainingCancelled):
        fit_head(x, y, 3, rng=np.random.default_rng(0), should_stop=lambda: True)


def test_a_class_with_one_sample_is_refused() -> None:
    x, y = blobs(per_class=2, classes=2)
    with pytest.raises(NotEnoughSamples) as caught:
        fit_head(x[:3], y[:3], 2, rng=np.random.default_rng(0))
    assert str(caught.value) == "training needs two classes with two samples each. Add samples."


def test_the_fit_uses_one_linear_algebra_thread_and_restores_the_setting() -> None:
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


@pytest.mark.parametrize(("samples", "features"), [(200, 1000), (12_000, 64)])
def test_the_data_is_never_copied_whole(samples: int, features: int) -> None:
    """With more samples than features, no matrix grows with the number of samples."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 1, (samples, features)).astype(np.float32), np.arange(samples) % 2
    fit_head(x[:8], y[:8], 2, rng=rng)  # imports and caches that happen once do not count
    tracemalloc.start()
    fit_head(x, y, 2, rng=rng)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    batches, squares, columns = 6 * min(BATCH, samples) * features, 8 * min(samples, features) ** 2, 100 * samples
    assert peak_bytes < 4 * (batches + squares) + columns + 2**17


def near_duplicates(
    holds: int, frames: int, *, seed: int = 0, classes: int = 3
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return samples, labels and holds of classes that overlap; the frames of a hold are nearly the same."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(classes), holds)
    looks = rng.normal(0, 1, (len(y), 40)) + 2.2 * np.eye(classes, 40)[y]
    x = np.repeat(looks, frames, axis=0) + rng.normal(0, 0.02, (len(y) * frames, 40))
    return x.astype(np.float32), np.repeat(y, frames), np.repeat(np.arange(len(y)), frames)


def test_the_accuracy_comes_from_holds_that_were_not_trained_on() -> None:
    """With frames of one hold on both sides of a fold, every model would look nearly perfect."""
    x, y, holds = near_duplicates(12, 6)
    fresh, truth, _ = near_duplicates(400, 1, seed=1)
    fit = fit_head(x, y, 3, rng=np.random.default_rng(0), groups=holds)
    real = fit.head.get_accuracy(fresh, truth)
    assert fit.validation_from == "holds"
    assert fit.validation_accuracy == pytest.approx(real, abs=0.12)
    split_holds = fit_head(x, y, 3, rng=np.random.default_rng(0))  # as if every frame were a hold of its own
    assert split_holds.validation_accuracy is not None
    assert split_holds.validation_accuracy > real + 0.15


def test_a_class_with_one_hold_is_validated_by_made_views_and_recognises_other_views() -> None:
    x, y, holds = near_duplicates(1, 20)
    rng = np.random.default_rng(2)
    source = np.repeat(np.arange(0, len(x), 5), 6)
    made, fresh = (x[source] + rng.normal(0, 0.25, (len(source), 40)).astype(np.float32) for _ in range(2))
    fit = fit_head(x, y, 3, rng=np.random.default_rng(0), groups=holds, made=made, made_source=source)
    assert fit.validation_from == "views"
    assert fit.made_taught
    assert fit.head.not_sure is not None
    assert (novelties(fit.head.not_sure, fresh) > 1).mean() <= 0.08
    assert (novelties(fit.head.not_sure, near_duplicates(30, 1, seed=5)[0]) > 1).mean() >= 0.95


@pytest.mark.parametrize("views", [0, 6], ids=["near-duplicates", "made views"])
def test_only_held_out_holds_count_if_another_class_has_a_single_hold(views: int) -> None:
    """Sixty views of one thing's own pictures would hide that the others are never told apart."""
    rng = np.random.default_rng(3)
    x, y, holds = near_duplicates(2, 20)
    x, y, holds = (one[(y < 2) | (holds == 4)] for one in (x, y, holds))  # the last class has one hold
    x[y == 0] = x[y == 1] = rng.normal(0, 1, (40, 40)).astype(np.float32)  # the first two mean nothing
    source = np.repeat(np.arange(len(x)), views)
    made = x[source] + rng.normal(0, 0.05, (len(source), 40)).astype(np.float32)
    fit = fit_head(x, y, 3, rng=np.random.default_rng(0), groups=holds, made=made, made_source=source)
    assert fit.validation_from == "holds"
    assert fit.confusion.sum(axis=1).tolist() == [40, 40, 0]
    assert sorted(fit.validation_indices.tolist()) == np.flatnonzero(y < 2).tolist()  # each picture once
    assert len(fit.validation_probabilities) == len(fit.novelties) == 80
    right = float(np.trace(fit.confusion)) / 80
    assert fit.validation_accuracy == right < 0.7
    assert fit.history[-1].validation_accuracy == right
    assert all(point.validation_accuracy < 0.8 for point in fit.history)


def test_the_accuracy_is_unknown_if_only_near_duplicates_could_be_held_out() -> None:
    x, y, holds = near_duplicates(1, 20)
    fit = fit_head(x, y, 3, rng=np.random.default_rng(0), groups=holds)
    assert (fit.validation_accuracy, fit.validation_from, fit.provisional) == (None, None, True)


def test_no_row_is_judged_by_a_model_that_was_trained_on_its_hold_or_on_a_view_of_it() -> None:
    x, y, holds = near_duplicates(6, 3)
    source = np.repeat(np.arange(len(x)), 2)
    plan = plan_folds(y, holds, source, 3, np.random.default_rng(0))
    assert plan.origin == "holds"
    assert not plan.validated[len(x) :].any()
    hold_of_row = np.concatenate([holds, holds[source]])
    for fold in plan.folds:
        training, held_out = plan.training_rows(int(fold)), plan.validation_rows(int(fold))
        assert len(held_out)
        assert not set(hold_of_row[training]) & set(hold_of_row[held_out])
        assert len(training) + (plan.fold == fold).sum() == len(plan.y)


def test_each_class_may_count_its_holds_from_0() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(8, 6)).astype(np.float32) * 0.01 + 1  # near-duplicates
    y = np.repeat([0, 1], 4)
    bank, none = rng.normal(size=(20, 6)).astype(np.float32), np.zeros((0, 6), np.float32)
    prior = ViewPrior(distance=10.0, bank=bank, views=bank, scatter=none, feature_scatter=none)
    apart = fit_head(x, y, 2, groups=[0, 0, 1, 1, 2, 2, 3, 3], prior=prior, rng=np.random.default_rng(0))
    counted = fit_head(x, y, 2, groups=[0, 0, 1, 1, 0, 0, 1, 1], prior=prior, rng=np.random.default_rng(0))
    assert np.array_equal(apart.head.params["mat_w"], counted.head.params["mat_w"])
    assert apart.validation_accuracy == counted.validation_accuracy


def test_embeddings_of_two_extractors_are_refused() -> None:
    x, y, _ = near_duplicates(3, 2)
    with pytest.raises(InvalidEmbeddings) as caught:
        fit_head(x, y, 3, rng=np.random.default_rng(0), made=x[:, :30], made_source=np.arange(len(x)))
    assert str(caught.value) == (
        "made has 30-value embeddings, but embeddings has 40-value ones. Use the same extractor for both."
    )


def test_the_threshold_is_what_nearly_all_correct_answers_reach_within_its_limits() -> None:
    """Between 0.34 and 0.5; without a correct answer the largest."""
    truth = np.array([0, 0, 1])

    def threshold(*top: float) -> float:
        return threshold_of(np.array([(one, 1 - one) for one in top], np.float32), truth)

    assert threshold(0.9, 0.8, 0.1) == 0.5
    assert threshold(0.1, 0.2, 0.9) == 0.5  # each one wrong
    three = np.array([(0.42, 0.3, 0.28), (0.9, 0.1, 0.0), (0.1, 0.9, 0.0)], np.float32)
    assert 0.42 <= threshold_of(three, truth) < 0.45
    low = np.array([(0.34, 0.33, 0.33)] * 3, np.float32)
    assert threshold_of(low, np.zeros(3, int)) == pytest.approx(0.34)
