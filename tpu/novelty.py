"""The novelty test stored in an exported model: how different a picture is from everything taught.

The test is the file `not_sure.npz` in the zip archive at the end of the model file, beside the labels. Let
d = φ(embedding) − centre, where φ takes signed square roots if `signed_sqrt` is set, and p = axes · d the projection
onto the plane that separates the classes. Then

    novelty = precision · min_c ‖p − means_c‖²
              + residual_weight · ((‖d‖² − ‖directions · d‖²) / shrink − ‖p‖²)

and a novelty above 1 means that the picture is unlike everything taught. Files of version 1 have a matrix for each
class instead of one precision: the first term is min_c (p − means_c)ᵀ precisions_c (p − means_c). The script in
exported folders computes the same.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from tpu.archives import read_arrays, read_member
from tpu.errors import StrPath
from tpu.model_file import read_model_file
from tpu.tensors import FloatArray

FILE = "not_sure.npz"
LARGEST_TEST_BYTES = 64 << 20
ARRAYS = (
    "version", "embedding_tensor", "threshold", "roots", "centre", "axes", "means", "precision", "precisions",
    "directions", "shrink", "aside",
)  # fmt: skip
VERSIONS = (1, 2)  # that can be read


@dataclass(frozen=True, eq=False)
class NoveltyTest:
    """The novelty test of one model. C is the number of classes, D the length of an embedding.

    Attributes:
        embedding_tensor: Index of the tensor that holds the embedding.
        threshold: The top probability that an answer needs, 0..1.
        signed_sqrt: Whether signed square roots of the embedding are taken first.
        centre: float32 (D,).
        axes: float32 (K, D).
        means: float32 (C, K).
        precision: One number, float32 (); float32 (C, K, K) in files of version 1.
        directions: float32 (L, D).
        shrink: Divides the squared distance.
        residual_weight: Weight of what lies outside the plane of the classes.
    """

    embedding_tensor: int
    threshold: float
    signed_sqrt: bool
    centre: FloatArray
    axes: FloatArray
    means: FloatArray
    precision: FloatArray
    directions: FloatArray
    shrink: float
    residual_weight: float

    def novelty(self, embedding: FloatArray) -> float:
        """Return the novelty of an embedding, float32 (D,): at most 1 if it is like something taught."""
        features = np.sign(embedding) * np.sqrt(np.abs(embedding)) if self.signed_sqrt else embedding
        difference = features - self.centre
        projection = self.axes @ difference
        distance = (difference @ difference - np.sum((self.directions @ difference) ** 2)) / self.shrink
        residual = max(0.0, float(distance - projection @ projection))
        offsets = projection - self.means
        if self.precision.ndim:
            on_plane = np.einsum("ci,cij,cj->c", offsets, self.precision, offsets)
        else:
            on_plane = self.precision * (offsets**2).sum(axis=1)
        return float(on_plane.min() + self.residual_weight * residual)


def read_novelty_test(model: bytes | StrPath) -> NoveltyTest | None:
    """Read the novelty test of a model.

    Args:
        model: The path of a model file, or its bytes.

    Returns:
        The test; None if the model has none, or one of a version that is not known here.

    Raises:
        ModelUnreadable: If the file is missing or cannot be read.
    """
    data = read_model_file(model) if isinstance(model, str | os.PathLike) else model
    content = read_member(data, FILE, LARGEST_TEST_BYTES)
    arrays = read_arrays(content, ARRAYS, LARGEST_TEST_BYTES) if content is not None else None
    if arrays is None:
        return None
    try:
        version = int(arrays["version"])
        if version not in VERSIONS:
            return None
        test = NoveltyTest(
            embedding_tensor=int(arrays["embedding_tensor"]),
            threshold=float(arrays["threshold"]),
            signed_sqrt=bool(arrays["roots"]),
            centre=arrays["centre"].astype(np.float32),
            axes=arrays["axes"].astype(np.float32),
            means=arrays["means"].astype(np.float32),
            precision=arrays["precisions" if version == 1 else "precision"].astype(np.float32),
            directions=arrays["directions"].astype(np.float32),
            shrink=float(arrays["shrink"]),
            residual_weight=float(arrays["aside"]),
        )
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    return test if _fits_together(test) else None


def _fits_together(test: NoveltyTest) -> bool:
    """Whether all arrays have the shapes that `NoveltyTest` describes, and all numbers are finite."""
    if test.axes.ndim != 2 or test.means.ndim != 2 or test.directions.ndim != 2 or not len(test.means):
        return False
    plane, length = test.axes.shape
    classes = len(test.means)
    shapes = test.centre.shape == (length,) and test.means.shape[1] == plane and test.directions.shape[1] == length
    if not shapes or test.precision.shape not in ((), (classes, plane, plane)) or test.embedding_tensor < 0:
        return False
    arrays = (test.centre, test.axes, test.means, test.precision, test.directions)
    numbers = np.isfinite([test.threshold, test.shrink, test.residual_weight]).all()
    return bool(numbers and test.shrink != 0 and all(np.isfinite(one).all() for one in arrays))
