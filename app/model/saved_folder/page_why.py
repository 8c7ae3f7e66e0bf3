"""What `open_me.html` must know to explain answers: which tensors the model should return, and what they mean."""

from __future__ import annotations

import base64
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.explanation import Description, ExplainedMap, NotExplainable, explaining_form
from learning.graph_view import GraphView

LARGEST_NUMBERS = 250_000  # float32 in the page: 1.3 MB; a model with more is explained by covering parts of pictures
SMALLEST_FOUND_NUMBERS = 1000  # of an array that is not in the page but found in the model


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
    view = GraphView(model)
    if set(description.tensors) & set(view.inputs):
        return None
    head = _found_head(view, description, model)
    maps = [_packed_map(one, description, in_head=head is not None) for one in description.maps]
    packed = {
        "tensors": list(description.tensors),
        "rows": description.rows,
        "cols": description.columns,
        "offsets": _packed(description.offsets),
        "offsetShares": _packed(description.offset_shares),
        "headWeights": head or _packed(description.head_weights),
        "headBiases": _packed(description.head_biases),
        "maps": maps,
    }
    return packed if _numbers_of(packed) <= LARGEST_NUMBERS else None


def _found_head(view: GraphView, description: Description, model: bytes) -> dict[str, Any] | None:
    """The weights of the head by their place in the model file, so that the page does not hold them twice.

    None if they are few, or of a type that the page does not read.
    """
    stored, scales, zeros = view.quantized(description.head_tensor)
    place = model.find(stored.tobytes())
    of_rows = scales.size == 1 or scales.shape[1:] == (1,)
    is_known = of_rows if stored.dtype in (np.int8, np.uint8) else stored.dtype == np.float32 and scales.size == 0
    if stored.size < SMALLEST_FOUND_NUMBERS or place < 0 or not is_known:
        return None
    found = {"shape": list(stored.shape), "place": place}
    if scales.size == 0:
        return found
    signed = stored.dtype == np.int8
    return {**found, "signed": signed, "scales": _packed(scales.reshape(-1)), "zeros": _packed(zeros.reshape(-1))}


def _packed_map(one: ExplainedMap, description: Description, *, in_head: bool) -> dict[str, Any]:
    first = _first_column(one.weights, description.head_weights) if in_head else None
    weights = _packed(one.weights) if first is None else {"shape": list(one.weights.shape), "firstColumn": first}
    return {
        "tensor": one.tensor,
        "picture": one.picture,
        "shape": list(one.shape),
        "window": _packed(one.window),
        "weights": weights,
        "rowShares": _packed(one.row_shares),
        "columnShares": _packed(one.column_shares),
    }


def _first_column(weights: NDArray[np.float32], head: NDArray[np.float32]) -> int | None:
    """Which columns of the head the weights of a map are; None if something lies between its means and the head."""
    if weights.shape[1:3] != (1, 1):
        return None
    own, channels = weights[:, 0, 0], weights.shape[3]
    places = range(head.shape[1] - channels + 1)
    same = (first for first in places if own[0, 0] == head[0, first])
    return next((first for first in same if np.array_equal(own, head[:, first : first + channels])), None)


def _numbers_of(packed: Any) -> int:
    """How many float32 the page carries."""
    if isinstance(packed, list):
        return sum(map(_numbers_of, packed))
    if not isinstance(packed, dict):
        return 0
    return prod(packed["shape"]) if "data" in packed else sum(map(_numbers_of, packed.values()))


def _packed(values: NDArray[Any]) -> dict[str, Any]:
    """An array as its shape and float32 in base64."""
    return {"shape": list(values.shape), "data": base64.b64encode(np.asarray(values, "<f4").tobytes()).decode()}
