"""A model that a benchmark teaches, with what explains its answers."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.model.why import Explainer
from learning.fit import fit_head
from learning.softmax_regression import SoftmaxRegression
from learning.tflite_export import append_head
from tpu.classifier import ClassificationEngine
from tpu.extractor import EmbeddingExtractor
from tpu.tensors import ImageArray


class Taught:
    """A head on some pictures, its exported file, and the explainer of that file."""

    def __init__(
        self,
        extractor: EmbeddingExtractor,
        pictures: Sequence[ImageArray],
        labels: NDArray[np.int64],
        rng: np.random.Generator,
    ) -> None:
        self._extractor, self._folder = extractor, tempfile.TemporaryDirectory()
        path = Path(self._folder.name) / "model.tflite"
        embeddings = np.stack([extractor.embed(one) for one in pictures])
        self.head: SoftmaxRegression = fit_head(embeddings, labels, int(labels.max()) + 1, rng=rng).head
        path.write_bytes(append_head(extractor.counterpart_bytes or extractor.model_bytes, self.head))
        self.engine = ClassificationEngine(path, trusted=True)
        self.explainer = Explainer(self.engine)

    def logits(self, picture: ImageArray) -> NDArray[np.float32]:
        """The logits of the trained head itself, which no file rounds."""
        return self.head.logits(self._extractor.embed(picture)[np.newaxis])[0]

    def lead(self, picture: ImageArray, winner: int, other: int) -> float:
        """How far one class leads another."""
        scores = self.logits(picture)
        return float(scores[winner] - scores[other])
