"""The test behind "not sure" that travels in a model's file: how unlike everything taught an embedding is.

It lies as `not_sure.npz` in the archive behind the model, beside the labels. With d = φ(embedding) − centre, where φ
takes signed square roots if `roots` says so, and p = axes · d the place on the plane in which the classes differ,

    novelty = min_c (p − means_c)ᵀ precisions_c (p − means_c) + aside · ((‖d‖² − ‖directions · d‖²) / shrink − ‖p‖²)

and above 1 the model has seen nothing like it. The exported folder's own script computes the same.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import numpy as np

from tpu.tensors import FloatArray

FILE = "not_sure.npz"
VERSION = 1


@dataclass(frozen=True, eq=False)
class NoveltyTest:
    """What a model brings along to tell the unknown.

    Attributes:
        embedding_tensor: Index of the tensor whose value is judged.
        threshold: The top probability that an answer needs, 0..1.
        roots: Whether square roots are taken.
        centre: (D,). axes: (C−1, D). means: (C, C−1). precisions: (C, C−1, C−1). directions: (K, D).
        shrink, aside: Numbers.
    """

    embedding_tensor: int
    threshold: float
    roots: bool
    centre: FloatArray
    axes: FloatArray
    means: FloatArray
    precisions: FloatArray
    directions: FloatArray
    shrink: float
    aside: float

    def novelty(self, embedding: FloatArray) -> float:
        """Judge an embedding, float32 (D,): up to 1 it is like what was taught."""
        seen = np.sign(embedding) * np.sqrt(np.abs(embedding)) if self.roots else embedding
        way = seen - self.centre
        place = self.axes @ way
        across = max(0.0, float((way @ way - np.sum((self.directions @ way) ** 2)) / self.shrink - place @ place))
        ways = place - self.means
        return float(np.einsum("ci,cij,cj->c", ways, self.precisions, ways).min() + self.aside * across)


def read_novelty_test(model: bytes) -> NoveltyTest | None:
    """The test in a model's file; None where there is none that this program knows."""
    try:
        with zipfile.ZipFile(io.BytesIO(model)) as archive, np.load(io.BytesIO(archive.read(FILE))) as arrays:
            if int(arrays["version"]) != VERSION:
                return None
            return NoveltyTest(
                embedding_tensor=int(arrays["embedding_tensor"]),
                threshold=float(arrays["threshold"]),
                roots=bool(arrays["roots"]),
                centre=arrays["centre"].astype(np.float32),
                axes=arrays["axes"].astype(np.float32),
                means=arrays["means"].astype(np.float32),
                precisions=arrays["precisions"].astype(np.float32),
                directions=arrays["directions"].astype(np.float32),
                shrink=float(arrays["shrink"]),
                aside=float(arrays["aside"]),
            )
    except (zipfile.BadZipFile, KeyError, ValueError, OSError):
        return None
