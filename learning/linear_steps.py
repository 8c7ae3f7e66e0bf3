"""One step of a linear function backwards through an operator: from the weights of its output to those of its inputs.

The weights of a tensor say how much each of its values counts in each logit: float32 (C, *shape of the tensor). They
are exact, because these operators are linear: no activation function, no maximum, no product of two computed tensors.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from learning.graph_view import GraphUnreadable, GraphView, Operator
from learning.layers import FloatArray
from learning.map_fields import CHANNEL, COLUMN, ROW, SPATIAL, slice_bounds

Weights = FloatArray
Share = tuple[int, Weights]
"""A tensor and its weights."""

MOST_WEIGHTS = 1 << 24  # numbers in the weights of one tensor: one row for each class


class NotLinear(Exception):
    """The operator is not linear, or not known here."""


def shares_of_inputs(
    view: GraphView, operator: Operator, weights: list[Weights | None]
) -> tuple[list[Share], FloatArray | float]:
    """Take one step.

    Args:
        view: The graph.
        operator: One of its operators.
        weights: Those of each of its outputs; None for an output that counts nowhere.

    Returns:
        Inputs with their weights, constants included, and what the operator adds to each logit, (C,) or 0.

    Raises:
        NotLinear: If the weights of its inputs cannot be computed.
        GraphUnreadable: If the file is damaged.
    """
    step = _STEPS.get(operator.name)
    if step is None or not operator.is_linear:
        raise NotLinear(operator.name)
    classes = next(len(one) for one in weights if one is not None)
    inputs = operator.inputs[:1] if operator.name in _MULTIPLIED else operator.inputs
    for one in (*inputs, *operator.outputs):
        if one >= 0 and classes * prod(view.shape(one)) > MOST_WEIGHTS:
            raise NotLinear(f"{operator.name} is too large for {classes} classes")
    filled = [
        np.zeros((classes, *view.shape(output)), np.float32) if own is None else own
        for output, own in zip(operator.outputs, weights, strict=True)
    ]
    try:
        return step(view, operator, filled)
    except (ValueError, IndexError, AttributeError) as error:
        raise GraphUnreadable(f"{operator.name}: {error}") from error


def window_of(view: GraphView, operator: Operator) -> FloatArray | None:
    """Return the weights with which an operator averages a map into one cell: float32 (H, W, 1) or (H, W, channels).

    None if it is no such operator: a mean over rows and columns, an average pool, or a depthwise convolution, as large
    as the map.
    """
    window = partial_window(view, operator)
    entry = view.shape(operator.inputs[0])
    return window if window is not None and window.shape[:2] == entry[ROW:CHANNEL] else None


def partial_window(view: GraphView, operator: Operator) -> FloatArray | None:
    """Return the same for an operator that averages rows, columns or both; an axis that it leaves alone has length 1.

    A weighted mean may come in two steps: first over the rows of each column, then over the columns.
    """
    if not operator.is_linear or operator.name not in ("MEAN", "SUM", "AVERAGE_POOL_2D", "DEPTHWISE_CONV_2D"):
        return None
    entry, after = view.shape(operator.inputs[0]), view.shape(operator.outputs[0])
    if len(entry) != SPATIAL:
        return None
    if operator.name in ("MEAN", "SUM"):
        axes = {axis % SPATIAL for axis in view.integers(operator.inputs[1])}
        if not axes or axes - {ROW, COLUMN}:
            return None
        averaged = [entry[axis] if axis in axes else 1 for axis in (ROW, COLUMN)]
        return np.full((*averaged, 1), 1 / prod(averaged) if operator.name == "MEAN" else 1.0, np.float32)
    if len(after) != SPATIAL or after[CHANNEL] != entry[CHANNEL]:
        return None
    size = _kernel_size(view, operator)
    strides = operator.options.StrideH(), operator.options.StrideW()
    kept = [
        after[ROW + axis] == entry[ROW + axis] and size[axis] == 1 and strides[axis] == 1 and entry[ROW + axis] > 1
        for axis in range(2)
    ]
    if all(kept) or any(after[ROW + axis] != 1 and not kept[axis] for axis in range(2)):
        return None
    rows, columns = (1 if kept[axis] else entry[ROW + axis] for axis in range(2))
    if operator.name == "AVERAGE_POOL_2D":
        if not 1 <= size[0] * size[1] <= MOST_WEIGHTS:
            return None
        window = _placed(np.ones((*size, 1), np.float32), (rows, columns), operator)
        return np.asarray(window / window.sum(), np.float32)
    if operator.name == "DEPTHWISE_CONV_2D":
        kernel = view.constant(operator.inputs[1])
        if kernel.shape[0] != 1 or kernel.shape[3] != entry[CHANNEL] or _dilated(operator):
            return None
        window = _placed(kernel[0], (rows, columns), operator)
        return window[:, :, :1] if (window == window[:, :, :1]).all() else window
    return None


def _kernel_size(view: GraphView, operator: Operator) -> tuple[int, int]:
    if operator.name == "AVERAGE_POOL_2D":
        return int(operator.options.FilterHeight()), int(operator.options.FilterWidth())
    rows, columns = view.shape(operator.inputs[1])[ROW:CHANNEL]
    return rows, columns


def bias_of(view: GraphView, operator: Operator) -> FloatArray | None:
    """Return the biases of a convolution or a fully connected layer; None if it has none."""
    if len(operator.inputs) < 3 or operator.inputs[2] < 0 or operator.name not in _WITH_BIAS:
        return None
    return view.constant(operator.inputs[2]).reshape(-1)


def _same(view: GraphView, operator: Operator, weights: list[Weights]) -> tuple[list[Share], float]:
    entry = operator.inputs[0]
    return [(entry, weights[0].reshape(len(weights[0]), *view.shape(entry)))], 0.0


def _sum(view: GraphView, operator: Operator, weights: list[Weights]) -> tuple[list[Share], float]:
    first, second = operator.inputs
    sign = np.float32(-1 if operator.name == "SUB" else 1)
    return [
        (first, _unbroadcast(weights[0], view.shape(first))),
        (second, _unbroadcast(sign * weights[0], view.shape(second))),
    ], 0.0


def _scaled(view: GraphView, operator: Operator, weights: list[Weights]) -> tuple[list[Share], float]:
    first, second = operator.inputs
    if operator.name == "MUL" and view.is_constant(first):
        first, second = second, first
    if not view.is_constant(second) or view.is_constant(first):
        raise NotLinear(operator.name)
    factor = view.constant(second)
    if np.broadcast_shapes(factor.shape, weights[0].shape[1:]) != weights[0].shape[1:]:
        raise GraphUnreadable(f"{operator.name} has a constant of another shape")
    if operator.name == "DIV":
        factor = np.asarray(1 / factor, np.float32)
    return [(first, _unbroadcast(weights[0] * factor, view.shape(first)))], 0.0


def _concatenated(view: GraphView, operator: Operator, weights: list[Weights]) -> tuple[list[Share], float]:
    shapes = [view.shape(one) for one in operator.inputs]
    axis = operator.options.Axis() % len(shapes[0])
    ends = np.cumsum([shape[axis] for shape in shapes])[:-1]
    return list(zip(operator.inputs, np.split(weights[0], ends, axis=axis + 1), strict=True)), 0.0


def _stacked(_view: GraphView, operator: Operator, weights: list[Weights]) -> tuple[list[Share], float]:
    axis = operator.options.Axis() % (weights[0].ndim - 1)
    return list(zip(operator.inputs, np.moveaxis(weights[0], axis + 1, 0), strict=True)), 0.0


def _unstacked(_view: GraphView, operator: Operator, weights: list[Weights]) -> tuple[list[Share], float]:
    axis = operator.options.Axis() % weights[0].ndim
    return [(operator.inputs[0], np.stack(weights, axis=axis + 1))], 0.0


def _split(view: GraphView, operator: Operator, weights: list[Weights]) -> tuple[list[Share], float]:
    data, axis_input = (1, 0) if operator.name == "SPLIT" else (0, 2)
    entry = operator.inputs[data]
    axis = view.integers(operator.inputs[axis_input])[0] % len(view.shape(entry))
    return [(entry, np.concatenate(weights, axis=axis + 1))], 0.0


def _mean(view: GraphView, operator: Operator, weights: list[Weights]) -> tuple[list[Share], float]:
    entry = operator.inputs[0]
    shape = view.shape(entry)
    axes = {axis % len(shape) for axis in view.integers(operator.inputs[1])}
    kept = [1 if axis in axes else edge for axis, edge in enumerate(shape)]
    count = prod(shape[axis] for axis in axes) if operator.name == "MEAN" else 1
    spread = weights[0].reshape(len(weights[0]), *kept) / np.float32(count)
    return [(entry, np.broadcast_to(spread, (len(spread), *shape)).astype(np.float32))], 0.0


def _cut(view: GraphView, operator: Operator, weights: list[Weights]) -> tuple[list[Share], float]:
    bounds = slice_bounds(view, operator)
    if bounds is None:
        raise NotLinear(operator.name)
    entry, after = operator.inputs[0], view.shape(operator.outputs[0])
    whole = np.zeros((len(weights[0]), *view.shape(entry)), np.float32)
    places = [
        slice(start, start + (edge - 1) * step + 1, step) for start, step, edge in zip(*bounds, after, strict=True)
    ]
    whole[(slice(None), *places)] = weights[0]
    return [(entry, whole)], 0.0


def _transposed(view: GraphView, operator: Operator, weights: list[Weights]) -> tuple[list[Share], float]:
    order = view.integers(operator.inputs[1])
    return [(operator.inputs[0], weights[0].transpose(0, *(1 + place for place in np.argsort(order))))], 0.0


def _fully_connected(view: GraphView, operator: Operator, weights: list[Weights]) -> tuple[list[Share], FloatArray]:
    entry, matrix = operator.inputs[0], _floats(view, operator.inputs[1])
    rows = weights[0].reshape(len(weights[0]), -1, matrix.shape[0])
    if rows.shape[1] * matrix.shape[1] != prod(view.shape(entry)):
        raise GraphUnreadable("FULLY_CONNECTED has a matrix of another shape")
    before = (rows @ matrix).reshape(len(rows), *view.shape(entry))
    return [(entry, before)], _added(view, operator, rows.sum(axis=1))


def _convolved(view: GraphView, operator: Operator, weights: list[Weights]) -> tuple[list[Share], FloatArray]:
    """A 1×1 convolution, or one that turns the whole map into one cell."""
    entry, kernel, options = operator.inputs[0], _floats(view, operator.inputs[1]), operator.options
    shape, after = view.shape(entry), view.shape(operator.outputs[0])
    if kernel.shape[3] != shape[CHANNEL]:
        raise NotLinear("grouped CONV_2D")
    added = _added(view, operator, weights[0].sum(axis=(1, 2, 3)))
    if kernel.shape[1:3] == (1, 1) and (options.StrideH(), options.StrideW()) == (1, 1):
        if shape[:CHANNEL] != after[:CHANNEL]:
            raise GraphUnreadable("CONV_2D has an output of another shape")
        return [(entry, weights[0] @ kernel[:, 0, 0])], added
    if after[ROW:CHANNEL] != (1, 1) or _dilated(operator):
        raise NotLinear(operator.name)
    placed = _placed(kernel.transpose(1, 2, 0, 3), shape[ROW:CHANNEL], operator)  # (H, W, outputs, inputs)
    return [(entry, np.einsum("cno,hwoi->cnhwi", weights[0][:, :, 0, 0], placed))], added


def _averaged(view: GraphView, operator: Operator, weights: list[Weights]) -> tuple[list[Share], FloatArray | float]:
    """An average pool or a depthwise convolution that averages rows, columns or the whole map."""
    window = partial_window(view, operator)
    if window is None:
        raise NotLinear(operator.name)
    return [(operator.inputs[0], weights[0] * window)], _added(view, operator, weights[0].sum(axis=(1, 2, 3)))


def _added(view: GraphView, operator: Operator, weights: Weights) -> FloatArray:
    biases = bias_of(view, operator)
    if biases is None:
        return np.zeros(len(weights), np.float32)
    return np.asarray(weights @ biases, np.float32)


def _floats(view: GraphView, tensor: int) -> FloatArray:
    if not view.is_constant(tensor):
        raise NotLinear("computed weights")
    return view.constant(tensor)


def _dilated(operator: Operator) -> bool:
    return bool((operator.options.DilationHFactor(), operator.options.DilationWFactor()) != (1, 1))


def _placed(kernel: FloatArray, shape: tuple[int, ...], operator: Operator) -> FloatArray:
    """Return a kernel (h, w, …) where it lies on a map of shape (H, W) for the first output cell: (H, W, …)."""
    if prod(shape) * prod(kernel.shape[2:]) > MOST_WEIGHTS:
        raise NotLinear(f"{operator.name} is too large")
    placed = np.zeros((*shape, *kernel.shape[2:]), np.float32)
    starts = [0, 0]
    if operator.options.Padding() == schema.Padding.SAME:
        strides = operator.options.StrideH(), operator.options.StrideW()
        cells = [-(-edge // stride) for edge, stride in zip(shape, strides, strict=True)]
        starts = [
            max(0, (count - 1) * stride + size - edge) // 2
            for count, stride, size, edge in zip(cells, strides, kernel.shape, shape, strict=True)
        ]
    inside = kernel[starts[0] :, starts[1] :][: shape[0], : shape[1]]
    placed[: inside.shape[0], : inside.shape[1]] = inside
    return placed


def _unbroadcast(weights: Weights, shape: tuple[int, ...]) -> Weights:
    """Sum weights (C, *out) over the axes along which an input of `shape` was repeated."""
    missing = weights.ndim - 1 - len(shape)
    summed = weights.sum(axis=tuple(range(1, 1 + missing))) if missing else weights
    repeated = tuple(1 + axis for axis, edge in enumerate(shape) if edge == 1 and summed.shape[1 + axis] > 1)
    return np.asarray(summed.sum(axis=repeated, keepdims=True) if repeated else summed, np.float32)


_MULTIPLIED = ("CONV_2D", "FULLY_CONNECTED")  # their second input is a matrix, which gets no weights itself
_WITH_BIAS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
_Step = Callable[[GraphView, Operator, list[Weights]], tuple[list[Share], FloatArray | float]]
_STEPS: dict[str, _Step] = {
    "RESHAPE": _same,
    "SQUEEZE": _same,
    "EXPAND_DIMS": _same,
    "QUANTIZE": _same,
    "DEQUANTIZE": _same,
    "ADD": _sum,
    "SUB": _sum,
    "MUL": _scaled,
    "DIV": _scaled,
    "CONCATENATION": _concatenated,
    "PACK": _stacked,
    "UNPACK": _unstacked,
    "SPLIT": _split,
    "SPLIT_V": _split,
    "MEAN": _mean,
    "SUM": _mean,
    "SLICE": _cut,
    "STRIDED_SLICE": _cut,
    "TRANSPOSE": _transposed,
    "FULLY_CONNECTED": _fully_connected,
    "CONV_2D": _convolved,
    "AVERAGE_POOL_2D": _averaged,
    "DEPTHWISE_CONV_2D": _averaged,
}
