"""SoftmaxRegression: one fully connected + softmax layer on embeddings, with the API that Coral users know.

Source: the interface of `edgetpu.learn.backprop.softmax_regression.SoftmaxRegression` (Coral, 2019); names,
defaults and meanings are kept, the code is our own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from learning.checkpoint import read_checkpoint, write_checkpoint
from learning.dataset import checked_embeddings, checked_labels
from learning.errors import EmbeddingSizeMismatch, InvalidTrainingData, ModelNotTrained, TrainingCancelled
from learning.layers import FloatArray, cross_entropy, fully_connected, softmax

Statistics = Callable[[int, float, float, float], None]
"""Receives iteration, loss, training accuracy and validation accuracy, which is NaN where there is nothing to ask."""


def print_statistics(iteration: int, loss: float, training: float, validation: float) -> None:
    """Print one line, as the published method does."""
    asked = "none" if math.isnan(validation) else f"{validation:.2%}"
    print(f"Loss {iteration}: {loss:.4f}  Train Acc {training:.2%}  Val Acc {asked}")


@dataclass(frozen=True)
class Report:
    """What was told of one iteration; accuracies are fractions, `validation_accuracy` NaN without validation data."""

    iteration: int
    loss: float
    training_accuracy: float
    validation_accuracy: float


class SoftmaxRegression:
    """A softmax classifier over embeddings.

    Args:
        feature_dim: D, values of an embedding.
        num_classes: C.
        weight_scale: Weights start as weight_scale × standard normal; biases start at zero.
        reg: Strength of ½·reg·‖W‖² in the loss.
        rng: Generator or seed, so that a run can be repeated.

    Attributes:
        params: `mat_w` (D, C) and `vec_b` (C,), float32.
        min_score, max_score: Range of the logits over the training data; the export quantizes with it.
        label_map: Class index → name; the export writes the names into the file where every class has one.
        not_sure: The test for pictures of nothing that was taught, from `learning.novelty`; the export adds it.
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
            data: `data_train` (N, D), `labels_train` (N,) or one-hot, and the same as `data_val`, `labels_val`, which
                may be empty or missing.
            num_iter: Updates.
            learning_rate: Step size.
            batch_size: Samples drawn, with repetition, for each update.
            print_every: Updates between two calls of `on_statistics`.
            on_statistics: Receives loss and accuracies; prints them by default.
            should_stop: Asked before every update; True ends the training, and nothing has changed.
            patience: Reports in a row that may bring no better validation accuracy before the training ends by itself;
                the best weights are kept. None trains to the end.
            blas_threads: Of numpy's linear algebra: at this size, more than one only wait for each other. None leaves
                them as they are.

        Returns:
            Everything that was told of on the way.

        Raises:
            InvalidTrainingData: If shapes, types or values are wrong, or there is nothing to learn from.
            EmbeddingSizeMismatch: If the embeddings are not feature_dim long.
            TrainingCancelled: If `should_stop` said so.
        """
        weights, biases = (array.copy() for array in self._weights())
        x = self._embeddings(data["data_train"], "data_train")
        y = checked_labels(data["labels_train"], len(x), len(biases), "labels_train")
        if not len(x) or batch_size < 1:
            raise InvalidTrainingData("data_train is empty, or batch_size is below 1. Give at least one sample.")
        x_val = self._embeddings(data.get("data_val", x[:0]), "data_val")
        y_val = checked_labels(data.get("labels_val", y[:0]), len(x_val), len(biases), "labels_val")
        rate, reg = np.float32(learning_rate), np.float32(self.reg)
        history: list[Report] = []
        best: tuple[float, int, FloatArray, FloatArray] | None = None
        with threadpool_limits(limits=blas_threads, user_api="blas"):
            for iteration in range(num_iter):
                if should_stop is not None and should_stop():
                    raise TrainingCancelled("training was stopped. Call train_with_sgd again to start anew.")
                batch = self._rng.integers(0, len(x), batch_size)
                x_batch = x[batch]
                loss, gradient = cross_entropy(fully_connected(x_batch, weights, biases), y[batch])
                if iteration % print_every == 0:
                    loss += 0.5 * float(reg) * float(np.vdot(weights, weights))
                    told = Report(
                        iteration, loss, _accuracy(x, y, weights, biases), _accuracy(x_val, y_val, weights, biases)
                    )
                    history.append(told)
                    on_statistics(told.iteration, told.loss, told.training_accuracy, told.validation_accuracy)
                    if patience is not None and len(x_val):
                        if best is None or told.validation_accuracy > best[0]:
                            best = (told.validation_accuracy, len(history), weights.copy(), biases.copy())
                        elif len(history) - best[1] >= patience:
                            break
                weights -= rate * (x_batch.T @ gradient + reg * weights)
                biases -= rate * gradient.sum(axis=0)
        if best is not None and _accuracy(x_val, y_val, weights, biases) < best[0]:
            _, _, weights, biases = best
        self.params = {"mat_w": weights, "vec_b": biases}
        self.calibrate(x)
        return tuple(history)

    def calibrate(self, mat_x: Any) -> None:
        """Take the range of the logits from embeddings (N, D): all of them, with the final weights."""
        logits = self.logits(mat_x)
        self.min_score, self.max_score = float(logits.min()), float(logits.max())

    def logits(self, mat_x: Any) -> FloatArray:
        """Unnormalised scores, float32 (N, C), of embeddings (N, D)."""
        weights, biases = self._weights()
        return fully_connected(self._embeddings(mat_x, "embeddings"), weights, biases)

    def probabilities(self, mat_x: Any) -> FloatArray:
        """Class probabilities, float32 (N, C) in 0..1, of embeddings (N, D)."""
        return softmax(self.logits(mat_x))

    def run_inference(self, mat_x: Any) -> Any:
        """Class indices: an array (N,) for a matrix (N, D), one integer for a single embedding (D,)."""
        array = np.asarray(mat_x)
        if array.ndim == 1:
            return int(self.logits(array[np.newaxis]).argmax())
        return self.logits(array).argmax(axis=1)

    def get_accuracy(self, mat_x: Any, labels: Any) -> float:
        """Fraction, 0..1, of embeddings (N, D) whose class is named right; 0 for no samples."""
        array = np.asarray(mat_x)
        truth = checked_labels(labels, len(array), self._weights()[1].shape[0])
        return float((self.run_inference(array) == truth).mean()) if len(array) else 0.0

    def save_as_tflite_model(self, in_model_path: str | Path, out_model_path: str | Path) -> None:
        """Append the trained layer to an embedding extractor and write the classifier.

        Raises:
            UnsupportedExtractor, EmbeddingSizeMismatch, ModelNotTrained: See `append_head`.
        """
        from learning.tflite_export import append_head

        Path(out_model_path).write_bytes(append_head(Path(in_model_path).read_bytes(), self))

    def save(self, path: str | Path) -> None:
        """Write everything that `load` needs, weights, range of the logits and names, into one `.npz` file.

        Raises:
            ModelNotTrained: If there are no weights yet.
        """
        weights, biases = self._weights()
        names = None if self.label_map is None else {str(key): name for key, name in self.label_map.items()}
        write_checkpoint(
            Path(path),
            {"mat_w": weights, "vec_b": biases},
            {
                "reg": self.reg,
                "min_score": self.min_score,
                "max_score": self.max_score,
                "label_map": names,
            },
            self.not_sure or {},
        )

    @classmethod
    def load(cls, path: str | Path) -> SoftmaxRegression:
        """Give what `save` wrote: it answers and exports as it did.

        Raises:
            CheckpointUnreadable: If the file is missing, damaged, or no checkpoint. Nothing in it is ever run.
        """
        arrays, facts, not_sure = read_checkpoint(Path(path))
        feature_dim, num_classes = arrays["mat_w"].shape
        head = cls(feature_dim, num_classes, reg=float(facts["reg"]))
        head.params = arrays
        head.min_score, head.max_score = float(facts["min_score"]), float(facts["max_score"])
        if facts["label_map"] is not None:
            head.label_map = {int(key): str(name) for key, name in facts["label_map"].items()}
        head.not_sure = not_sure or None
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


def _accuracy(x: FloatArray, y: Any, weights: FloatArray, biases: FloatArray) -> float:
    if not len(x):
        return math.nan
    return float((fully_connected(x, weights, biases).argmax(axis=1) == y).mean())
