"""The part of the picture that a feature map stands for."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from learning.graph_view import GraphView
from learning.map_fields import find_fields
from tests.support.graphs import GraphBuilder

pytestmark = pytest.mark.needs_runtime


@pytest.mark.parametrize("cell_px", [1, 2])
def test_parts_cut_out_of_a_map_stand_for_parts_of_the_picture_that_lie_side_by_side(cell_px: int) -> None:
    graph = GraphBuilder(24)
    pooled, edge = graph.pool(graph.image, cell_px), 24 // cell_px
    rows = [(0, edge // 4), (edge // 4, edge // 2), (edge // 2, edge)]
    parts = [graph.cut(pooled, (0, start, 0, 0), (1, end - start, edge, 3)) for start, end in rows]
    fields = find_fields(GraphView(graph.extractor(graph.concatenation(parts, axis=1))))
    extents = [(fields[part][0][0].low, fields[part][0][0].high) for part in parts]
    assert extents == [(cell_px * start, cell_px * end) for start, end in rows]
    assert {(fields[part][0][1].low, fields[part][0][1].high) for part in parts} == {(0, 24)}


def test_padding_moves_the_cells_of_rows_and_of_columns_by_its_own_amounts() -> None:
    graph = GraphBuilder(8)
    amounts = graph.constant(np.array([(0, 0), (1, 2), (3, 4), (0, 0)], np.int32))
    padded = graph.add("PAD", [graph.image, amounts], (1, 11, 15, 3), "PadOptions")
    rows, columns = find_fields(GraphView(graph.extractor(padded)))[padded][0]
    assert (rows.first, columns.first) == (0.5 - 1, 0.5 - 3)
    assert {(rows.low, rows.high), (columns.low, columns.high)} == {(0, 8)}


def test_a_window_that_is_no_square_moves_rows_and_columns_by_its_own_edges() -> None:
    graph = GraphBuilder(12)
    pooled = graph.add(
        "AVERAGE_POOL_2D", [graph.image], (1, 6, 3, 3), "Pool2DOptions", strideH=2, strideW=4, filterHeight=2,
        filterWidth=4, padding=schema.Padding.VALID,
    )  # fmt: skip
    rows, columns = find_fields(GraphView(graph.extractor(pooled)))[pooled][0]
    assert (rows.first, rows.step) == (1, 2)
    assert (columns.first, columns.step) == (2, 4)
