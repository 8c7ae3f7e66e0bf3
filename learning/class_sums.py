"""Sums over samples from which the discriminant follows, so that samples need not be in memory together.

Sums of parts can be added, in any grouping, and subtracted: leaving a part out costs as much as its own samples,
however many others there are. The discriminant is that of `learning.discriminant` for all samples at once, apart from
rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.calibration import deciding_range, without_outliers
from learning.dataset import MIN_CLASSES
from learning.discriminant import Discriminant, discriminant_of
from learning.errors import NotEnoughSamples
from learning.fit import BATCH, FitResult
from learning.layers import FloatArray, IntArray
from learning.products import product
from learning.softmax_regression import SoftmaxRegression
from learning.view_prior import ViewPrior

DoubleArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ClassSums:
    """Sums over samples of C classes with D values, counted from an origin that all parts share.

    Attributes:
        origin: float32 (D,). One near the mean of the samples keeps rounding small.
        counts: Weight of the samples of each class, float64 (C,).
        sums: Weighted sum of the samples of each class, float64 (C, D).
        products: Weighted sum of the outer products of all samples with themselves, float64 (D, D).
    """

    origin: FloatArray
    counts: DoubleArray
    sums: DoubleArray
    products: DoubleArray

    @classmethod
    def none(cls, num_classes: int, origin: FloatArray) -> ClassSums:
        """Return the sums over no samples."""
        values = len(origin)
        return cls(origin, np.zeros(num_classes), np.zeros((num_classes, values)), np.zeros((values, values)))

    @classmethod
    def of(
        cls, embeddings: FloatArray, label_indices: IntArray, num_classes: int, origin: FloatArray, weight: float = 1.0
    ) -> ClassSums:
        """Return the sums over samples.

        Args:
            embeddings: float32 (N, D).
            label_indices: int (N,), 0..C-1.
            num_classes: C.
            origin: float32 (D,).
            weight: Of each sample.
        """
        found = cls.none(num_classes, origin)
        for start in range(0, len(embeddings), BATCH):
            rows = np.asarray(embeddings[start : start + BATCH] - origin, np.float64)
            labels = label_indices[start : start + BATCH]
            found.counts[:] += weight * np.bincount(labels, minlength=num_classes)
            np.add.at(found.sums, labels, weight * rows)
            found.products[:] += weight * product(rows.T, rows)
        return found

    def __add__(self, other: ClassSums) -> ClassSums:
        """Return the sums over the samples of both."""
        return ClassSums(
            self.origin, self.counts + other.counts, self.sums + other.sums, self.products + other.products
        )

    def __sub__(self, other: ClassSums) -> ClassSums:
        """Return the sums without the samples of `other`, which are among these."""
        return ClassSums(
            self.origin, self.counts - other.counts, self.sums - other.sums, self.products - other.products
        )

    @property
    def classes(self) -> IntArray:
        """The classes that have samples, ascending, int64."""
        return np.flatnonzero(self.counts > 1e-6)  # what is left of weights after a subtraction is no sample

    def discriminant(self, prior: ViewPrior | None) -> Discriminant:
        """Return the discriminant of `classes`, for embeddings less `origin`.

        Args:
            prior: Of the extractor; its scatter has the same part as in `learning.fit.fit_head`.

        Raises:
            NotEnoughSamples: If fewer than two classes have samples.
        """
        classes = self.classes
        if len(classes) < MIN_CLASSES:
            raise NotEnoughSamples("training needs two classes with two samples each. Add samples.")
        counts = self.counts[classes]
        expected = None if prior is None else product(prior.scatter.astype(np.float64).T, prior.scatter)
        means = self.sums[classes] / counts[:, np.newaxis]
        return discriminant_of(self.products, counts, means, float(counts.sum()), expected, len(self.origin))


class GrowingSums:
    """Sums that samples are added to one at a time.

    Args:
        num_classes: C.
    """

    def __init__(self, num_classes: int) -> None:
        self._num_classes = num_classes
        self._sums: ClassSums | None = None
        self._waiting: list[tuple[FloatArray, int]] = []

    def add(self, embedding: FloatArray, label_index: int) -> None:
        """Add a sample: its embedding, float32 (D,), and its class."""
        self._waiting.append((embedding, label_index))
        if len(self._waiting) == BATCH:
            self._add_waiting()

    def finished(self) -> ClassSums | None:
        """Return the sums over all samples; None if there are none."""
        if self._waiting:
            self._add_waiting()
        return self._sums

    def _add_waiting(self) -> None:
        x = np.stack([embedding for embedding, _ in self._waiting])
        y = np.array([label_index for _, label_index in self._waiting], np.int64)
        if self._sums is None:
            self._sums = ClassSums.none(self._num_classes, x.mean(axis=0))
        self._sums = self._sums + ClassSums.of(x, y, self._num_classes, self._sums.origin)
        self._waiting = []


def head_of(found: Discriminant, origin: FloatArray, fit: FitResult, embeddings: FloatArray) -> SoftmaxRegression:
    """Fold a discriminant into one layer, and take over what a fit of some of its samples has measured.

    Args:
        found: From `ClassSums.discriminant`, of as many classes as `fit` has.
        origin: `ClassSums.origin`.
        fit: Gives the temperature and the test behind "not sure".
        embeddings: Samples that set the range of the logits, float32 (n, D).
    """
    weights = without_outliers(np.asarray(found.weights / np.float32(fit.temperature), np.float32))
    head = SoftmaxRegression(*weights.shape)
    biases = found.biases / np.float32(fit.temperature) - product(origin + found.middle, weights)
    head.params = {"mat_w": weights, "vec_b": np.asarray(biases, np.float32)}
    head.not_sure = fit.head.not_sure
    logits = [head.logits(embeddings[start : start + BATCH]) for start in range(0, len(embeddings), BATCH)]
    head.min_score, head.max_score = deciding_range(np.concatenate(logits))
    return head
