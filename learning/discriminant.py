"""A shrunken linear discriminant whose cost grows linearly with the number of samples and of classes.

With class means μ_c, their mean m, and the pooled covariance within classes S, the logits are

    z_c(x) = (x − m)ᵀ(S + λI)⁻¹(μ_c − m) − ½ (μ_c − m)ᵀ(S + λI)⁻¹(μ_c − m)

so all classes have the same weight, however many rows each has. λ is SHRINKAGE times the mean variance of S, because
few rows estimate S badly. Nothing is iterated, so training a model for every fold is cheap.

A rotation of the embeddings changes no logit. While there are fewer rows than values, the rows are therefore rotated
into the space that they span: R = min(rows, D) coordinates. All matrices are (R, R); none grows with the number of rows
or classes.

Source: Fisher 1936; Friedman 1989, Regularized Discriminant Analysis (shrinkage towards the identity).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.layers import FloatArray, IntArray
from learning.products import product, solved, whitening

SHRINKAGE = 0.3  # any value from 0.1 to 0.5 gives the same accuracy on photographs
MIN_SPREAD = 1e-4  # of the total variance; replaces a smaller variance within classes, such as one row per class
BATCH = 1024  # rows that are processed at a time, so that the data is never copied whole
COLUMNS = 256  # of all rows, the same in double precision
PLANE_DIRECTIONS = 64  # at most, in which the classes differ
SCATTER_DIRECTIONS = 64  # in which the rows of a class differ most; in all others their variance counts as 0
PRIOR_WEIGHT = 0.5  # of the expected scatter within classes, relative to the scatter of the rows
LEAST_VARIANCE = 1e-6  # of the largest; where rows differ less, it is rounding
RIDGE = 1e-10  # of the mean square of a row, so that rows which depend on each other span a space, too
Feature = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, eq=False)
class Discriminant:
    """A discriminant that was trained on some of the rows, in R coordinates.

    Attributes:
        middle: The mean of the class means, float32 (R,).
        weights: (S + λI)⁻¹(μ_c − m), float32 (R, C).
        biases: What is added to products with the weights to make logits, float32 (C,).
        covariance: S + λI, float32 (R, R).
        whitening: W with WᵀW = (S + λI)⁻¹, float32 (R, R).
        means: Class means less `middle`, float32 (C, R).
        shrink: λ.
    """

    middle: FloatArray
    weights: FloatArray
    biases: FloatArray
    covariance: FloatArray
    whitening: FloatArray
    means: FloatArray
    shrink: float

    def logits(self, coordinates: FloatArray) -> FloatArray:
        """Return the logits (N, C) of rows in R coordinates, (N, R)."""
        return np.asarray(product(coordinates - self.middle, self.weights) + self.biases, np.float32)

    def plane(self) -> tuple[FloatArray, FloatArray]:
        """Return up to PLANE_DIRECTIONS directions in which the classes differ most, with S + λI as unit of length.

        Returns:
            Axes (R, K), and the positions of the class means on the plane, (C, K). The mean of the class means is the
            origin.
        """
        if len(self.means) <= len(self.whitening):
            between = product(self.means, self.weights)
            squares, rotation = np.linalg.eigh((between + between.T).astype(np.float64) / 2)
            count = min(len(self.means) - 1, PLANE_DIRECTIONS)  # C points span C − 1 dimensions
            squares, rotation = squares[-count:], rotation[:, -count:]
            axes = product(self.weights, rotation / np.sqrt(np.maximum(squares, 1e-6 * squares[-1] + 1e-12)))
        else:  # the eigenvectors of B (S + λI)⁻¹, by those of the symmetric W B Wᵀ; B is between classes
            whitened = product(self.whitening, self.means.T).astype(np.float64)
            squares, rotation = np.linalg.eigh(product(whitened, whitened.T))
            axes = product(self.whitening.T, rotation[:, -min(len(self.whitening), PLANE_DIRECTIONS) :])
        axes = np.asarray(axes, np.float32)
        return axes, np.asarray(product(self.means, axes), np.float32)

    def positions(self, coordinates: FloatArray, axes: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the positions of rows (N, R) on the plane, (N, K), and their squared distances from it, (N,)."""
        centred = coordinates - self.middle
        on_plane = product(centred, axes)
        whitened = product(centred, self.whitening.T)
        squares = np.einsum("nr,nr->n", whitened, whitened)
        residual = np.maximum(squares - np.einsum("nk,nk->n", on_plane, on_plane), 0)
        return np.asarray(on_plane, np.float32), np.asarray(residual, np.float32)


class Rows:
    """The rows of a fit after `feature`: samples first, then made views. Several threads may use them together.

    Args:
        parts: Arrays float32 (·, D), one behind the other. They are kept, and not copied while there are more rows
            than values.
        y: Class of each row, int (N,).
        weights: Weight of each row, float32 (N,).
        feature: Turns rows into rows of the same shape.
        prior: Rows whose outer products add up to the scatter that is expected within classes, (K, D). It has
            PRIOR_WEIGHT times the weight of the rows' own scatter.

    Attributes:
        mean: Mean of the features, float32 (D,).
    """

    def __init__(
        self,
        parts: list[FloatArray],
        y: IntArray,
        weights: FloatArray,
        feature: Feature,
        prior: FloatArray | None = None,
    ) -> None:
        self._parts, self._y, self._weights, self._feature = parts, y, weights, feature
        self._starts = np.cumsum([0, *map(len, parts)])
        values = parts[0].shape[1]
        self.mean: FloatArray = np.zeros(values, np.float32)
        total = sum(rows.sum(axis=0, dtype=np.float64) for rows in self._batches())
        self.mean = np.asarray(total / len(y), np.float32)
        known = np.zeros((0, values), np.float32) if prior is None else prior
        self._size = min(len(y) + len(known), values)
        self._span: _Span | None = None
        self._rotated: FloatArray | None = None
        if len(y) + len(known) < values:
            self._span = _Span(np.concatenate([*self._batches(), known]))
            self._rotated, known = self._span.coordinates[: len(y)], self._span.coordinates[len(y) :]
        self._total: _Sums | None = None
        self._expected = product(known.T, known) if len(known) else None

    def features(self, chosen: IntArray) -> FloatArray:
        """Return the features of the rows `chosen`, ascending indices: float32 (n, D)."""
        found = [
            part[chosen[(chosen >= start) & (chosen < start + len(part))] - start]
            for start, part in zip(self._starts, self._parts, strict=False)
        ]
        return self._feature(np.concatenate(found))

    def coordinates(self, chosen: IntArray) -> FloatArray:
        """Return the rows `chosen`, ascending indices, in R coordinates: float32 (n, R)."""
        return self.features(chosen) - self.mean if self._rotated is None else self._rotated[chosen]

    def values(self, vectors: FloatArray) -> FloatArray:
        """Turn vectors in R coordinates, (R, K), into vectors of values, (D, K)."""
        return vectors if self._span is None else self._span.values(vectors)

    def discriminant(self, training: IntArray) -> Discriminant:
        """Train on the rows `training`, ascending indices.

        The discriminant has the classes that these rows belong to, numbered in their order.
        """
        sums = self._sums_of(training)
        labels, y = np.unique(self._y[training], return_inverse=True)
        counts = np.bincount(y, self._weights[training]).astype(np.float32)
        means = sums.of_classes[labels] / counts[:, np.newaxis]
        return discriminant_of(
            sums.products, counts, means, float(self._weights[training].sum()), self._expected, len(self.mean)
        )

    def principal_directions(self, found: Discriminant, training: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return the directions in which rows of the same class differ most.

        Args:
            found: A discriminant that was trained on the rows `training`.
            training: Indices of rows.

        Returns:
            Up to SCATTER_DIRECTIONS directions of unit length, float32 (K, D), and the variance along each, (K,).
        """
        count = min(SCATTER_DIRECTIONS, len(found.covariance), len(training))
        squares, rotation = np.linalg.eigh(found.covariance.astype(np.float64))  # S has the same eigenvectors; rising
        squares, rotation = squares[::-1][:count], rotation[:, ::-1][:, :count]
        variances = np.maximum(squares - found.shrink, 1e-12)
        varies = variances >= LEAST_VARIANCE * variances[0]
        variances, directions = variances[varies], self.values(rotation[:, varies])
        return np.asarray(directions.T, np.float32), np.asarray(variances, np.float32)

    def _sums_of(self, chosen: IntArray) -> _Sums:
        """Return sums over the rows `chosen`; of most rows, as the difference from those over all rows."""
        if 2 * len(chosen) <= len(self._y):
            return self._summed(chosen)
        if self._total is None:  # two threads may both compute it, with the same result
            self._total = self._summed(np.arange(len(self._y)))
        others = np.setdiff1d(np.arange(len(self._y)), chosen, assume_unique=True)
        if not len(others):
            return self._total
        left_out = self._summed(others)
        return _Sums(self._total.products - left_out.products, self._total.of_classes - left_out.of_classes)

    def _summed(self, chosen: IntArray) -> _Sums:
        products = np.zeros((self._size,) * 2, np.float32)
        of_classes = np.zeros((int(self._y.max()) + 1, self._size), np.float32)
        for start in range(0, len(chosen), BATCH):
            part = chosen[start : start + BATCH]
            order = np.argsort(self._y[part], kind="stable")
            rows, roots = self.coordinates(part)[order], np.sqrt(self._weights[part[order], np.newaxis])
            rows *= roots
            products += product(rows.T, rows)
            rows *= roots
            labels, first = np.unique(self._y[part[order]], return_index=True)
            of_classes[labels] += np.add.reduceat(rows, first)
        return _Sums(products, of_classes)

    def _batches(self) -> Iterator[FloatArray]:
        for part in self._parts:
            for start in range(0, len(part), BATCH):
                yield self._feature(part[start : start + BATCH]) - self.mean


@dataclass(frozen=True, eq=False)
class _Sums:
    """Weighted sums over rows in R coordinates.

    Attributes:
        products: Of their outer products with themselves, float32 (R, R).
        of_classes: Of the rows of each class, float32 (C, R).
    """

    products: FloatArray
    of_classes: FloatArray


class _Span:
    """The space that a few rows span: coordinates in an orthonormal basis that is never written down.

    The products of the rows with each other are G = L Lᵀ, so the rows of Cholesky's factor L have the same products:
    they are the coordinates. The basis is Xᵀ L⁻ᵀ. For 290 rows of 864 values this takes a third of the time of
    Householder's factors of Xᵀ, which are the same but for signs.

    Args:
        rows: X, float32 (R, D).

    Attributes:
        coordinates: Of the rows, float32 (R, R).

    Source: Golub and Van Loan 2013, Matrix Computations, section 5.2.8 on Cholesky and QR.
    """

    def __init__(self, rows: FloatArray) -> None:
        self._rows = rows
        products = np.zeros((len(rows),) * 2)
        for start in range(0, rows.shape[1], COLUMNS):
            wide = rows[:, start : start + COLUMNS].astype(np.float64)
            products += product(wide, wide.T)
        products[np.diag_indices_from(products)] += max(RIDGE * float(products.trace()) / len(rows), 1e-30)
        self.coordinates: FloatArray = np.linalg.cholesky(products).astype(np.float32)

    def values(self, vectors: FloatArray) -> FloatArray:
        """Turn vectors in R coordinates, (R, K), into vectors of values, (D, K)."""
        return np.asarray(product(self._rows.T, solved(self.coordinates.T, vectors)), np.float32)


def discriminant_of(
    products: NDArray[Any],
    counts: NDArray[Any],
    means: NDArray[Any],
    weight: float,
    expected: NDArray[Any] | None,
    values: int,
) -> Discriminant:
    """Make the discriminant from sums over rows; all arrays are of one type, float32 or float64.

    Args:
        products: Weighted sum of the outer products of the rows with themselves, (R, R).
        counts: Weight of each class, (C,).
        means: Mean of each class, (C, R); changed.
        weight: Weight of all rows together.
        expected: The scatter that is expected within classes, (R, R); None if it is unknown.
        values: D.
    """
    degrees = max(1.0, weight - len(means))
    total = float(products.trace()) / degrees
    within = product(means.T * counts, means)
    np.subtract(products, within, out=within)
    within /= np.float32(degrees)
    if expected is not None:
        within += np.float32(PRIOR_WEIGHT) * expected
        within /= np.float32(1 + PRIOR_WEIGHT)
        degrees *= 1 + PRIOR_WEIGHT
    spread = max(float(within.trace()), MIN_SPREAD * total, 1e-12)
    shrink = np.float32(SHRINKAGE * spread / min(degrees, values))
    within[np.diag_indices_from(within)] += shrink
    whitens = whitening(within)
    middle = means.mean(axis=0)
    means -= middle
    weights = product(whitens.T, product(whitens, means.T))
    biases = -0.5 * np.einsum("cr,rc->c", means, weights)
    middle, weights, biases, within, whitens, means = (
        np.asarray(one, np.float32) for one in (middle, weights, biases, within, whitens, means)
    )
    return Discriminant(middle, weights, biases, within, whitens, means, float(shrink))
