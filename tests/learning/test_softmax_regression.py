"""SoftmaxRegression: its mathematics against independent computations, its defaults, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from learning.errors import (
    EmbeddingSizeMismatch,
    InvalidEmbeddings,
    InvalidLabels,
    MissingTrainingData,
    ModelNotTrained,
)
from learning.layers import cross_entropy, softmax
from learning.softmax_regression import SoftmaxRegression

pytestmark = pytest.mark.needs_runtime

logits = hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=2), elements=st.floats(-500, 500, width=32))


def blobs(per_class: int = 30, classes: int = 3, dim: int = 8, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 3, (classes, dim))
    y = np.repeat(np.arange(classes), per_class)
    return (centres[y] + rng.normal(0, 0.7, (len(y), dim))).astype(np.float32), y


def data(seed: int = 0) -> dict[str, Any]:
    x, y = blobs(seed=seed)
    return {"data_train": x, "labels_train": y, "data_val": x[::5], "labels_val": y[::5]}


@given(logits)
def test_softmax_rows_are_probabilities_and_keep_the_largest_class(x: Any) -> None:
    p = softmax(x)
    assert np.allclose(p.sum(axis=1), 1, atol=1e-5)
    assert (p >= 0).all()
    assert (p[np.arange(len(x)), x.argmax(axis=1)] >= p.max(axis=1)).all()


def test_the_gradient_equals_finite_differences() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 1, (5, 4)).astype(np.float32), np.array([0, 1, 2, 3, 1])
    _, gradient = cross_entropy(x, y)
    for row, column in np.ndindex(x.shape):
        moved = [x.astype(np.float64).copy() for _ in range(2)]
        moved[0][row, column] += 1e-4
        moved[1][row, column] -= 1e-4
        losses = [np.mean([np.log(np.exp(z).sum()) - z[t] for z, t in zip(m, y, strict=True)]) for m in moved]
        assert gradient[row, column] == pytest.approx((losses[0] - losses[1]) / 2e-4, abs=1e-4)


def test_the_loss_is_finite_where_exp_overflows() -> None:
    loss, gradient = cross_entropy(np.array([[1000.0, -1000.0]], np.float32), np.array([1]))
    assert loss == pytest.approx(2000)
    assert np.isfinite(gradient).all()


def test_weights_start_scaled_normal_and_biases_zero() -> None:
    head = SoftmaxRegression(500, 10, weight_scale=0.05, rng=0)
    assert head.params["mat_w"].shape == (500, 10)
    assert head.params["mat_w"].std() == pytest.approx(0.05, rel=0.05)
    assert not head.params["vec_b"].any()


def test_sgd_learns_and_the_same_seed_gives_the_same_weights() -> None:
    heads = [SoftmaxRegression(8, 3, rng=7) for _ in range(2)]
    for head in heads:
        head.train_with_sgd(data(), 300, 0.05, on_statistics=lambda *_: None)
    assert heads[0].get_accuracy(data()["data_val"], data()["labels_val"]) > 0.95
    assert np.array_equal(heads[0].params["mat_w"], heads[1].params["mat_w"])


def test_one_update_equals_the_formula() -> None:
    x, y = np.array([[1.0, 2.0]], np.float32), np.array([1])
    head = SoftmaxRegression(2, 2, reg=0.1, rng=3)
    w = head.params["mat_w"].astype(np.float64).copy()
    head.train_with_sgd(
        {"data_train": x, "labels_train": y, "data_val": x, "labels_val": y}, 1, 0.5, on_statistics=lambda *_: None
    )
    z = x[0] @ w
    p = np.exp(z) / np.exp(z).sum() - np.array([0, 1])
    assert head.params["mat_w"] == pytest.approx(w - 0.5 * (np.outer(x[0], p) + 0.1 * w), abs=1e-6)
    assert head.params["vec_b"] == pytest.approx(-0.5 * p, abs=1e-6)


def test_statistics_are_printed_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    SoftmaxRegression(8, 3, rng=0).train_with_sgd(data(), 101, 0.05)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["Loss 0", "Loss 100"]


def test_a_vector_returns_one_index_and_a_matrix_an_array() -> None:
    head = SoftmaxRegression(8, 3, rng=0)
    x, _ = blobs()
    assert isinstance(head.run_inference(x[0]), int)
    assert head.run_inference(x).shape == (90,)


def test_one_hot_labels_mean_the_same_as_indices() -> None:
    head = SoftmaxRegression(8, 3, rng=0)
    x, y = blobs()
    assert head.get_accuracy(x, np.eye(3)[y]) == head.get_accuracy(x, y)


def test_training_does_not_change_the_caller_s_arrays() -> None:
    given_data = data()
    before = {name: array.copy() for name, array in given_data.items()}
    SoftmaxRegression(8, 3, rng=0).train_with_sgd(given_data, 20, 0.1, on_statistics=lambda *_: None)
    assert all(np.array_equal(before[name], given_data[name]) for name in before)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.zeros((90, 1), int), "labels_train must have the shape (90,) or (90, 3), not (90, 1)."),
        (np.full(90, -1), "labels_train must be 0 to 2, but run from -1 to -1."),
        (np.zeros(90), "labels_train must be whole numbers, not float64."),
        (np.ones((90, 3)), "labels_train of shape (90, 3) must be one-hot: a single 1 in each row."),
    ],
)
def test_invalid_labels_are_refused(labels: Any, message: str) -> None:
    with pytest.raises(InvalidLabels) as caught:
        SoftmaxRegression(8, 3).train_with_sgd({**data(), "labels_train": labels}, 1, 0.1)
    assert str(caught.value) == message


def with_nan() -> Any:
    x, _ = blobs()
    x[3, 2] = np.nan
    return x


@pytest.mark.parametrize(
    ("embeddings", "message"),
    [
        (with_nan(), "data_train contains values that are not finite. Leave those samples out."),
        (np.zeros(8), "data_train has the shape (8,). Use (samples, feature_dim)."),
        (np.full((90, 8), "1"), "data_train has the type <U1. Use numbers, such as float32."),
    ],
)
def test_invalid_embeddings_are_refused(embeddings: Any, message: str) -> None:
    with pytest.raises(InvalidEmbeddings) as caught:
        SoftmaxRegression(8, 3).train_with_sgd({**data(), "data_train": embeddings}, 1, 0.1)
    assert str(caught.value) == message


@pytest.mark.parametrize("name", ["data_train", "labels_train"])
def test_training_data_that_lack_an_array_are_refused(name: str) -> None:
    given_data = {key: value for key, value in data().items() if key != name}
    with pytest.raises(MissingTrainingData) as caught:
        SoftmaxRegression(8, 3).train_with_sgd(given_data, 1, 0.1)
    assert str(caught.value) == f"{name} is missing or empty. Put at least one sample into data['{name}']."


def test_embeddings_of_another_size_are_refused() -> None:
    with pytest.raises(EmbeddingSizeMismatch) as caught:
        SoftmaxRegression(8, 3).run_inference(np.zeros((2, 5)))
    assert str(caught.value) == (
        "the head takes 8-value embeddings but got 5. Use the extractor it was trained with, or train again."
    )


def test_a_head_without_weights_is_refused() -> None:
    with pytest.raises(ModelNotTrained) as caught:
        SoftmaxRegression().run_inference(np.zeros((2, 5)))
    assert str(caught.value) == "the head has no weights. Give feature_dim and num_classes, or set params."
