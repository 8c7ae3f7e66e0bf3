"""The test behind "not sure": a number that says how unlike everything taught a picture is.

Softmax always names some class: it only says which class is nearest. This test says how far away it is. On the plane
in which the classes differ (`Discriminant.plane`), o_c is the offset from the mean of class c, and Σ_c the scatter of
the held-out samples of c about that mean; r² is the squared distance from the plane, the residual. The novelty of an
embedding is

    ( min_c o_cᵀ Σ_c⁻¹ o_c / its median  +  RESIDUAL_WEIGHT/(C−1) · r² / its median ) / limit

Medians and limit are taken over held-out samples, so that pictures of something taught stay below 1, except
for the fraction REFUSED_FRACTION. Embeddings without negative values, as they come from behind a ReLU, are replaced by
their square roots first, which evens out their variance.

The test is calibrated here and computed in three places, which must agree: here, in `tpu.novelty`, and in the
`classify.py` of an exported folder. The names of the arrays are part of the file format.

It was chosen by measurement on photographs, benchmarks/not_sure.py: softmax, energy, margin, and distances to class
means and nearest samples, in the space of the embedding and whitened, are all worse.

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
from learning.discriminant import Discriminant, Samples
from learning.layers import FloatArray, IntArray

NOVELTY_FILE = "not_sure.npz"
NOVELTY_VERSION = 1  # readers ignore the test of another version
RESIDUAL_WEIGHT = 3.0  # divided by C − 1: the fewer directions the plane has, the more of what is new lies outside it
REFUSED_FRACTION = 0.025  # of held-out samples may lie above the limit
OWN_SCATTER_SHARE = 0.5  # the largest weight of a class's own scatter
OWN_SCATTER_HALF_AT = 30  # samples of a class at which its own scatter has half of that weight
MIN_SCATTER = 0.01  # of the mean squared distance of the classes from the origin: a smaller scatter counts as this
DIRECTIONS = 64  # in which samples of a class differ most; in all other directions their variance counts as 0


def signed_sqrt(values: FloatArray) -> FloatArray:
    """Return the square roots of the absolute values, with the signs of `values`."""
    return np.asarray(np.sign(values) * np.sqrt(np.abs(values)), np.float32)


def needs_square_roots(x: FloatArray) -> bool:
    """Return whether no embedding (N, D) has a negative value, as behind a ReLU."""
    return bool(x.min(initial=0.0) >= 0)


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Positions of samples relative to the plane of a discriminant that was trained without them.

    Attributes:
        offsets: From every class mean, on the final plane, float32 (N, C, C−1).
        residual: Squared distance from the plane, float32 (N,).
    """

    offsets: FloatArray
    residual: FloatArray


def held_out_positions(found: Discriminant, sample_indices: IntArray, final_means: FloatArray) -> HeldOut:
    """Compute the positions of the samples that a fold held out.

    The fold's plane is rotated onto the final one, so that the offsets of all folds can be compared.

    Args:
        found: Trained on the other folds; it measured `sample_indices`.
        sample_indices: The samples held out.
        final_means: Coordinates of the class means on the final plane, (C, C−1).

    Source: the rotation solves the orthogonal Procrustes problem, Schönemann 1966.
    """
    axes, means = found.plane()
    positions = found.coordinates(axes)[sample_indices]
    left, _, right = np.linalg.svd(means.T @ final_means)
    offsets = (positions[:, np.newaxis] - means) @ (left @ right)
    residual = found.squared_distances - np.einsum("nd,nd->n", positions, positions)
    return HeldOut(np.asarray(offsets, np.float32), np.asarray(np.maximum(residual, 0), np.float32))


def make_novelty_test(
    samples: Samples,
    found: Discriminant,
    held_out: HeldOut,
    y: IntArray,
    folds: IntArray,
    *,
    roots: bool,
    threshold: float,
    rng: np.random.Generator,
) -> tuple[dict[str, Any], FloatArray]:
    """Make the test that is exported with the model.

    Args:
        samples: All of them.
        found: The discriminant of all samples.
        held_out: Of every sample, in order.
        y: Label indices, int (N,).
        folds: The fold that held a sample out, int (N,).
        roots: Whether the samples' feature is `signed_sqrt`.
        threshold: The top probability that an answer needs, 0..1.
        rng: Starts the search for the directions.

    Returns:
        The test as arrays by name, and the novelty of every held-out sample, float32 (N,).
    """
    axes, means = found.plane()
    edges, smallest = means.shape[1], MIN_SCATTER * max(float((means**2).sum(axis=1).mean()), 1e-6)
    precisions = _precisions(held_out.offsets, y, np.arange(len(y)), smallest)
    on_plane = np.empty(len(y), np.float32)
    for fold in np.unique(folds):  # a sample's own offset must not influence the scatter that judges it
        inside = folds == fold
        without_fold = _precisions(held_out.offsets, y, np.flatnonzero(~inside), smallest)
        on_plane[inside] = _squared_distance_to_nearest(held_out.offsets[inside], without_fold)
    median = max(float(np.median(on_plane)), 0.1 * edges)
    residual_median = max(float(np.median(held_out.residual)), smallest)
    weight = RESIDUAL_WEIGHT / edges
    scores = on_plane / median + weight * held_out.residual / residual_median
    limit = max(_limit(scores), 1.0)
    directions, variances = samples.principal_directions(DIRECTIONS, rng)
    shares = np.sqrt(variances / (variances + found.shrink))
    centre = samples.class_means().mean(axis=0)
    test = {
        "version": np.int32(NOVELTY_VERSION),
        "roots": np.bool_(roots),
        "centre": np.asarray(samples.mean + centre, np.float32),
        "axes": np.asarray(samples.weights(found, axes).T, np.float32),
        "means": means,
        "precisions": np.asarray(precisions / (median * limit), np.float32),
        "directions": np.asarray(directions * shares[:, np.newaxis], np.float16),
        "shrink": np.float32(found.shrink),
        "aside": np.float32(weight / (residual_median * limit)),
        "threshold": np.float32(threshold),
    }
    return test, np.asarray(scores / limit, np.float32)


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


def _squared_distance_to_nearest(offsets: FloatArray, precisions: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("nci,cij,ncj->nc", offsets, precisions, offsets).min(axis=1), np.float32)


def _precisions(offsets: FloatArray, y: IntArray, chosen: IntArray, smallest: float) -> FloatArray:
    """Return the inverse scatter of every class, (C, C−1, C−1), from the samples `chosen`.

    The scatter is a mean of the class's own, that of all classes, and a ball of the same size. The more samples a class
    has, the more its own scatter counts.
    """
    num_classes, edges = offsets.shape[1], offsets.shape[2]
    own = offsets[chosen, y[chosen]]
    pooled = own.T @ own / max(1, len(own))
    ball = np.eye(edges, dtype=np.float32) * max(float(np.trace(pooled)), smallest) / edges
    scatters = np.empty((num_classes, edges, edges))
    for label in range(num_classes):
        of_class = own[y[chosen] == label]
        share = OWN_SCATTER_SHARE * len(of_class) / (len(of_class) + OWN_SCATTER_HALF_AT)
        scatters[label] = share * (of_class.T @ of_class) / max(1, len(of_class)) + (1 - share) * 0.5 * (pooled + ball)
    return np.asarray(np.linalg.inv(scatters), np.float32)


def _limit(scores: FloatArray) -> float:
    """Return the score that a new picture of something taught exceeds with probability REFUSED_FRACTION at most.

    Source: split conformal prediction, Vovk et al. 2005: the ⌈(n + 1)(1 − α)⌉-th of n scores. If n is too small for
    that, the largest score and a margin that shrinks with n.
    """
    ordered, rank = np.sort(scores), int(np.ceil((len(scores) + 1) * (1 - REFUSED_FRACTION)))
    if rank <= len(scores):
        return float(ordered[rank - 1])
    return float(ordered[-1] * (1 + 3 / len(scores)))
