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
from learning.products import product, whitening

SHRINKAGE = 0.3  # any value from 0.1 to 0.5 gives the same accuracy on photographs
MIN_SPREAD = 1e-4  # of the total variance; replaces a smaller variance within classes, such as one row per class
BATCH = 1024  # rows that are processed at a time, so that the data is never copied whole
PLANE_DIRECTIONS = 64  # at most, in which the classes differ
SCATTER_DIRECTIONS = 64  # in which the rows of a class differ most; in all others their variance counts as 0
PRIOR_WEIGHT = 0.5  # of the expected scatter within classes, relative to the scatter of the rows
Feature = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, eq=False)
class Discriminant:
    """A discriminant that was trained on some of the rows, in R coordinates.

    Attributes:
        middle: The mean of the class means, float32 (R,).
        weights: (S + λI)⁻¹(μ_c − m), float32 (R, C).
        biases: What is added to products with the weights to make logits, float32 (C,).
        whitening: W with WᵀW = (S + λI)⁻¹, float32 (R, R).
        means: Class means less `middle`, float32 (C, R).
        shrink: λ.
    """

    middle: FloatArray
    weights: FloatArray
    biases: FloatArray
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
        self._basis: FloatArray | None = None
        self._rotated: FloatArray | None = None
        if len(y) + len(known) < values:
            basis, upper = np.linalg.qr(np.concatenate([*self._batches(), known]).T)
            self._basis, rotated = np.asarray(basis, np.float32), np.asarray(upper.T, np.float32)
            self._rotated, known = rotated[: len(y)], rotated[len(y) :]
        self._total_products: FloatArray | None = None
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
        return vectors if self._basis is None else np.asarray(product(self._basis, vectors), np.float32)

    def discriminant(self, training: IntArray) -> Discriminant:
        """Train on the rows `training`, ascending indices.

        The discriminant has the classes that these rows belong to, numbered in their order.
        """
        products = self._products_of(training)
        labels, y = np.unique(self._y[training], return_inverse=True)
        counts = np.bincount(y, self._weights[training]).astype(np.float32)
        means = np.zeros((len(labels), self._size), np.float32)
        for start in range(0, len(training), BATCH):
            part = training[start : start + BATCH]
            order = np.argsort(y[start : start + BATCH], kind="stable")
            found, first = np.unique(y[start : start + BATCH][order], return_index=True)
            means[found] += np.add.reduceat((self.coordinates(part) * self._weights[part, np.newaxis])[order], first)
        means /= counts[:, np.newaxis]
        return discriminant_of(
            products, counts, means, float(self._weights[training].sum()), self._expected, len(self.mean)
        )

    def principal_directions(self, found: Discriminant, training: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return the directions in which rows of the same class differ most.

        Args:
            found: A discriminant that was trained on the rows `training`.
            training: Indices of rows.

        Returns:
            Up to SCATTER_DIRECTIONS directions of unit length, float32 (K, D), and the variance along each, (K,).
        """
        inverse = product(found.whitening.T, found.whitening)  # of S + λI, which has the same eigenvectors
        squares, rotation = np.linalg.eigh(inverse.astype(np.float64))
        count = min(SCATTER_DIRECTIONS, len(squares), len(training))
        variances = np.maximum(1 / np.maximum(squares[:count], 1e-12) - found.shrink, 1e-12)
        directions = self.values(np.asarray(rotation[:, :count], np.float32))
        return np.asarray(directions.T, np.float32), np.asarray(variances, np.float32)

    def _products_of(self, chosen: IntArray) -> FloatArray:
        """Return the weighted sum of the outer products of the rows `chosen` with themselves, float32 (R, R)."""
        if 2 * len(chosen) <= len(self._y):
            return self._summed_products(chosen)
        if self._total_products is None:  # two threads may both compute it, with the same result
            self._total_products = self._summed_products(np.arange(len(self._y)))
        others = np.setdiff1d(np.arange(len(self._y)), chosen, assume_unique=True)
        return self._total_products - self._summed_products(others)

    def _summed_products(self, chosen: IntArray) -> FloatArray:
        total = np.zeros((self._size,) * 2, np.float32)
        for start in range(0, len(chosen), BATCH):
            part = chosen[start : start + BATCH]
            rows = self.coordinates(part) * np.sqrt(self._weights[part, np.newaxis])
            total += product(rows.T, rows)
        return total

    def _batches(self) -> Iterator[FloatArray]:
        for part in self._parts:
            for start in range(0, len(part), BATCH):
                yield self._feature(part[start : start + BATCH]) - self.mean


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
    within = (products - product(means.T * counts, means)) / np.float32(degrees)
    if expected is not None:
        within = (within + PRIOR_WEIGHT * expected) / np.float32(1 + PRIOR_WEIGHT)
        degrees *= 1 + PRIOR_WEIGHT
    spread = max(float(within.trace()), MIN_SPREAD * total, 1e-12)
    shrink = np.float32(SHRINKAGE * spread / min(degrees, values))
    within[np.diag_indices_from(within)] += shrink
    whitens = whitening(within)
    middle = means.mean(axis=0)
    means -= middle
    weights = product(whitens.T, product(whitens, means.T))
    biases = -0.5 * np.einsum("cr,rc->c", means, weights)
    middle, weights, biases, whitens, means = (
        np.asarray(one, np.float32) for one in (middle, weights, biases, whitens, means)
    )
    return Discriminant(middle, weights, biases, whitens, means, float(shrink))
