"""How unlike everything taught a picture is: the test behind "not sure", made and calibrated from held-out samples.

Softmax is sure of everything: it only says which class is nearest. This test says how far. On the plane in which the
classes differ (`Discriminant.plane`), o_c is the way from class c's mean and Σ_c how held-out samples of c scatter
about it; beside the plane lies r², the square length across it. The novelty of an embedding is

    ( min_c o_cᵀ Σ_c⁻¹ o_c / its median  +  ASIDE/(C−1) · r² / its median ) / limit

with medians and limit taken over held-out samples, so that 1 is the most that a view of something taught has, but for
REFUSED of them. Embeddings without a negative value, as they come from behind a ReLU, are square-rooted first, which
evens out their variance.

Chosen by measurement on photographs, benchmarks/not_sure.py: softmax, energy, margin, distances to class means and
nearest samples, in the embedding's own space and whitened, fall short of it.

Source: Mahalanobis distances for the unknown: Lee et al. 2018, A Simple Unified Framework for Detecting
Out-of-Distribution Samples; the part across the plane: Wang et al. 2022, ViM; the root: Bartlett 1936.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from learning.discriminant import Discriminant, Samples
from learning.layers import FloatArray, IntArray

FILE = "not_sure.npz"
ASIDE = 3.0  # shared by the C − 1 directions of the plane: with few of them, most that is new lies across
REFUSED = 0.025  # of held-out samples lie beyond the limit
OWN_SCATTER, OWN_AFTER = 0.5, 30  # the most weight of a class's own scatter, and from how many samples on half of that
NEAR = (
    0.01  # of the square length from the middle to a class: what lies nearer to its class is never far, however alike
)
# the samples of a class are
DIRECTIONS = 64  # in which the samples of a class differ most; the others count as equal


def rooted(values: FloatArray) -> FloatArray:
    """Square roots with their signs."""
    return np.asarray(np.sign(values) * np.sqrt(np.abs(values)), np.float32)


def wants_roots(x: FloatArray) -> bool:
    """Whether embeddings come from behind a ReLU."""
    return bool(x.min(initial=0.0) >= 0)


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Where samples lie that were held out, as the folds saw it.

    Attributes:
        ways: From every class mean, on the final plane, float32 (N, C, C−1).
        aside: Square lengths across the plane, float32 (N,).
    """

    ways: FloatArray
    aside: FloatArray


def held_out_places(found: Discriminant, sample_indices: IntArray, final_means: FloatArray) -> HeldOut:
    """Place the samples that a fold held out.

    A fold's plane is turned onto the final one, so that the ways of all folds can be compared.

    Args:
        found: From the other folds; it measured `sample_indices`.
        sample_indices: The samples held out.
        final_means: The class means' coordinates on the final plane, (C, C−1).

    Source: the turn is the orthogonal Procrustes problem, Schönemann 1966.
    """
    axes, means = found.plane()
    places = found.coordinates(axes)[sample_indices]
    left, _, right = np.linalg.svd(means.T @ final_means)
    ways = (places[:, np.newaxis] - means) @ (left @ right)
    aside = found.square_lengths - np.einsum("nd,nd->n", places, places)
    return HeldOut(np.asarray(ways, np.float32), np.asarray(np.maximum(aside, 0), np.float32))


def make_test(
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
    """Make the test that travels with the model.

    Args:
        samples: All of them.
        found: The discriminant of all samples.
        held_out: Of every sample, in order.
        y: Class indices, int (N,).
        folds: Which fold held a sample out, int (N,).
        roots: Whether the samples' feature is `rooted`.
        threshold: The top probability that an answer needs, 0..1.
        rng: Finds the directions.

    Returns:
        The test as arrays by name, with which the kiosk and the exported `classify.py` compute; and the novelty of
        every held-out sample, float32 (N,).
    """
    axes, means = found.plane()
    edges, near = means.shape[1], NEAR * max(float((means**2).sum(axis=1).mean()), 1e-6)
    precisions = _precisions(held_out.ways, y, np.arange(len(y)), near)
    on_plane = np.empty(len(y), np.float32)
    for fold in np.unique(folds):  # a sample's own way must not have shaped the scatter that it is judged by
        there = folds == fold
        fair = _precisions(held_out.ways, y, np.flatnonzero(~there), near)
        on_plane[there] = _nearest(held_out.ways[there], fair)
    middle, middle_aside = max(float(np.median(on_plane)), 0.1 * edges), max(float(np.median(held_out.aside)), near)
    weight = ASIDE / edges
    scores = on_plane / middle + weight * held_out.aside / middle_aside
    limit = max(_limit(scores), 1.0)
    directions, variances = samples.spread(DIRECTIONS, rng)
    shares = np.sqrt(variances / (variances + found.shrink))
    centre = samples.class_means().mean(axis=0)
    test = {
        "version": np.int32(1),
        "roots": np.bool_(roots),
        "centre": np.asarray(samples.mean + centre, np.float32),
        "axes": np.asarray(samples.weights(found, axes).T, np.float32),
        "means": means,
        "precisions": np.asarray(precisions / (middle * limit), np.float32),
        "directions": np.asarray(directions * shares[:, np.newaxis], np.float16),
        "shrink": np.float32(found.shrink),
        "aside": np.float32(weight / (middle_aside * limit)),
        "threshold": np.float32(threshold),
    }
    return test, np.asarray(scores / limit, np.float32)


def with_test(model: bytes, test: Mapping[str, Any], embedding_tensor: int) -> bytes:
    """Put the test into the archive behind a model, beside its labels; its size is some hundred kilobytes.

    Args:
        model: From `append_head`.
        test: From `make_test`.
        embedding_tensor: Index of the tensor that holds the embedding.
    """
    packed = io.BytesIO()
    np.savez(packed, **test, embedding_tensor=np.int32(embedding_tensor))
    stream = io.BytesIO(model)
    stream.seek(0, io.SEEK_END)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(FILE, (1980, 1, 1, 0, 0, 0)), packed.getvalue())
    return stream.getvalue()


def _nearest(ways: FloatArray, precisions: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("nci,cij,ncj->nc", ways, precisions, ways).min(axis=1), np.float32)


def _precisions(ways: FloatArray, y: IntArray, chosen: IntArray, near: float) -> FloatArray:
    """Inverse scatter of every class, (C, C−1, C−1): its own, that of all, and a ball, weighed by how much is known."""
    num_classes, edges = ways.shape[1], ways.shape[2]
    own = ways[chosen, y[chosen]]
    pooled = own.T @ own / max(1, len(own))
    ball = np.eye(edges, dtype=np.float32) * max(float(np.trace(pooled)), near) / edges
    scatters = np.empty((num_classes, edges, edges))
    for label in range(num_classes):
        mine = own[y[chosen] == label]
        share = OWN_SCATTER * len(mine) / (len(mine) + OWN_AFTER)
        scatters[label] = share * (mine.T @ mine) / max(1, len(mine)) + (1 - share) * 0.5 * (pooled + ball)
    return np.asarray(np.linalg.inv(scatters), np.float32)


def _limit(scores: FloatArray) -> float:
    """The score that a fresh view exceeds with a probability of REFUSED at most.

    Source: split conformal prediction, Vovk et al. 2005: the ⌈(n + 1)(1 − α)⌉-th of n scores; with too few of them,
    the largest and a margin that shrinks with their number.
    """
    ordered, wanted = np.sort(scores), int(np.ceil((len(scores) + 1) * (1 - REFUSED)))
    if wanted <= len(scores):
        return float(ordered[wanted - 1])
    return float(ordered[-1] * (1 + 3 / len(scores)))
