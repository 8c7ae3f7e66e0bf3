"""Options that the published method lacked: no validation data, cancelling, early stopping, a history, threads."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from learning.errors import InvalidTrainingOption, MissingTrainingData, TrainingCancelled
from learning.softmax_regression import Report, SoftmaxRegression
from tests.learning.test_softmax_regression import blobs, data

pytestmark = pytest.mark.needs_runtime


def quiet(*_: object) -> None:
    """Print nothing."""


@pytest.mark.parametrize("left_out", [("data_val", "labels_val"), (), ("empty lists",)])
def test_training_works_without_validation_data(left_out: tuple[str, ...]) -> None:
    samples = {name: value for name, value in data().items() if name not in left_out}
    if not left_out:
        samples |= {"data_val": np.zeros((0, 8), np.float32), "labels_val": np.zeros(0, np.int64)}
    if left_out == ("empty lists",):
        samples |= {"data_val": [], "labels_val": []}
    head = SoftmaxRegression(8, 3, rng=0)
    reports = head.train_with_sgd(samples, 200, 0.05, on_statistics=quiet)
    assert [one.iteration for one in reports] == [0, 100]
    assert all(math.isnan(one.validation_accuracy) for one in reports)
    assert head.get_accuracy(samples["data_train"], samples["labels_train"]) > 0.9
    assert head.get_accuracy(samples["data_train"][:0], []) == head.get_accuracy([], []) == 0.0


def test_without_validation_data_the_printed_line_says_none(capsys: pytest.CaptureFixture[str]) -> None:
    x, y = blobs()
    SoftmaxRegression(8, 3, rng=0).train_with_sgd({"data_train": x, "labels_train": y}, 1, 0.05)
    assert capsys.readouterr().out.endswith("Val Acc none\n")


def test_one_validation_sample_is_enough() -> None:
    x, y = blobs()
    samples = {"data_train": x, "labels_train": y, "data_val": x[:1], "labels_val": y[:1]}
    reports = SoftmaxRegression(8, 3, rng=0).train_with_sgd(samples, 101, 0.05, on_statistics=quiet)
    assert reports[-1].validation_accuracy in (0.0, 1.0)


def test_the_returned_history_is_what_on_statistics_received() -> None:
    received: list[tuple[Any, ...]] = []
    reports = SoftmaxRegression(8, 3, rng=0).train_with_sgd(
        data(), 250, 0.05, print_every=50, on_statistics=lambda *one: received.append(one)
    )
    assert reports == tuple(Report(*one) for one in received)
    assert [one.iteration for one in reports] == [0, 50, 100, 150, 200]


def test_a_training_that_diverges_is_refused_and_changes_nothing() -> None:
    head = SoftmaxRegression(8, 3, reg=0.1, rng=0)
    head.train_with_sgd(data(), 200, 0.05, on_statistics=quiet)
    before = {name: value.copy() for name, value in head.params.items()}
    with pytest.raises(InvalidTrainingOption) as caught, np.errstate(all="ignore"):
        head.train_with_sgd(data(), 200, 1e30, on_statistics=quiet)
    assert str(caught.value) == "the training diverged with learning_rate=1e+30, so nothing changed. Use a smaller one."
    assert all(np.array_equal(head.params[name], value) for name, value in before.items())


@pytest.mark.parametrize("patience", [0, -1])
def test_a_patience_below_one_report_is_refused(patience: int) -> None:
    with pytest.raises(InvalidTrainingOption) as caught:
        SoftmaxRegression(8, 3).train_with_sgd(data(), 1, 0.1, patience=patience)
    assert str(caught.value) == f"patience is {patience}. Use 1 or more, or None to run all updates."


def test_training_without_samples_is_refused() -> None:
    empty = {"data_train": np.zeros((0, 8), np.float32), "labels_train": np.zeros(0, np.int64)}
    with pytest.raises(MissingTrainingData) as caught:
        SoftmaxRegression(8, 3).train_with_sgd(empty, 1, 0.1)
    assert str(caught.value) == "data_train is missing or empty. Put at least one sample into data['data_train']."


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"batch_size": 0}, "batch_size is 0. Use 1 or more."),
        ({"print_every": -1}, "print_every is -1. Use 1 or more, or 0 to print nothing."),
        (
            {"print_every": 0, "patience": 3},
            "patience counts reports, but print_every=0 disables them. Use 1 or more.",
        ),
    ],
)
def test_an_option_out_of_range_is_refused(options: dict[str, int], text: str) -> None:
    with pytest.raises(InvalidTrainingOption) as caught:
        SoftmaxRegression(8, 3).train_with_sgd(data(), 1, 0.1, **options)  # type: ignore[arg-type]
    assert str(caught.value) == text


def test_a_cancelled_training_leaves_the_head_unchanged() -> None:
    head, calls = SoftmaxRegression(8, 3, rng=0), iter(range(100))
    before = {name: value.copy() for name, value in head.params.items()}
    with pytest.raises(TrainingCancelled) as caught:
        head.train_with_sgd(data(), 500, 0.05, on_statistics=quiet, should_stop=lambda: next(calls) == 20)
    assert str(caught.value) == "training was stopped and changed nothing. Start it again to train."
    assert next(calls) == 21
    assert all(np.array_equal(head.params[name], before[name]) for name in before)


def test_patience_ends_the_training_early_and_keeps_the_best_weights() -> None:
    x, y = blobs(per_class=4, seed=3)
    rng = np.random.default_rng(1)
    samples = {"data_train": x, "labels_train": y, "data_val": x, "labels_val": rng.permutation(y)}
    head = SoftmaxRegression(8, 3, rng=0)
    reports = head.train_with_sgd(samples, 5000, 0.05, print_every=5, on_statistics=quiet, patience=3)
    accuracies = [one.validation_accuracy for one in reports]
    best = accuracies.index(max(accuracies))
    assert len(reports) == best + 1 + 3
    assert head.get_accuracy(x, samples["labels_val"]) == max(accuracies)


def test_float64_data_train_the_same_weights_as_float32() -> None:
    samples = data()
    wide = {name: value.astype(np.float64) if "data" in name else value for name, value in samples.items()}
    heads = [SoftmaxRegression(8, 3, rng=4) for _ in range(2)]
    for head, one in zip(heads, (samples, wide), strict=True):
        head.train_with_sgd(one, 50, 0.05, on_statistics=quiet)
    assert np.array_equal(heads[0].params["mat_w"], heads[1].params["mat_w"])
    assert heads[1].params["mat_w"].dtype == np.float32


@pytest.mark.parametrize(("blas_threads", "seen"), [(1, 1), (None, 2)])
def test_linear_algebra_uses_as_many_threads_as_given_or_leaves_the_setting(
    blas_threads: int | None, seen: int
) -> None:
    threads: list[int] = []

    def note_threads(*_: object) -> None:
        threads.append(max(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"))

    with threadpool_limits(limits=2, user_api="blas"):
        SoftmaxRegression(8, 3).train_with_sgd(data(), 1, 0.05, on_statistics=note_threads, blas_threads=blas_threads)
        note_threads()
    assert threads == [seen, 2]


def test_the_range_of_the_logits_comes_from_the_final_weights_and_all_training_data() -> None:
    x, y = blobs(per_class=200)
    head = SoftmaxRegression(8, 3, rng=0)
    head.train_with_sgd({"data_train": x, "labels_train": y}, 1, 0.05, batch_size=2, on_statistics=quiet)
    logits = x.astype(np.float64) @ head.params["mat_w"].astype(np.float64) + head.params["vec_b"]
    assert head.min_score == pytest.approx(logits.min(), rel=1e-4)
    assert head.max_score == pytest.approx(logits.max(), rel=1e-4)
