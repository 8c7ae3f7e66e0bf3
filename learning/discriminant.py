"""A shrunken linear discriminant: one linear layer, in closed form, from few samples with many values.

With class means μ_c, their mean m, and the pooled covariance within classes S, the logits are

    z_c(x) = (x − m)ᵀ(S + λI)⁻¹(μ_c − m) − ½ (μ_c − m)ᵀ(S + λI)⁻¹(μ_c − m)

so all classes have the same weight, however many samples each has. λ is SHRINKAGE times the mean variance of S,
because few samples estimate S badly. Nothing is iterated, so training a model for every fold is cheap.

If there are at most as many samples as values, all computations use the samples' inner products G = XXᵀ. With J, which
subtracts from every sample the mean of its class, and ν degrees of freedom,

    (S + λI)⁻¹ Xᵀβ = Xᵀ(β − J(JGJ + νλI)⁻¹JGβ) / λ          as S = XᵀJX / ν, JJ = J

Otherwise they use the (D, D) scatter matrix. Both give the same logits; `Samples` chooses the smaller matrix.

Source: Fisher 1936; Friedman 1989, Regularized Discriminant Analysis (shrinkage towards the identity); the Woodbury
identity; Mika et al. 1999, Fisher discriminant analysis with kernels (inner products of samples).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from learning.layers import FloatArray, IntArray

SHRINKAGE = 0.3  # any value from 0.1 to 0.5 gives the same accuracy on photographs
BATCH = 256  # rows that are centred at a time, so that the data is never copied whole
MIN_SPREAD = 1e-4  # of the total variance; replaces a smaller variance within classes, such as one sample per class


@dataclass(frozen=True, eq=False)
class Discriminant:
    """A discriminant that was trained on some of the samples.

    Attributes:
        coefficients: The weights in the basis that `Samples` uses: (N, C) if it uses inner products, else (D, C).
            `Samples.weights` turns them into weights (D, C).
        products: Inner products of every sample, used for training or not, with the weights: float32 (N, C).
        mean_products: The same of the class means: float32 (C, C).
        shrink: λ.
        squared_distances: Of the samples `measured`: (x − m)ᵀ(S + λI)⁻¹(x − m), float32.
    """

    coefficients: FloatArray
    products: FloatArray
    mean_products: FloatArray
    shrink: float
    squared_distances: FloatArray

    @property
    def biases(self) -> FloatArray:
        """What is added to `products` to make logits, float32 (C,)."""
        return np.asarray(-0.5 * (np.diagonal(self.mean_products) + self.mean_products.mean(axis=0)), np.float32)

    @property
    def logits(self) -> FloatArray:
        """Logits of every sample, float32 (N, C)."""
        return self.products + self.biases

    def plane(self) -> tuple[FloatArray, FloatArray]:
        """Return the C − 1 directions in which the classes differ, with S + λI as the unit of length.

        Returns:
            Axes (C, C−1) that turn products into coordinates, and the coordinates of the class means (C, C−1). The
            mean of the class means is the origin.
        """
        between = self.mean_products - self.mean_products.mean(axis=0)
        squares, rotation = np.linalg.eigh((between + between.T).astype(np.float64) / 2)
        # The smallest eigenvalue is 0, because C points span C − 1 dimensions.
        axes = rotation[:, 1:] / np.sqrt(np.maximum(squares[1:], 1e-6 * squares[-1] + 1e-12))
        return np.asarray(axes, np.float32), np.asarray(between @ axes, np.float32)

    def coordinates(self, axes: FloatArray) -> FloatArray:
        """Return the coordinates of every sample on the plane, float32 (N, C−1)."""
        return np.asarray((self.products - self.mean_products.mean(axis=0)) @ axes, np.float32)


class Samples:
    """The samples of a fit after `feature`, less their mean, with the matrix that all discriminants share.

    Args:
        x: float32 (N, D); kept, never copied whole.
        y: Label indices, int (N,).
        num_classes: C.
        feature: Turns rows into rows of the same shape.

    Attributes:
        mean: Mean of the features, float32 (D,).
    """

    def __init__(
        self, x: FloatArray, y: IntArray, num_classes: int, feature: Callable[[FloatArray], FloatArray] = lambda x: x
    ) -> None:
        self._x, self._y, self._num_classes, self._feature = x, y, num_classes, feature
        self.mean: FloatArray = np.zeros(x.shape[1], np.float32)
        total = sum(rows.sum(axis=0, dtype=np.float64) for _, rows in self._batches())
        self.mean = np.asarray(total / len(x), np.float32)
        few = len(x) <= x.shape[1]
        self._products = self._all_products() if few else None
        self._scatter = None if few else self._scatter_of(np.arange(len(x)))

    def discriminant(self, training: IntArray, measured: IntArray | None = None) -> Discriminant:
        """Train on the samples `training`.

        Args:
            training: Indices of at least one sample of each class, ascending.
            measured: Indices of the samples whose squared distances are computed; None for no samples.
        """
        y = self._y[training]
        measured = training[:0] if measured is None else measured
        averaging = _averaging_matrix(y, self._num_classes)
        if self._products is None:
            return self._from_scatter(training, y, averaging, measured)
        return self._from_products(training, y, averaging, measured)

    def weights(self, found: Discriminant, axes: FloatArray | None = None) -> FloatArray:
        """Return the matrix that (features − mean) are multiplied with.

        Returns:
            (D, C) for the products, or with `axes` (D, C−1) for coordinates on the plane.
        """
        coefficients = found.coefficients if axes is None else found.coefficients @ axes
        return coefficients if self._products is None else self._combine(coefficients)

    def class_means(self) -> FloatArray:
        """Return the class means of (features − mean) over all samples: float32 (C, D)."""
        averaging = _averaging_matrix(self._y, self._num_classes)
        means = np.zeros((self._num_classes, self._x.shape[1]), np.float32)
        for start, rows in self._batches():
            means += averaging[:, start : start + BATCH] @ rows
        return means

    def principal_directions(
        self, count: int, rng: np.random.Generator, iterations: int = 2
    ) -> tuple[FloatArray, FloatArray]:
        """Find the directions in which samples of the same class differ most.

        Returns:
            Up to `count` directions of unit length, float32 (K, D), and the variance along each, (K,).

        Source: subspace iteration from random directions, Halko, Martinsson and Tropp 2011, algorithm 4.4.
        """
        degrees = max(1, len(self._y) - self._num_classes)
        within, means = self._within(), self.class_means()
        count = min(count, degrees, len(within))
        basis = np.linalg.qr(within @ rng.standard_normal((len(within), count), np.float32))[0]
        for _ in range(iterations):
            basis = np.linalg.qr(within @ basis)[0]
        squares, rotation = np.linalg.eigh(basis.T @ (within @ basis))
        squares, basis = np.maximum(squares, 1e-12), basis @ rotation
        if self._products is None:
            return np.asarray(basis.T, np.float32), np.asarray(squares / degrees, np.float32)
        # RᵀR and RRᵀ have the same eigenvalues; an eigenvector u of RRᵀ is Rᵀu / √s of RᵀR.
        directions = self._combine(basis, means) / np.sqrt(squares)
        return np.asarray(directions.T, np.float32), np.asarray(squares / degrees, np.float32)

    # --- with inner products of samples -----------------------------------------------------------------

    def _from_products(
        self, training: IntArray, y: IntArray, averaging: FloatArray, measured: IntArray
    ) -> Discriminant:
        assert self._products is not None
        gram = self._products[np.ix_(training, training)]
        degrees = max(1, len(y) - self._num_classes)
        centred = gram - (averaging @ gram)[y]  # JG
        within = centred - (centred @ averaging.T)[:, y]  # JGJ
        shrink = self._shrink(float(within.trace()), degrees, float(gram.trace()))
        within[np.diag_indices_from(within)] += shrink * degrees
        middle = averaging.mean(axis=0)  # the mean of the class means, as a combination of samples
        beta = averaging.T - middle[:, np.newaxis]
        seen = self._products[np.ix_(training, measured)]
        seen_centred = seen - (averaging @ seen)[y] - (centred @ middle)[:, np.newaxis]
        solved = np.linalg.solve(within, np.concatenate([centred @ beta, seen_centred], axis=1))
        for_beta, for_seen = solved[:, : self._num_classes], solved[:, self._num_classes :]
        coefficients = np.zeros((len(self._x), self._num_classes), np.float32)
        coefficients[training] = (beta - (for_beta - (averaging @ for_beta)[y])) / shrink
        products = self._products @ coefficients
        unscaled = self._products[measured, measured] - 2 * middle @ seen + middle @ gram @ middle
        distances = (unscaled - np.einsum("nm,nm->m", seen_centred, for_seen)) / shrink
        return Discriminant(coefficients, products, averaging @ products[training], float(shrink), distances)

    def _all_products(self) -> FloatArray:
        """Compute XXᵀ batch by batch."""
        count = len(self._x)
        products = np.empty((count, count), np.float32)
        for start, rows in self._batches():
            for other, columns in self._batches():
                if other > start:
                    break
                block = rows @ columns.T
                products[start : start + BATCH, other : other + BATCH] = block
                products[other : other + BATCH, start : start + BATCH] = block.T
        return products

    def _combine(self, coefficients: FloatArray, means: FloatArray | None = None) -> FloatArray:
        """Return linear combinations of samples, (D, K); with `means`, of samples less their class means."""
        total = np.zeros((self._x.shape[1], coefficients.shape[1]), np.float32)
        for start, rows in self._batches():
            centred = rows if means is None else rows - means[self._y[start : start + BATCH]]
            total += centred.T @ coefficients[start : start + BATCH]
        return total

    # --- with the scatter matrix ------------------------------------------------------------------------

    def _from_scatter(self, training: IntArray, y: IntArray, averaging: FloatArray, measured: IntArray) -> Discriminant:
        assert self._scatter is not None
        degrees = max(1, len(y) - self._num_classes)
        means = np.zeros((self._num_classes, self._x.shape[1]), np.float32)
        for start in range(0, len(training), BATCH):
            means += averaging[:, start : start + BATCH] @ self._rows(training[start : start + BATCH])
        left_out = np.setdiff1d(np.arange(len(self._x)), training, assume_unique=True)
        within = self._scatter - self._scatter_of(left_out)
        total = float(within.trace())
        within -= (means.T * np.bincount(y).astype(np.float32)) @ means
        shrink = self._shrink(float(within.trace()), degrees, total)
        within[np.diag_indices_from(within)] += shrink * degrees
        inverse = np.asarray(np.linalg.inv(within) * np.float32(degrees), np.float32)
        middle = means.mean(axis=0)
        coefficients = inverse @ (means - middle).T
        products = np.concatenate([rows @ coefficients for _, rows in self._batches()])
        distances = np.empty(len(measured), np.float32)
        for start in range(0, len(measured), BATCH):
            rows = self._rows(measured[start : start + BATCH]) - middle
            distances[start : start + BATCH] = np.einsum("md,md->m", rows @ inverse, rows)
        return Discriminant(coefficients, products, means @ coefficients, float(shrink), distances)

    def _scatter_of(self, chosen: IntArray) -> FloatArray:
        """Return the sum of the outer products of the rows `chosen` with themselves, (D, D)."""
        total = np.zeros((self._x.shape[1],) * 2, np.float32)
        for start in range(0, len(chosen), BATCH):
            rows = self._rows(chosen[start : start + BATCH])
            total += rows.T @ rows
        return total

    # --- both -------------------------------------------------------------------------------------------

    def _within(self) -> FloatArray:
        """With R, all samples less their class means: return RRᵀ (N, N) or RᵀR (D, D), whichever is smaller."""
        if self._products is None:
            assert self._scatter is not None
            means = self.class_means()
            return np.asarray(self._scatter - (means.T * np.bincount(self._y).astype(np.float32)) @ means, np.float32)
        averaging = _averaging_matrix(self._y, self._num_classes)
        centred = self._products - (averaging @ self._products)[self._y]
        return np.asarray(centred - (centred @ averaging.T)[:, self._y], np.float32)

    def _shrink(self, within: float, degrees: int, total: float) -> np.float32:
        """Return λ; if the classes have no spread, use a small part of the spread of all samples."""
        spread = max(within, MIN_SPREAD * total, 1e-12)
        return np.float32(SHRINKAGE * spread / degrees / min(degrees, self._x.shape[1]))

    def _rows(self, chosen: IntArray) -> FloatArray:
        return self._feature(self._x[chosen]) - self.mean

    def _batches(self) -> Iterator[tuple[int, FloatArray]]:
        for start in range(0, len(self._x), BATCH):
            yield start, self._feature(self._x[start : start + BATCH]) - self.mean


def _averaging_matrix(y: IntArray, num_classes: int) -> FloatArray:
    """Return the matrix that turns rows (N, ...) into class means, float32 (C, N)."""
    averaging = np.zeros((num_classes, len(y)), np.float32)
    averaging[y, np.arange(len(y))] = 1 / np.bincount(y)[y]
    return averaging
