"""Which part of the picture each cell of a feature map looks at, found by walking the graph from the input.

A cell looks at a window around its centre. `Field` keeps the centres of one map along one axis, in pixels of the
model's input: convolutions and pools move the first centre and multiply the step between centres. Padding on one side
only, which TensorFlow's "same" adds to even maps with stride 2, shifts all centres; after four such layers the shift is
half a cell. The extent is the part of the picture that the whole map stands for. Padding, strides and pools keep it, a
slice narrows it.

Source: Araujo et al. 2019, Computing Receptive Fields of Convolutional Neural Networks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from learning.graph_view import GraphUnreadable, GraphView, Operator
from learning.layers import FloatArray

SPATIAL = 4  # dimensions of a feature map: picture, row, column, channel
ROW, COLUMN, CHANNEL = 1, 2, 3
LARGEST_EDGE = 4096


@dataclass(frozen=True)
class Field:
    """The centres of a map's cells along one axis, in pixels of the input: `first`, `first + step`, …

    Attributes:
        low, high: The extent of the map, in the same pixels.
    """

    first: float
    step: float
    low: float
    high: float


Fields = tuple[tuple[Field, Field], ...]
"""Rows and columns for each picture of a batch: a graph may stack several looks at its input."""


def find_fields(view: GraphView) -> dict[int, Fields]:
    """Return the fields of all maps that are known, by tensor index. Maps of unknown operators are left out."""
    entry = view.inputs[0]
    shape = view.shape(entry)
    if len(shape) != SPATIAL:
        return {}
    whole = (Field(0.5, 1.0, 0.0, float(shape[ROW])), Field(0.5, 1.0, 0.0, float(shape[COLUMN])))
    found: dict[int, Fields] = {entry: (whole,) * shape[0]}
    for operator in view.operators:
        for position, output in enumerate(operator.outputs):
            try:
                fields = _fields_of(view, operator, position, found)
                if fields is not None and len(fields) == view.shape(output)[0]:
                    found[output] = fields
            except (GraphUnreadable, AttributeError, IndexError, ZeroDivisionError):
                continue
    return found


def cell_spans(field: Field, cells: int, input_px: float) -> FloatArray:
    """Return where the cells of a map begin and end along one axis, as shares 0..1 of the input, float32 (cells, 2).

    A cell spans one step around its centre. Near the rim of the extent it is moved inside, as its window sees nothing
    outside; the outer cells reach to the rim.
    """
    centres = field.first + field.step * np.arange(cells)
    step = min(field.step, field.high - field.low)
    high = np.clip(centres + step / 2, field.low + step, field.high)
    low = high - step
    low[0], high[-1] = field.low, field.high
    return np.asarray(np.stack([low, high], axis=1) / input_px, np.float32)


def overlaps(spans: FloatArray, cells: int) -> FloatArray:
    """Return which share of each map cell lies in each cell of an even grid along one axis.

    Args:
        spans: Where the map's cells begin and end, 0..1, (n, 2).
        cells: Number of grid cells.

    Returns:
        float32 (cells, n); every column sums to 1.
    """
    grid = np.arange(cells + 1) / cells
    low, high = spans[:, 0], spans[:, 1]
    common = np.minimum(grid[1:, np.newaxis], high) - np.maximum(grid[:-1, np.newaxis], low)
    shared = np.maximum(common, 1e-9)  # a span outside the grid is spread evenly
    return np.asarray(shared / shared.sum(axis=0), np.float32)


def is_spatial(shape: Sequence[int]) -> bool:
    """Whether a tensor of this shape is a map: more than one cell, and no edge larger than that of any real map."""
    return len(shape) == SPATIAL and shape[ROW] * shape[COLUMN] > 1 and max(shape[ROW:CHANNEL]) <= LARGEST_EDGE


def _fields_of(view: GraphView, operator: Operator, position: int, found: Mapping[int, Fields]) -> Fields | None:
    output = operator.outputs[position]
    after = view.shape(output)
    if len(after) != SPATIAL:
        return None
    special = _SPECIAL.get(operator.name)
    if special is not None:
        entry = operator.inputs[_DATA_INPUT.get(operator.name, 0)]
        return special(view, operator, position, found[entry]) if entry in found else None
    if operator.name == "CONCATENATION":
        return _concatenated(view, operator, found)
    if operator.name in _UNKNOWN:
        return None
    maps = [one for one in operator.inputs if one in found and view.shape(one)[ROW:CHANNEL] == after[ROW:CHANNEL]]
    return _common(found[one] for one in maps)


def _windowed(view: GraphView, operator: Operator, _position: int, before: Fields) -> Fields:
    """Convolutions and pools."""
    options, entry, after = operator.options, view.shape(operator.inputs[0]), view.shape(operator.outputs[0])
    if operator.name in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        kernel = view.shape(operator.inputs[1])[ROW:CHANNEL]
        dilation = (options.DilationHFactor(), options.DilationWFactor())
    else:
        kernel, dilation = (options.FilterHeight(), options.FilterWidth()), (1, 1)
    strides = (options.StrideH(), options.StrideW())
    reach = [(edge - 1) * apart + 1 for edge, apart in zip(kernel, dilation, strict=True)]
    padding = [0, 0]
    if options.Padding() == schema.Padding.SAME:
        for axis in range(2):
            total = (after[ROW + axis] - 1) * strides[axis] + reach[axis] - entry[ROW + axis]
            padding[axis] = max(0, total) // 2

    def moved(field: Field, axis: int) -> Field:
        first = field.first + ((reach[axis] - 1) / 2 - padding[axis]) * field.step
        return replace(field, first=first, step=field.step * strides[axis])

    return tuple((moved(rows, 0), moved(columns, 1)) for rows, columns in before)


def _padded(view: GraphView, operator: Operator, _position: int, before: Fields) -> Fields:
    amounts = view.integers(operator.inputs[1])
    top, left = amounts[2 * ROW], amounts[2 * COLUMN]
    return tuple(
        (replace(rows, first=rows.first - top * rows.step), replace(columns, first=columns.first - left * columns.step))
        for rows, columns in before
    )


def _sliced(view: GraphView, operator: Operator, _position: int, before: Fields) -> Fields | None:
    entry, after = view.shape(operator.inputs[0]), view.shape(operator.outputs[0])
    cut = slice_bounds(view, operator)
    if cut is None:
        return None
    starts, strides = cut
    rows = [starts[0] + number * strides[0] for number in range(after[0])]
    return tuple(
        (
            _part(before[number][0], starts[ROW], strides[ROW], after[ROW], entry[ROW]),
            _part(before[number][1], starts[COLUMN], strides[COLUMN], after[COLUMN], entry[COLUMN]),
        )
        for number in rows
    )


def slice_bounds(view: GraphView, operator: Operator) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Return where a SLICE or STRIDED_SLICE begins along each axis, and its steps; None if it does more than cut."""
    entry, after = view.shape(operator.inputs[0]), view.shape(operator.outputs[0])
    starts = list(view.integers(operator.inputs[1]))
    strides = [1] * len(entry)
    if operator.name == "STRIDED_SLICE":
        options = operator.options
        if options.EllipsisMask() or options.NewAxisMask() or options.ShrinkAxisMask() or len(after) != len(entry):
            return None
        strides = list(view.integers(operator.inputs[3]))
        starts = [0 if options.BeginMask() >> axis & 1 else start for axis, start in enumerate(starts)]
    starts = [start + edge if start < 0 else start for start, edge in zip(starts, entry, strict=True)]
    for start, stride, new, edge in zip(starts, strides, after, entry, strict=True):
        if stride < 1 or start < 0 or start + (new - 1) * stride >= edge:
            return None
    return tuple(starts), tuple(strides)


def _part(field: Field, start: int, stride: int, cells: int, of_cells: int) -> Field:
    """The field of `cells` cells from `start` on, of a map of `of_cells`; a part that reaches the rim keeps the rim."""
    last = start + (cells - 1) * stride
    low = field.low if start == 0 else field.first + (start - 0.5) * field.step
    high = field.high if last + stride >= of_cells else field.first + (last + 0.5) * field.step
    return Field(field.first + start * field.step, field.step * stride, max(field.low, low), min(field.high, high))


def _split(view: GraphView, operator: Operator, position: int, before: Fields) -> Fields | None:
    axis = view.integers(operator.inputs[_AXIS_INPUT[operator.name]])[0] % SPATIAL
    sizes = [view.shape(output)[axis] for output in operator.outputs]
    start = sum(sizes[:position])
    if axis == CHANNEL:
        return before
    if axis == 0:
        return before[start : start + sizes[position]]
    parts = []
    for pair in before:
        cut = list(pair)
        cut[axis - ROW] = _part(cut[axis - ROW], start, 1, sizes[position], sum(sizes))
        parts.append((cut[0], cut[1]))
    return tuple(parts)


def _resized(view: GraphView, operator: Operator, _position: int, before: Fields) -> Fields:
    """Resizing: the new cells share the extent of the old ones evenly."""
    entry, after = view.shape(operator.inputs[0]), view.shape(operator.outputs[0])

    def resized(field: Field, axis: int) -> Field:
        step = field.step * entry[axis] / after[axis]
        return replace(field, first=field.first - field.step / 2 + step / 2, step=step)

    return tuple((resized(rows, ROW), resized(columns, COLUMN)) for rows, columns in before)


def _concatenated(view: GraphView, operator: Operator, found: Mapping[int, Fields]) -> Fields | None:
    parts = [found.get(one) for one in operator.inputs]
    axis = operator.options.Axis() % SPATIAL
    if any(part is None for part in parts) or axis in (ROW, COLUMN):
        return None
    if axis == 0:
        return tuple(one for part in parts if part is not None for one in part)
    return _common(part for part in parts if part is not None)


def _common(all_fields: Any) -> Fields | None:
    """The fields that several maps share; None if there are none, or if they look at different places.

    Branches with and without padding may differ by less than a cell: then their middle counts.
    """
    maps = list(all_fields)
    if not maps or any(len(one) != len(maps[0]) for one in maps):
        return None
    common = []
    for pictures in zip(*maps, strict=True):
        axes = []
        for axis in zip(*pictures, strict=True):
            firsts, reference = [field.first for field in axis], axis[0]
            same = all((one.step, one.low, one.high) == (reference.step, reference.low, reference.high) for one in axis)
            if not same or max(firsts) - min(firsts) >= reference.step:
                return None
            axes.append(replace(reference, first=(max(firsts) + min(firsts)) / 2))
        common.append((axes[0], axes[1]))
    return tuple(common)


_SPECIAL: dict[str, Any] = {
    "CONV_2D": _windowed,
    "DEPTHWISE_CONV_2D": _windowed,
    "AVERAGE_POOL_2D": _windowed,
    "MAX_POOL_2D": _windowed,
    "L2_POOL_2D": _windowed,
    "PAD": _padded,
    "PADV2": _padded,
    "MIRROR_PAD": _padded,
    "SLICE": _sliced,
    "STRIDED_SLICE": _sliced,
    "SPLIT": _split,
    "SPLIT_V": _split,
    "RESIZE_BILINEAR": _resized,
    "RESIZE_NEAREST_NEIGHBOR": _resized,
}
_DATA_INPUT = {"SPLIT": 1}  # which input is the map, where it is not the first
_AXIS_INPUT = {"SPLIT": 0, "SPLIT_V": 2}
_UNKNOWN = {  # operators that move cells, or mix them
    "CUSTOM", "RESHAPE", "TRANSPOSE", "TRANSPOSE_CONV", "BATCH_MATMUL", "FULLY_CONNECTED", "REVERSE_V2", "GATHER",
    "GATHER_ND", "SPACE_TO_DEPTH", "DEPTH_TO_SPACE", "SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND", "TILE", "PACK", "UNPACK",
    "CONV_3D", "SOFTMAX", "CUMSUM", "MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "WHILE", "IF", "CALL",
}  # fmt: skip
