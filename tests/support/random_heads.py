"""Exported models whose heads nobody trained: for what depends on the number of classes alone."""

from __future__ import annotations

from learning.graph_view import GraphView
from learning.softmax_regression import SoftmaxRegression
from learning.tflite_export import append_head
from tpu.models import default_extractor_path

LARGEST_LOGIT = 12.0


def random_model(classes: int, *, weight_scale: float = 1.0) -> bytes:
    """Return the built-in extractor with random weights behind it."""
    extractor = default_extractor_path().read_bytes()
    view = GraphView(extractor)
    head = SoftmaxRegression(view.shape(view.outputs[0])[-1], classes, weight_scale=weight_scale, rng=1)
    head.min_score, head.max_score = -LARGEST_LOGIT, LARGEST_LOGIT
    return append_head(extractor, head)
