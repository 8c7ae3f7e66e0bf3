"""Facts about an extractor that are measured once: how far apart views of one thing lie, and where other things lie.

They are measured on a bank: pictures of things that nobody teaches. Each picture is embedded as it is and in made views
(moved, turned, scaled, lit). Where no picture is left to make views of, the changes that were seen on the bank are
added to embeddings instead.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.archive import DAMAGED_ARCHIVE
from learning.dataset import checked_embeddings
from learning.errors import InvalidEmbeddings
from learning.layers import FloatArray
from learning.novelty import signed_sqrt
from learning.products import product

VERSION = 2  # version 1 was measured without square roots
LINK_SHARE = 0.6  # of `distance`: samples of a class that lie closer are linked into a hold
DUPLICATE_SHARE = 0.4  # of `distance`: samples of a hold that lie closer are near-duplicates
DIRECTIONS = 64  # of change that are kept
STILL, TURNED = 0.35, 0.75  # of `distance`: between the frames of a still hold, and of a well turned one


@dataclass(frozen=True, eq=False)
class ViewPrior:
    """Facts about an extractor with D values.

    Attributes:
        distance: The median distance between two views of one thing, after `learning.novelty.signed_sqrt`.
        bank: Embeddings of things that nobody taught, float32 (B, D).
        views: A made view of each of them, float32 (B, D).
        scatter: How views differ from their pictures: rows whose outer products add up to the covariance, float32
            (K, D), the longest first.
        feature_scatter: The same after `signed_sqrt`.
    """

    distance: float
    bank: FloatArray
    views: FloatArray
    scatter: FloatArray
    feature_scatter: FloatArray

    @property
    def link_distance(self) -> float:
        """The `distance` for `learning.holds.link_holds`."""
        return LINK_SHARE * self.distance


def measure_prior(pictures: Any, views: Any) -> ViewPrior:
    """Measure an extractor.

    Args:
        pictures: Embeddings of the bank's pictures, (B, D).
        views: Embeddings of two made views or more of each picture, (B, V, D).

    Raises:
        InvalidEmbeddings: If shapes or values are wrong.
    """
    bank, seen = checked_embeddings(pictures, "pictures"), np.asarray(views, np.float32)
    if seen.ndim != 3 or seen.shape[0] != len(bank) or seen.shape[1] < 2 or seen.shape[2] != bank.shape[1]:
        raise InvalidEmbeddings(
            f"views has the shape {seen.shape}. Use ({len(bank)}, V, {bank.shape[1]}) with V of 2 or more."
        )
    checked_embeddings(seen.reshape(-1, bank.shape[1]), "views")
    distances = np.linalg.norm(signed_sqrt(seen[:, 0]) - signed_sqrt(seen[:, 1]), axis=1)
    return _prior(float(np.median(distances)), bank, seen[:, 0])


def prior_to_bytes(prior: ViewPrior) -> bytes:
    """Return the prior as a file in half precision: about 4·B·D bytes before compression; larger numbers need twice."""
    largest = max(float(np.abs(prior.bank).max()), float(np.abs(prior.views).max()))
    kind = np.float16 if largest < float(np.finfo(np.float16).max) else np.float32
    stream = io.BytesIO()
    np.savez_compressed(
        stream,
        version=np.int32(VERSION),
        distance=np.float32(prior.distance),
        bank=prior.bank.astype(kind),
        views=prior.views.astype(kind),
    )
    return stream.getvalue()


def prior_from_bytes(data: bytes) -> ViewPrior | None:
    """Read a file that `prior_to_bytes` wrote; returns None if it is damaged or of another version."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            if int(arrays["version"]) != VERSION:
                return None
            bank, views = arrays["bank"].astype(np.float32), arrays["views"].astype(np.float32)
            distance = float(arrays["distance"])
    except DAMAGED_ARCHIVE:
        return None
    if not 0 < distance < np.inf or not (np.isfinite(bank).all() and np.isfinite(views).all()):
        return None
    if bank.ndim != 2 or bank.shape != views.shape or not bank.size:
        return None
    try:
        return _prior(distance, bank, views)
    except InvalidEmbeddings:
        return None


def synthesized_views(embeddings: FloatArray, prior: ViewPrior, rng: np.random.Generator) -> FloatArray:
    """Return views of things without pictures: changes that were seen on the bank, added to embeddings (n, D).

    Returns:
        float32 (n, D); without negative values if `embeddings` has none.
    """
    seen = rng.integers(len(prior.bank), size=len(embeddings))
    views = embeddings + prior.views[seen] - prior.bank[seen]
    return np.asarray(np.maximum(views, 0) if embeddings.min() >= 0 else views, np.float32)


@dataclass(frozen=True, eq=False)
class Spread:
    """Sums over the samples of a class, after `signed_sqrt`: enough for `variety`, and more samples can be added.

    Attributes:
        samples: How many there are.
        total: Their sum, float64 (D,); 0.0 without samples.
        squares: The sum of their squared lengths.
    """

    samples: int = 0
    total: NDArray[np.float64] | float = 0.0
    squares: float = 0.0

    def plus(self, embeddings: FloatArray) -> Spread:
        """Return the sums with more samples: float32 (N, D)."""
        seen = signed_sqrt(embeddings).astype(np.float64)
        return Spread(
            self.samples + len(seen), self.total + seen.sum(axis=0), self.squares + float(np.square(seen).sum())
        )


def variety(spread: Spread, distance: float) -> float:
    """Measure how much the samples of a class differ.

    Args:
        spread: Of the class.
        distance: `ViewPrior.distance`.

    Returns:
        0..1: 0 for frames of a thing that did not move, 1 for a thing that was well turned.
    """
    if spread.samples < 2:
        return 0.0
    around_mean = spread.squares - float(np.square(spread.total).sum()) / spread.samples
    variance = max(0.0, around_mean) / (spread.samples - 1)
    share = np.sqrt(2 * variance) / distance  # the root mean square distance of two samples, over `distance`
    return float(np.clip((share - STILL) / (TURNED - STILL), 0, 1))


def _prior(distance: float, bank: FloatArray, views: FloatArray) -> ViewPrior:
    return ViewPrior(distance, bank, views, _scatter(views - bank), _scatter(signed_sqrt(views) - signed_sqrt(bank)))


def _scatter(changes: FloatArray) -> FloatArray:
    """Return the main directions of changes (n, D), each as long as its standard deviation: float32 (K, D)."""
    count = min(DIRECTIONS, *changes.shape)
    if changes.shape[0] < changes.shape[1]:
        squares, rotation = np.linalg.eigh(product(changes, changes.T).astype(np.float64))
        rows = product(rotation[:, ::-1][:, :count].T, changes)
    else:
        squares, rotation = np.linalg.eigh(product(changes.T, changes).astype(np.float64))
        rows = (rotation * np.sqrt(np.maximum(squares, 0)))[:, ::-1][:, :count].T
    return np.asarray(rows / np.sqrt(len(changes)), np.float32)
