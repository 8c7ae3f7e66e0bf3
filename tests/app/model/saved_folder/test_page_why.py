"""What the page knows of the explaining form: the same numbers as its description, and no more than needed."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.model.saved_folder.page_why import page_explanation
from learning.explanation import explaining_form
from learning.softmax_regression import SoftmaxRegression
from learning.tflite_export import append_head
from tests.support.graphs import NONE, GraphBuilder

pytestmark = pytest.mark.needs_runtime


def exported(shape: Callable[[GraphBuilder], int], classes: int, weight_scale: float = 1.0) -> bytes:
    graph = GraphBuilder(32)
    embedding = shape(graph)
    width = int(np.prod(graph.shapes[embedding]))
    head = SoftmaxRegression(width, classes, weight_scale=weight_scale, rng=1)
    return append_head(graph.extractor(embedding), head)


def joined(g: GraphBuilder) -> int:
    x = g.convolution(g.image, 24, kernel=3, stride=2)
    return g.flat(g.concatenation([g.mean(x), g.mean(g.convolution(x, 36, kernel=3, stride=2))]))


def projected(g: GraphBuilder) -> int:
    return g.flat(g.convolution(g.mean(g.convolution(g.image, 24, kernel=3, stride=2)), 40, activation=NONE))


def cell_by_cell(g: GraphBuilder) -> int:
    return g.flat(g.convolution(g.image, 8, kernel=3, stride=2))


def unpacked(values: dict[str, Any]) -> NDArray[np.float32]:
    return np.frombuffer(base64.b64decode(values["data"]), "<f4").reshape(values["shape"])


def head_of(facts: dict[str, Any], model: bytes) -> NDArray[np.float32]:
    """The weights of the head as `foundWeights` of why.js reads them."""
    rows, columns = facts["shape"]
    kind = "<f4" if "scales" not in facts else "i1" if facts["signed"] else "u1"
    stored = np.frombuffer(model, kind, rows * columns, facts["place"]).reshape(rows, columns)
    if "scales" not in facts:
        return stored
    scales, zeros = (unpacked(facts[name]).reshape(-1, 1) for name in ("scales", "zeros"))
    return np.asarray((stored.astype(np.float64) - zeros) * scales, np.float32)


@pytest.mark.parametrize("classes", [40, 1000])
def test_the_weights_of_the_head_and_of_the_maps_are_found_in_the_model(classes: int) -> None:
    model = exported(joined, classes)
    description, facts = explaining_form(model).description, page_explanation(model)
    assert facts is not None
    head = head_of(facts["headWeights"], model)
    assert np.array_equal(head, description.head_weights)
    for one, packed in zip(description.maps, facts["maps"], strict=True):
        first, channels = packed["weights"]["firstColumn"], packed["weights"]["shape"][3]
        assert np.array_equal(head[:, first : first + channels], one.weights[:, 0, 0])


def test_weights_behind_a_projection_are_in_the_page() -> None:
    model = exported(projected, 50)
    (one,) = explaining_form(model).description.maps
    facts = page_explanation(model)
    assert facts is not None
    assert np.array_equal(unpacked(facts["maps"][0]["weights"]), one.weights)


def test_a_page_has_no_room_for_weights_of_every_cell_of_many_classes() -> None:
    assert page_explanation(exported(cell_by_cell, 9)) is not None
    assert page_explanation(exported(cell_by_cell, 130)) is None
