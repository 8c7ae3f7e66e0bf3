"""A shrunken linear discriminant: from few samples with many values to one linear layer, in closed form.

With class means μ_c, their mean m, and the pooled covariance within classes S, the logits are

    z_c(x) = (x − m)ᵀ(S + λI)⁻¹(μ_c − m) − ½ (μ_c − m)ᵀ(S + λI)⁻¹(μ_c − m)

so classes weigh alike, however many samples each has. λ is SHRINKAGE times the mean variance of S, for S is known
badly from few samples. Nothing is iterated, so that a model can be had for every fold of the samples.

While there are no more samples than values, all of it happens among the samples' products G = XXᵀ. With J, which takes
from every sample the mean of its class, and ν degrees of freedom,

    (S + λI)⁻¹ Xᵀβ = Xᵀ(β − J(JGJ + νλI)⁻¹JGβ) / λ          as S = XᵀJX / ν, JJ = J

Else the (D, D) scatter is used.

Source: Fisher 1936; Friedman 1989, Regularized Discriminant Analysis (shrinkage towards the identity); the Woodbury
identity; Mika et al. 1999, Fisher discriminant analysis with kernels (the products of samples).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from learning.layers import FloatArray, IntArray

SHRINKAGE = 0.3  # 0.1 … 0.5 name photographs as well
BATCH = 256  # rows that are centred at a time: the data is never copied whole
SMALLEST_SPREAD = 1e-4  # of all variance, where the classes have none: one sample each, or all alike


@dataclass(frozen=True, eq=False)
class Discriminant:
    """What was found from some of the samples.

    Attributes:
        unknowns: Stand for the weights; `Samples.weights` makes (D, C) of them.
        products: Of every sample, left out or not, with the weights: float32 (N, C).
        of_means: The same of the class means: float32 (C, C).
        shrink: λ.
        square_lengths: Of the samples `measured`: (x − m)ᵀ(S + λI)⁻¹(x − m), float32.
    """

    unknowns: FloatArray
    products: FloatArray
    of_means: FloatArray
    shrink: float
    square_lengths: FloatArray

    @property
    def offsets(self) -> FloatArray:
        """Logits are products plus these, float32 (C,)."""
        return np.asarray(-0.5 * (np.diagonal(self.of_means) + self.of_means.mean(axis=0)), np.float32)

    @property
    def logits(self) -> FloatArray:
        """Of every sample, float32 (N, C)."""
        return self.products + self.offsets

    def plane(self) -> tuple[FloatArray, FloatArray]:
        """The C − 1 directions in which the classes differ, with S + λI as the unit of length.

        Returns:
            Axes (C, C−1) that turn products into coordinates, and the class means' coordinates (C, C−1). The mean of
            the class means lies at zero.
        """
        between = self.of_means - self.of_means.mean(axis=0)
        squares, turn = np.linalg.eigh((between + between.T).astype(np.float64) / 2)
        # The smallest is 0, as C points lie in C − 1 dimensions.
        axes = turn[:, 1:] / np.sqrt(np.maximum(squares[1:], 1e-6 * squares[-1] + 1e-12))
        return np.asarray(axes, np.float32), np.asarray(between @ axes, np.float32)

    def coordinates(self, axes: FloatArray) -> FloatArray:
        """Where every sample lies on the plane, float32 (N, C−1)."""
        return np.asarray((self.products - self.of_means.mean(axis=0)) @ axes, np.float32)


class Samples:
    """The samples of a fit, seen through `feature`, less their mean.

    Args:
        x: float32 (N, D); kept, never copied whole.
        y: Class indices, int (N,).
        num_classes: C.
        feature: Turns rows into rows of the same shape.

    Attributes:
        mean: Of the features, float32 (D,).
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
        self._scatter = None if few else self._squares(np.arange(len(x)))

    def discriminant(self, taught: IntArray, measured: IntArray | None = None) -> Discriminant:
        """Learn from the samples `taught`, at least one of each class, and measure the samples `measured`."""
        y = self._y[taught]
        measured = taught[:0] if measured is None else measured
        averaging = _averaging(y, self._num_classes)
        if self._products is None:
            return self._among_values(taught, y, averaging, measured)
        return self._among_products(taught, y, averaging, measured)

    def weights(self, found: Discriminant, axes: FloatArray | None = None) -> FloatArray:
        """What features less `mean` are multiplied with: (D, C), or (D, C−1) for coordinates on a plane."""
        unknowns = found.unknowns if axes is None else found.unknowns @ axes
        return unknowns if self._products is None else self._combined(unknowns)

    def class_means(self) -> FloatArray:
        """Of the features less `mean`, over all samples: float32 (C, D)."""
        averaging = _averaging(self._y, self._num_classes)
        means = np.zeros((self._num_classes, self._x.shape[1]), np.float32)
        for start, rows in self._batches():
            means += averaging[:, start : start + BATCH] @ rows
        return means

    def spread(self, count: int, rng: np.random.Generator, iterations: int = 2) -> tuple[FloatArray, FloatArray]:
        """The directions in which samples of a class differ most.

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
        squares, turn = np.linalg.eigh(basis.T @ (within @ basis))
        squares, basis = np.maximum(squares, 1e-12), basis @ turn
        if self._products is None:
            return np.asarray(basis.T, np.float32), np.asarray(squares / degrees, np.float32)
        # RᵀR and RRᵀ have the same eigenvalues; an eigenvector u of RRᵀ is Rᵀu / √s of RᵀR.
        directions = self._combined(basis, means) / np.sqrt(squares)
        return np.asarray(directions.T, np.float32), np.asarray(squares / degrees, np.float32)

    # --- among the samples' products --------------------------------------------------------------------

    def _among_products(self, taught: IntArray, y: IntArray, averaging: FloatArray, measured: IntArray) -> Discriminant:
        assert self._products is not None
        gram = self._products[np.ix_(taught, taught)]
        degrees = max(1, len(y) - self._num_classes)
        centred = gram - (averaging @ gram)[y]  # JG
        within = centred - (centred @ averaging.T)[:, y]  # JGJ
        shrink = self._shrink(float(within.trace()), degrees, float(gram.trace()))
        within[np.diag_indices_from(within)] += shrink * degrees
        middle = averaging.mean(axis=0)  # the mean of the class means, as a sum of samples
        beta = averaging.T - middle[:, np.newaxis]
        seen = self._products[np.ix_(taught, measured)]
        seen_centred = seen - (averaging @ seen)[y] - (centred @ middle)[:, np.newaxis]
        solved = np.linalg.solve(within, np.concatenate([centred @ beta, seen_centred], axis=1))
        inner, other = solved[:, : self._num_classes], solved[:, self._num_classes :]
        unknowns = np.zeros((len(self._x), self._num_classes), np.float32)
        unknowns[taught] = (beta - (inner - (averaging @ inner)[y])) / shrink
        products = self._products @ unknowns
        plain = self._products[measured, measured] - 2 * middle @ seen + middle @ gram @ middle
        lengths = (plain - np.einsum("nm,nm->m", seen_centred, other)) / shrink
        return Discriminant(unknowns, products, averaging @ products[taught], float(shrink), lengths)

    def _all_products(self) -> FloatArray:
        """XXᵀ, from one batch of rows after the other."""
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

    def _combined(self, coefficients: FloatArray, means: FloatArray | None = None) -> FloatArray:
        """Sums of samples, (D, K); with `means`, of samples less their class means."""
        total = np.zeros((self._x.shape[1], coefficients.shape[1]), np.float32)
        for start, rows in self._batches():
            centred = rows if means is None else rows - means[self._y[start : start + BATCH]]
            total += centred.T @ coefficients[start : start + BATCH]
        return total

    # --- among values -----------------------------------------------------------------------------------

    def _among_values(self, taught: IntArray, y: IntArray, averaging: FloatArray, measured: IntArray) -> Discriminant:
        assert self._scatter is not None
        degrees = max(1, len(y) - self._num_classes)
        means = np.zeros((self._num_classes, self._x.shape[1]), np.float32)
        for start in range(0, len(taught), BATCH):
            means += averaging[:, start : start + BATCH] @ self._rows(taught[start : start + BATCH])
        left_out = np.setdiff1d(np.arange(len(self._x)), taught, assume_unique=True)
        within = self._scatter - self._squares(left_out)
        total = float(within.trace())
        within -= (means.T * np.bincount(y).astype(np.float32)) @ means
        shrink = self._shrink(float(within.trace()), degrees, total)
        within[np.diag_indices_from(within)] += shrink * degrees
        inverse = np.asarray(np.linalg.inv(within) * np.float32(degrees), np.float32)
        middle = means.mean(axis=0)
        unknowns = inverse @ (means - middle).T
        products = np.concatenate([rows @ unknowns for _, rows in self._batches()])
        lengths = np.empty(len(measured), np.float32)
        for start in range(0, len(measured), BATCH):
            rows = self._rows(measured[start : start + BATCH]) - middle
            lengths[start : start + BATCH] = np.einsum("md,md->m", rows @ inverse, rows)
        return Discriminant(unknowns, products, means @ unknowns, float(shrink), lengths)

    def _squares(self, chosen: IntArray) -> FloatArray:
        """The sum of the outer products of the rows `chosen` with themselves, (D, D)."""
        total = np.zeros((self._x.shape[1],) * 2, np.float32)
        for start in range(0, len(chosen), BATCH):
            rows = self._rows(chosen[start : start + BATCH])
            total += rows.T @ rows
        return total

    # --- both -------------------------------------------------------------------------------------------

    def _within(self) -> FloatArray:
        """All samples less their class means: RRᵀ (N, N) or RᵀR (D, D), whichever is smaller."""
        if self._products is None:
            assert self._scatter is not None
            means = self.class_means()
            return np.asarray(self._scatter - (means.T * np.bincount(self._y).astype(np.float32)) @ means, np.float32)
        averaging = _averaging(self._y, self._num_classes)
        centred = self._products - (averaging @ self._products)[self._y]
        return np.asarray(centred - (centred @ averaging.T)[:, self._y], np.float32)

    def _shrink(self, within: float, degrees: int, total: float) -> np.float32:
        """λ; where classes have no spread, a little of what all samples have stands in."""
        spread = max(within, SMALLEST_SPREAD * total, 1e-12)
        return np.float32(SHRINKAGE * spread / degrees / min(degrees, self._x.shape[1]))

    def _rows(self, chosen: IntArray) -> FloatArray:
        return self._feature(self._x[chosen]) - self.mean

    def _batches(self) -> Iterator[tuple[int, FloatArray]]:
        for start in range(0, len(self._x), BATCH):
            yield start, self._feature(self._x[start : start + BATCH]) - self.mean


def _averaging(y: IntArray, num_classes: int) -> FloatArray:
    """What makes class means of rows, float32 (C, N)."""
    averaging = np.zeros((num_classes, len(y)), np.float32)
    averaging[y, np.arange(len(y))] = 1 / np.bincount(y)[y]
    return averaging
