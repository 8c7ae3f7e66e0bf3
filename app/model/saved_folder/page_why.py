"""What `open_me.html` must know to explain answers: which tensors the model should return, and what they mean."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.explanation import Description, ExplainedMap, NotExplainable, explaining_form
from learning.graph_view import GraphView

LARGEST_NUMBERS = 250_000  # float32 in the page: 1.3 MB; a model with more is explained by covering parts of pictures


def page_explanation(model: bytes) -> dict[str, Any] | None:
    """Return the description of the model's explaining form as values for JSON.

    The page derives the form itself from the model file, and computes what `learning.evidence` computes.

    Args:
        model: The model file, one that runs on the CPU.

    Returns:
        None if the model has no such form, or too large a one for a page. Also if a map is the picture itself: the
        page's engine cannot return what it was given.
    """
    try:
        description = explaining_form(model).description
    except NotExplainable:
        return None
    if set(description.tensors) & set(GraphView(model).inputs):
        return None
    if sum(one.weights.size + one.window.size for one in description.maps) > LARGEST_NUMBERS:
        return None
    return _packed_description(description)


def _packed_description(description: Description) -> dict[str, Any]:
    return {
        "tensors": list(description.tensors),
        "rows": description.rows,
        "cols": description.columns,
        "offsets": _packed(description.offsets),
        "offsetShares": _packed(description.offset_shares),
        "headWeights": _packed(description.head_weights),
        "headBiases": _packed(description.head_biases),
        "maps": [_packed_map(one) for one in description.maps],
    }


def _packed_map(one: ExplainedMap) -> dict[str, Any]:
    return {
        "tensor": one.tensor,
        "picture": one.picture,
        "shape": list(one.shape),
        "window": _packed(one.window),
        "weights": _packed(one.weights),
        "rowShares": _packed(one.row_shares),
        "columnShares": _packed(one.column_shares),
    }


def _packed(values: NDArray[np.float32]) -> dict[str, Any]:
    """An array as its shape and float32 in base64."""
    return {"shape": list(values.shape), "data": base64.b64encode(np.asarray(values, "<f4").tobytes()).decode()}
