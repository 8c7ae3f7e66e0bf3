"""Reading the constants of a model's graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from learning.graph_view import GraphUnreadable, GraphView
from tests.support.graphs import GraphBuilder

pytestmark = pytest.mark.needs_runtime

STORED = np.arange(6).reshape(3, 2)


def constant_of(scales: list[float], zero_points: list[int], axis: int = 0) -> Any:
    graph = GraphBuilder(8)
    tensor = graph.constant(STORED)
    graph.quantize(tensor, scales, zero_points, axis)
    return GraphView(graph.extractor(graph.image)).constant(tensor)


def test_a_constant_has_one_scale_or_one_along_an_axis() -> None:
    assert np.array_equal(constant_of([], []), STORED)
    assert np.array_equal(constant_of([0.5], [1]), (STORED - 1) * 0.5)
    assert np.array_equal(constant_of([0.5, 2, 4], [1, 0, 3]), (STORED - [[1], [0], [3]]) * [[0.5], [2], [4]])
    assert np.array_equal(constant_of([0.5, 2], [1, 0], axis=1), (STORED - [1, 0]) * [0.5, 2])
    assert np.array_equal(constant_of([0.5, 2, 4], []), STORED * [[0.5], [2], [4]])


@pytest.mark.parametrize("zero_points", [[1], [1, 0], [1, 0, 3, 4]], ids=len)
def test_scales_with_another_number_of_zero_points_are_refused(zero_points: list[int]) -> None:
    with pytest.raises(GraphUnreadable, match=r"^tensor 1 has unusable scales$"):
        constant_of([0.5, 2, 4], zero_points)


@pytest.mark.parametrize("scale", [float("nan"), float("inf")])
def test_scales_that_are_no_numbers_are_refused(scale: float) -> None:
    with pytest.raises(GraphUnreadable, match=r"^tensor 1 has unusable scales$"):
        constant_of([scale], [0])


def test_scales_for_another_shape_are_refused() -> None:
    for scales, axis in (([0.5, 2], 0), ([0.5, 2, 4], 1), ([0.5, 2], 2)):
        with pytest.raises(GraphUnreadable, match=r"^tensor 1 has scales for another shape$"):
            constant_of(scales, [], axis)
