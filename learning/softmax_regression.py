"""SoftmaxRegression: one fully connected layer with softmax on embeddings, with the interface that Coral users know.

Source: the interface of `edgetpu.learn.backprop.softmax_regression.SoftmaxRegression` (Coral, 2019), and
`serialize_model` of its successor `pycoral.learn.backprop.softmax_regression`. Names, defaults and meanings are kept;
the code is our own. Added are keyword-only options, checks, a returned history, `save` and `load`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from learning.checkpoint import read_checkpoint, write_checkpoint
from learning.dataset import checked_embeddings, checked_labels
from learning.errors import (
    CheckpointUnreadable,
    EmbeddingSizeMismatch,
    InvalidTrainingOption,
    MissingTrainingData,
    ModelNotTrained,
    TrainingCancelled,
    UnsupportedExtractor,
)
from learning.files import read_extractor, write_file
from learning.layers import FloatArray, cross_entropy, fully_connected, softmax
from learning.threads import blas_limited

Statistics = Callable[[int, float, float, float], None]
"""Receives iteration, loss, training accuracy and validation accuracy; the last is NaN without validation data."""


def print_statistics(iteration: int, loss: float, training: float, validation: float) -> None:
    """Print one line, as the published method does."""
    validation_text = "none" if math.isnan(validation) else f"{validation:.2%}"
    print(f"Loss {iteration}: {loss:.4f}  Train Acc {training:.2%}  Val Acc {validation_text}")


@dataclass(frozen=True)
class Report:
    """Statistics of one iteration, measured before its update.

    Attributes:
        iteration: Counted from 0.
        loss: Mean cross-entropy of the iteration's batch, plus ½·reg·‖W‖².
        training_accuracy: Fraction 0..1 of all training samples.
        validation_accuracy: Fraction 0..1 of all validation samples; NaN if there are none.
    """

    iteration: int
    loss: float
    training_accuracy: float
    validation_accuracy: float


class SoftmaxRegression:
    """A softmax classifier on embeddings.

    Args:
        feature_dim: D, values of an embedding.
        num_classes: C.
        weight_scale: Weights start as weight_scale × standard normal; biases start at zero.
        reg: Strength of ½·reg·‖W‖² in the loss.
        rng: Generator or seed, so that a run can be repeated.

    Attributes:
        params: `mat_w` (D, C) and `vec_b` (C,), float32; empty unless feature_dim and num_classes were given.
        min_score, max_score: Range of the logits over the training data; the export quantizes with it.
        label_map: Label index → class label; the export writes the labels into the file if every class has one.
        not_sure: Arrays of the test for pictures of something that was not taught, from `learning.novelty`, or None;
            the export writes them into the file.
    """

    def __init__(
        self,
        feature_dim: int | None = None,
        num_classes: int | None = None,
        weight_scale: float = 0.01,
        reg: float = 0.0,
        *,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        self.feature_dim = feature_dim
        self.num_classes = num_classes
        self.reg = reg
        self.label_map: Mapping[int, str] | None = None
        self.not_sure: Mapping[str, Any] | None = None
        self.params: dict[str, FloatArray] = {}
        self.min_score, self.max_score = np.inf, -np.inf
        self._rng = np.random.default_rng(rng)
        if feature_dim and num_classes:
            normal = self._rng.standard_normal((feature_dim, num_classes), np.float32)
            self.params["mat_w"] = np.float32(weight_scale) * normal
            self.params["vec_b"] = np.zeros(num_classes, np.float32)

    def train_with_sgd(
        self,
        data: Mapping[str, Any],
        num_iter: int,
        learning_rate: float,
        batch_size: int = 100,
        print_every: int = 100,
        *,
        on_statistics: Statistics = print_statistics,
        should_stop: Callable[[], bool] | None = None,
        patience: int | None = None,
        blas_threads: int | None = 1,
    ) -> tuple[Report, ...]:
        """Train by stochastic gradient descent on softmax cross-entropy + ½·reg·‖W‖².

        Args:
            data: `data_train` (N, D), `labels_train` (N,) or one-hot (N, C), and the same as `data_val`, `labels_val`,
                which may be empty, also `[]`, or missing.
            num_iter: Number of updates.
            learning_rate: Step size.
            batch_size: Samples drawn, with repetition, for each update.
            print_every: Updates between two calls of `on_statistics`. 0 disables them, and the history stays empty;
                the training itself is the same.
            on_statistics: Receives loss and accuracies; prints them by default.
            should_stop: Called before every update; True ends the training and leaves the head unchanged.
            patience: End early after this many reports in a row without a better validation accuracy, and keep the
                best weights. None runs all updates. It counts reports, so it needs print_every of 1 or more.
            blas_threads: Threads of numpy's linear algebra. At this size, more than one only wait for each other.
                None leaves the setting as it is.

        Returns:
            The statistics of every `print_every`-th iteration, in order.

        Raises:
            MissingTrainingData: If `data_train` or `labels_train` is missing, or there are no samples.
            InvalidEmbeddings, InvalidLabels: If shapes, types or values are wrong.
            EmbeddingSizeMismatch: If the embeddings are not feature_dim long.
            InvalidTrainingOption: If `batch_size`, `print_every` or `patience` is out of range, or `learning_rate` so
                large that the weights are no longer finite. The head is unchanged.
            ModelNotTrained: If feature_dim and num_classes were not given and no params were set.
            TrainingCancelled: If `should_stop` returned True.
        """
        weights, biases = (array.copy() for array in self._weights())
        _check_options(batch_size, print_every, patience)
        x = self._embeddings(_required(data, "data_train"), "data_train")
        y = checked_labels(_required(data, "labels_train"), len(x), len(biases), "labels_train")
        if not len(x):
            raise MissingTrainingData("data_train")
        x_val = self._embeddings(_given(data, "data_val", x[:0]), "data_val")
        y_val = checked_labels(_given(data, "labels_val", y[:0]), len(x_val), len(biases), "labels_val")
        rate, reg = np.float32(learning_rate), np.float32(self.reg)
        history: list[Report] = []
        best: tuple[float, int, FloatArray, FloatArray] | None = None
        with blas_limited(blas_threads):
            for iteration in range(num_iter):
                if should_stop is not None and should_stop():
                    raise TrainingCancelled
                batch = self._rng.integers(0, len(x), batch_size)
                x_batch = x[batch]
                loss, gradient = cross_entropy(fully_connected(x_batch, weights, biases), y[batch])
                if print_every and iteration % print_every == 0:
                    loss += 0.5 * float(reg) * float(np.vdot(weights, weights))
                    report = Report(
                        iteration, loss, _accuracy(x, y, weights, biases), _accuracy(x_val, y_val, weights, biases)
                    )
                    history.append(report)
                    on_statistics(report.iteration, report.loss, report.training_accuracy, report.validation_accuracy)
                    if patience is not None and len(x_val):
                        if best is None or report.validation_accuracy > best[0]:
                            best = (report.validation_accuracy, len(history), weights.copy(), biases.copy())
                        elif len(history) - best[1] >= patience:
                            break
                weights -= rate * (x_batch.T @ gradient + reg * weights)
                biases -= rate * gradient.sum(axis=0)
        if best is not None and _accuracy(x_val, y_val, weights, biases) < best[0]:
            _, _, weights, biases = best
        if not (np.isfinite(weights).all() and np.isfinite(biases).all()):
            raise InvalidTrainingOption(
                f"the training diverged with learning_rate={learning_rate}, so nothing changed. Use a smaller one."
            )
        self.params = {"mat_w": weights, "vec_b": biases}
        self.calibrate(x)
        return tuple(history)

    def calibrate(self, mat_x: Any) -> None:
        """Set `min_score` and `max_score` to the range of the logits of embeddings (N, D), with the current weights."""
        logits = self.logits(mat_x)
        self.min_score, self.max_score = float(logits.min()), float(logits.max())

    def logits(self, mat_x: Any) -> FloatArray:
        """Return unnormalised scores, float32 (N, C), of embeddings (N, D)."""
        weights, biases = self._weights()
        return fully_connected(self._embeddings(mat_x, "embeddings"), weights, biases)

    def probabilities(self, mat_x: Any) -> FloatArray:
        """Return class probabilities, float32 (N, C) in 0..1, of embeddings (N, D)."""
        return softmax(self.logits(mat_x))

    def run_inference(self, mat_x: Any) -> Any:
        """Return label indices: an array (N,) for a matrix (N, D), one integer for a single embedding (D,)."""
        array = np.asarray(mat_x)
        if array.ndim == 1:
            return int(self.logits(array[np.newaxis]).argmax())
        return self.logits(array).argmax(axis=1)

    def get_accuracy(self, mat_x: Any, labels: Any) -> float:
        """Return the fraction of embeddings that are classified correctly.

        Coral's documentation says "percent", but its code returns the mean of the correct answers, a fraction in 0..1.
        Programs were written against the code, so this returns the fraction, too. Multiply by 100 for percent.

        Args:
            mat_x: Embeddings (N, D).
            labels: Label indices, int (N,), or one-hot rows (N, C).

        Returns:
            0.0 to 1.0; 0.0 if there are no samples.

        Raises:
            InvalidEmbeddings, InvalidLabels: If shapes, types or values are wrong.
            EmbeddingSizeMismatch: If the embeddings are not feature_dim long.
        """
        array, classes = np.asarray(mat_x), len(self._weights()[1])
        if array.size == 0 and np.size(labels) == 0:
            return 0.0
        return float((self.run_inference(array) == checked_labels(labels, len(array), classes)).mean())

    def serialize_model(self, in_model_path: str | Path) -> bytes:
        """Append the trained layer to an embedding extractor.

        Weights and biases are quantized from float32 to the extractor's type, such as uint8.

        Args:
            in_model_path: The extractor's `.tflite` file; see `learning.append_head` for what it must be.

        Returns:
            The classifier's `.tflite` file as bytes.

        Raises:
            ExtractorUnreadable: If the system cannot read the file.
            UnsupportedExtractor: If no head can be appended to it.
            EmbeddingSizeMismatch, ModelNotTrained, InvalidHead: See `append_head`.

        Source: `serialize_model` of pycoral's class.
        """
        from learning.tflite_export import append_head  # loads the TFLite schema, which only the export needs

        path = Path(in_model_path)
        try:
            return append_head(read_extractor(path), self)
        except UnsupportedExtractor as error:
            raise UnsupportedExtractor(error.reason, path) from error

    def save_as_tflite_model(self, in_model_path: str | Path, out_model_path: str | Path) -> None:
        """Append the trained layer to an embedding extractor and write the classifier to a file.

        Args:
            in_model_path: As for `serialize_model`.
            out_model_path: File to write. Its folder must exist; a file that was there is replaced.

        Raises:
            OutputNotWritten: If the system cannot write the file.
            ExtractorUnreadable, UnsupportedExtractor, EmbeddingSizeMismatch, ModelNotTrained, InvalidHead: As
                `serialize_model`; nothing is written then.
        """
        write_file(Path(out_model_path), self.serialize_model(in_model_path))

    def save(self, path: str | Path) -> None:
        """Write weights, range of the logits, labels and the "not sure" test into one `.npz` file.

        Raises:
            ModelNotTrained: If there are no weights yet.
            OutputNotWritten: If the system cannot write the file.
        """
        weights, biases = self._weights()
        labels = None if self.label_map is None else {str(key): name for key, name in self.label_map.items()}
        write_checkpoint(
            Path(path),
            {"mat_w": weights, "vec_b": biases},
            {
                "reg": float(self.reg),
                "min_score": float(self.min_score),
                "max_score": float(self.max_score),
                "label_map": labels,
            },
            self.not_sure or {},
        )

    @classmethod
    def load(cls, path: str | Path) -> SoftmaxRegression:
        """Return the head that `save` wrote; it answers and exports exactly as before.

        Raises:
            CheckpointUnreadable: If the file is missing, damaged, or no checkpoint. Code in it never runs.
        """
        arrays, facts, not_sure = read_checkpoint(Path(path))
        feature_dim, num_classes = arrays["mat_w"].shape
        try:
            head = cls(feature_dim, num_classes, reg=float(facts["reg"]))
            head.min_score, head.max_score = float(facts["min_score"]), float(facts["max_score"])
            if facts["label_map"] is not None:
                head.label_map = {int(key): str(name) for key, name in facts["label_map"].items()}
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise CheckpointUnreadable(Path(path), "it is damaged, or no checkpoint") from error
        head.params, head.not_sure = arrays, not_sure or None
        return head

    def _weights(self) -> tuple[FloatArray, FloatArray]:
        if "mat_w" not in self.params or "vec_b" not in self.params:
            raise ModelNotTrained("the head has no weights. Give feature_dim and num_classes, or set params.")
        return self.params["mat_w"], self.params["vec_b"]

    def _embeddings(self, values: Any, what: str) -> FloatArray:
        x = checked_embeddings(values, what)
        expected = self._weights()[0].shape[0]
        if x.shape[1] != expected:
            raise EmbeddingSizeMismatch(expected, x.shape[1])
        return x


def _check_options(batch_size: int, print_every: int, patience: int | None) -> None:
    if batch_size < 1:
        raise InvalidTrainingOption(f"batch_size is {batch_size}. Use 1 or more.")
    if print_every < 0:
        raise InvalidTrainingOption(f"print_every is {print_every}. Use 1 or more, or 0 to print nothing.")
    if patience is not None and patience < 1:
        raise InvalidTrainingOption(f"patience is {patience}. Use 1 or more, or None to run all updates.")
    if patience is not None and not print_every:
        raise InvalidTrainingOption("patience counts reports, but print_every=0 disables them. Use 1 or more.")


def _required(data: Mapping[str, Any], name: str) -> Any:
    if name not in data:
        raise MissingTrainingData(name)
    return data[name]


def _given(data: Mapping[str, Any], name: str, empty: Any) -> Any:
    """Return a value; `empty`, which has the right shape and type, if it is missing or has no entries."""
    value = data.get(name)
    return empty if value is None or (hasattr(value, "__len__") and not len(value)) else value


def _accuracy(x: FloatArray, y: Any, weights: FloatArray, biases: FloatArray) -> float:
    if not len(x):
        return math.nan
    return float((fully_connected(x, weights, biases).argmax(axis=1) == y).mean())
