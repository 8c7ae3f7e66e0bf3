"""The test behind "not sure": a number that says how unlike everything taught a picture is.

Softmax always names some class: it only says which class is nearest. This test says how far away it is. With S + λI,
the covariance within classes, as the unit of length (`learning.discriminant`), p is the position of an embedding on the
plane in which the classes differ most, m_c that of the mean of class c, and r² the squared distance from the plane, the
residual. The novelty of an embedding is

    ( min_c ‖p − m_c‖² / its median  +  RESIDUAL_WEIGHT · r² / its median ) / limit

with medians over held-out rows. Above 1, the picture is unlike everything taught. All of it is linear in the number of
classes. All values are replaced by their signed square roots first, which evens out their variance.

The limit lies between two measured values: the scores of held-out rows of taught things, and those of a bank of things
that nobody taught (`limit_between`).

The test is calibrated here and computed in three places, which must agree: here, in `tpu.novelty`, and in the
`classify.py` of an exported folder. The names of the arrays are part of the file format.

It was chosen by measurement on photographs, benchmarks/not_sure.py and benchmarks/one_hold.py: softmax, energy, the
margin between two classes, distances to nearest samples, a scatter for each class, and the scatter of the bank are all
worse.

Source: Mahalanobis distances: Lee et al. 2018, A Simple Unified Framework for Detecting Out-of-Distribution Samples;
the residual: Wang et al. 2022, ViM; the square root: Bartlett 1936.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from learning.archive import with_file
from learning.discriminant import Discriminant, Rows
from learning.layers import FloatArray, IntArray
from learning.products import product

NOVELTY_FILE = "not_sure.npz"
NOVELTY_VERSION = 2  # readers ignore the test of a version that they do not know
RESIDUAL_WEIGHT = 2.0  # with few classes, most of what is new lies outside the plane
REFUSED_FRACTION = 0.03  # of held-out rows lie above the lower bound of the limit
REFUSED_VIEWS_FRACTION = 0.15  # the same for made views, which vary more than a visitor's looks
NEAREST_BANK_FRACTION = 0.05  # of the bank lies below the upper bound of the limit
# How far the limit lies from the lower to the upper bound. Rendered things lie farther away than photographs of unknown
# things, so it stays near the lower bound; synthesized views lie too near, so there it does not.
TOWARDS_BANK = {"holds": 0.1, "views": 0.25, "synthesized": 0.6, None: 0.2}
MIN_MEDIAN = 0.1  # of a squared distance per direction of the plane, in units of S + λI
# A smaller median counts as this share of the mean squared distance of the class means from their middle. So a picture
# near a class mean is never refused, even if all taught pictures are the same.
MIN_SCALE = 0.01
SCALE_SAMPLES = 512  # rows that measure what the residual loses with few directions


def signed_sqrt(values: FloatArray) -> FloatArray:
    """Return the square roots of the absolute values, with the signs of `values`."""
    roots = np.asarray(np.abs(values), np.float32)
    return np.copysign(np.sqrt(roots, out=roots), values, out=roots)


def unchanged(values: FloatArray) -> FloatArray:
    """Return the values themselves."""
    return values


@dataclass(frozen=True, eq=False)
class Distances:
    """Distances of rows from what a model was trained on; the model was trained without these rows.

    Attributes:
        nearest: Squared distance to the nearest class mean on the plane, float32 (n,).
        residual: Squared distance from the plane, float32 (n,).
    """

    nearest: FloatArray
    residual: FloatArray


@dataclass(frozen=True)
class Scale:
    """The units of both distances: their medians over held-out rows."""

    nearest: float
    residual: float

    def scores(self, distances: Distances) -> FloatArray:
        """Return novelties before they are divided by the limit, float32 (n,)."""
        scores = distances.nearest / self.nearest + RESIDUAL_WEIGHT * distances.residual / self.residual
        return np.asarray(scores, np.float32)


def distances_from(found: Discriminant, coordinates: FloatArray) -> Distances:
    """Return the distances of rows in R coordinates, (n, R), that `found` was not trained on."""
    axes, means = found.plane()
    positions, residual = found.positions(coordinates, axes)
    return Distances(_squared_distance_to_nearest(positions, means), residual)


def scale_of(distances: Distances, found: Discriminant) -> Scale:
    """Return the units of the distances, never so small that every new picture is refused.

    Args:
        distances: Of held-out rows of taught things.
        found: The discriminant of all rows.
    """
    means = found.plane()[1]
    smallest = MIN_SCALE * max(float((means**2).sum(axis=1).mean()), 1e-6)
    return Scale(
        max(float(np.median(distances.nearest)), MIN_MEDIAN * means.shape[1], smallest),
        max(float(np.median(distances.residual)), smallest),
    )


def limit_between(
    known: FloatArray,
    bank: FloatArray | None,
    *,
    margin: float = 1.0,
    towards: float = 0.0,
    refused_fraction: float = REFUSED_FRACTION,
) -> float:
    """Return the score above which a picture counts as unknown.

    The lower bound comes from held-out rows of taught things, the upper bound from the bank; the limit lies between.

    Args:
        known: Scores of held-out rows of taught things, (n,).
        bank: Scores of things that nobody taught, (B,); None without a bank: the limit is then the lower bound.
        margin: Multiplies the lower bound; above 1 where held-out rows are too much alike.
        towards: How far to go from the lower to the upper bound, 0..1.
        refused_fraction: Fraction of `known` above the lower bound, 0..1.

    Source: the lower bound by split conformal prediction, Vovk et al. 2005: the ⌈(n + 1)(1 − α)⌉-th of n scores; if n
    is too small for that, the largest score and a margin that shrinks with n. The way between the bounds is ours.
    """
    ordered, rank = np.sort(known), int(np.ceil((len(known) + 1) * (1 - refused_fraction)))
    lower = float(ordered[rank - 1] if rank <= len(ordered) else ordered[-1] * (1 + 3 / len(ordered)))
    lower = max(lower * margin, 1.0)  # in units of medians, which are never 0
    upper = lower if bank is None else float(np.quantile(bank, NEAREST_BANK_FRACTION))
    return float(lower + towards * max(0.0, upper - lower))


def make_novelty_test(
    rows: Rows,
    found: Discriminant,
    scale: Scale,
    *,
    training: IntArray,
    threshold: float,
    scatter: tuple[FloatArray, FloatArray],
) -> dict[str, Any]:
    """Make the test that is exported with the model. Its limit is 1; `with_limit` changes that.

    Args:
        rows: All of them, after `signed_sqrt`.
        found: Trained on the rows `training`.
        scale: From held-out rows.
        training: Indices of rows.
        threshold: The top probability that an answer needs, 0..1.
        scatter: From `rows.principal_directions`.

    Returns:
        Arrays by name: `axes` (K, D) and `directions` (L, D) float16; `centre` (D,) and `means` (C, K) float32; the
        others are numbers.
    """
    axes, means = found.plane()
    directions, variances = scatter
    shares = np.sqrt(variances / (variances + found.shrink))
    test = {
        "version": np.int32(NOVELTY_VERSION),
        "roots": np.bool_(True),  # readers compute signed square roots first
        "centre": np.asarray(rows.mean + rows.values(found.middle[:, np.newaxis])[:, 0], np.float32),
        "axes": np.asarray(rows.values(axes).T, np.float16),
        "means": means,
        "precision": np.float32(1 / scale.nearest),
        "directions": np.asarray(directions * shares[:, np.newaxis], np.float16),
        "shrink": np.float32(found.shrink),
        "aside": np.float32(RESIDUAL_WEIGHT / scale.residual),
        "threshold": np.float32(threshold),
    }
    # With the few directions of the file, residuals are larger than with all of them. Correct the unit for that.
    some = training[np.linspace(0, len(training) - 1, min(len(training), SCALE_SAMPLES)).astype(int)]
    exact = float(np.median(found.positions(rows.coordinates(some), axes)[1]))
    in_file = float(np.median(_distances_of(test, rows.features(some)).residual))
    if 0 < exact < in_file:
        test["aside"] = np.float32(RESIDUAL_WEIGHT / scale.residual * exact / in_file)
    return test


def with_limit(test: Mapping[str, Any], limit: float) -> dict[str, Any]:
    """Return the test with its limit multiplied by `limit`: all novelties are divided by it."""
    scaled = {name: np.float32(float(test[name]) / limit) for name in ("precision", "aside")}
    return {**test, **scaled}


def novelties(test: Mapping[str, Any], embeddings: FloatArray) -> FloatArray:
    """Return the novelty of embeddings (n, D), float32 (n,); above 1 the answer is "not sure"."""
    distances = _distances_of(test, signed_sqrt(embeddings) if test["roots"] else embeddings)
    return np.asarray(test["precision"] * distances.nearest + test["aside"] * distances.residual, np.float32)


def with_test(model: bytes, test: Mapping[str, Any], embedding_tensor: int) -> bytes:
    """Return the model with the test, some hundred kilobytes, in the archive behind it.

    Args:
        model: From `append_head`.
        test: From `make_novelty_test`.
        embedding_tensor: Index of the tensor that holds the embedding.
    """
    stream = io.BytesIO()
    np.savez(stream, **test, embedding_tensor=np.int32(embedding_tensor))
    return with_file(model, NOVELTY_FILE, stream.getvalue())


def _distances_of(test: Mapping[str, Any], features: FloatArray) -> Distances:
    """Return the distances of features (n, D), computed from the arrays of the file."""
    offsets = features - test["centre"]
    positions = product(offsets, test["axes"].astype(np.float32).T)
    along = product(offsets, test["directions"].astype(np.float32).T)
    squares = (np.einsum("nd,nd->n", offsets, offsets) - np.einsum("nk,nk->n", along, along)) / test["shrink"]
    residual = np.maximum(squares - np.einsum("nk,nk->n", positions, positions), 0)
    return Distances(_squared_distance_to_nearest(positions, test["means"]), residual)


def _squared_distance_to_nearest(positions: FloatArray, means: FloatArray) -> FloatArray:
    """Return squared distances of positions (n, K) to the nearest of means (C, K), float32 (n,)."""
    squares = (means**2).sum(axis=1) - 2 * product(positions, means.T)
    return np.asarray(np.maximum(squares.min(axis=1) + (positions**2).sum(axis=1), 0), np.float32)
