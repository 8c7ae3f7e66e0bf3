"""The explaining form of an exported model: the same file with its last feature maps as further outputs.

The head is linear, and the embedding consists of means over maps, weighted or not, joined and projected. So each logit
is a sum over the cells of these maps:

    logit_c = offset_c + Σ_maps Σ_cells Σ_channels map(cell, channel) · window(cell, channel) · weights_c(channel)

`explaining_form` finds the maps by rule: it walks from the logits backwards as long as operators are linear
(`learning.linear_steps`) and stops at the first map on each way. `learning.evidence` computes the shares of the cells.

The form differs from the file only in its list of outputs, which is appended, and in its signatures, which would name
fewer outputs. The file itself is never changed.

Source: class activation maps, which are the case of one mean over one map: Zhou et al. 2016, Learning Deep Features for
Discriminative Localization.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import prod

import numpy as np

from learning.graph_view import GraphUnreadable, GraphView, Operator
from learning.layers import FloatArray
from learning.linear_steps import NotLinear, Weights, bias_of, partial_window, shares_of_inputs, window_of
from learning.map_fields import CHANNEL, COLUMN, ROW, Fields, cell_spans, find_fields, is_spatial, overlaps

MOST_ROWS = 32  # and columns of the common grid
MOST_MAPS = 64
MOST_CLASSES = 4096
MOST_HELD = 1 << 25  # numbers in the weights of all tensors together
OUTPUTS, SIGNATURES = 2, 7  # fields of SubGraph and of Model in the schema
PASSED_OVER = ("RESHAPE", "SQUEEZE", "DEQUANTIZE", "QUANTIZE")  # between the logits and the probabilities
# What reading a damaged graph raises: a table is missing, an offset points outside, a stride is 0.
_DAMAGED = (GraphUnreadable, struct.error, LookupError, ValueError, ArithmeticError, AttributeError, TypeError)


class NotExplainable(ValueError):
    """The graph has no explaining form; the text says why."""


@dataclass(frozen=True, eq=False)
class ExplainedMap:
    """A map and how its cells count. C is the number of classes, (H, W, K) the shape of the map.

    Attributes:
        tensor: Index of its tensor, which the form returns.
        picture: Which picture of the tensor's batch it is.
        shape: Of the tensor, (N, H, W, K).
        window: Weights of the cells in the mean, float32 (H, W, 1) or (H, W, K); (1, 1, 1) if `weights` has them.
        weights: How much the mean of each channel counts in each logit, float32 (C, 1, 1, K) or (C, H, W, K).
        row_shares, column_shares: Which share of each row of the map lies in each row of the common grid, float32
            (rows, H), and the same for columns, (columns, W). Columns of both sum to 1.
    """

    tensor: int
    picture: int
    shape: tuple[int, ...]
    window: FloatArray
    weights: FloatArray
    row_shares: FloatArray
    column_shares: FloatArray


@dataclass(frozen=True, eq=False)
class Description:
    """How the outputs of the explaining form add up to the logits. D is the length of an embedding.

    Attributes:
        maps: All maps that count.
        tensors: The tensors that the form returns after the probabilities, each once: the embedding, then the maps.
        offsets: What does not depend on the picture, float32 (C,): biases.
        offset_shares: How the offsets are spread over the grid, float32 (rows, columns), sum 1: as the windows of all
            maps weigh the picture. Cells that the network hardly looks at get hardly any bias.
        head_weights, head_biases: Of the fully connected layer behind the embedding, float32 (C, D) and (C,).
        head_tensor: Index of the constant that holds `head_weights`.
    """

    maps: tuple[ExplainedMap, ...]
    tensors: tuple[int, ...]
    offsets: FloatArray
    offset_shares: FloatArray
    head_weights: FloatArray
    head_biases: FloatArray
    head_tensor: int

    @property
    def rows(self) -> int:
        """Rows of the common grid."""
        return int(self.offset_shares.shape[0])

    @property
    def columns(self) -> int:
        """Columns of the common grid."""
        return int(self.offset_shares.shape[1])


@dataclass(frozen=True, eq=False)
class ExplainingForm:
    """The bytes of the file with further outputs, and what these mean."""

    model: bytes
    description: Description


def explaining_form(model: bytes) -> ExplainingForm:
    """Make the explaining form of a classifier.

    Args:
        model: The bytes of a `.tflite` whose probabilities are the softmax of a fully connected layer, not compiled for
            the Edge TPU.

    Raises:
        NotExplainable: If there is a maximum, an activation function or another step that is not linear between the
            maps and the logits, or if the file is damaged or unusually large.
    """
    try:
        view = GraphView(model)
        head = _head(view)
        terms, offsets = _terms(view, head)
        description = _description(view, head, terms, offsets)
        return ExplainingForm(with_outputs(model, description.tensors), description)
    except NotExplainable:
        raise
    except NotLinear as error:
        raise NotExplainable(f"the model has a step that is not linear after its last maps: {error}") from error
    except _DAMAGED as error:
        raise NotExplainable(f"the model file is damaged: {error}") from error


def with_outputs(model: bytes, tensors: tuple[int, ...]) -> bytes:
    """Return a copy of a model file that also returns `tensors`, without its signatures.

    Offsets in a flatbuffer point forwards, so the longer list of outputs goes to the end of the file, and so does the
    table of the root's fields, in which the signatures are left out. `assets/web/model.js` does the same.
    """
    view = GraphView(model)
    outputs = (*view.outputs, *tensors)
    root = _u32(model, 0)
    graph_list = _follow(model, _field(model, root, 2))
    graph = _follow(model, graph_list + 4)
    fields = root - struct.unpack_from("<i", model, root)[0]
    fields_bytes = struct.unpack_from("<H", model, fields)[0]
    start = -(-len(model) // 8) * 8
    table = start + 4 + 4 * len(outputs)
    copy = bytearray(-(-(table + fields_bytes) // 8) * 8)
    copy[: len(model)] = model
    copy[table : table + fields_bytes] = model[fields : fields + fields_bytes]
    struct.pack_into(f"<I{len(outputs)}i", copy, start, len(outputs), *outputs)
    place = _field(model, graph, OUTPUTS)
    struct.pack_into("<I", copy, place, start - place)
    if fields_bytes > 4 + 2 * SIGNATURES:
        struct.pack_into("<H", copy, table + 4 + 2 * SIGNATURES, 0)
    struct.pack_into("<i", copy, root, root - table)
    return bytes(copy)


@dataclass(frozen=True, eq=False)
class _Term:
    tensor: int
    window: FloatArray
    weights: Weights  # (C, N, 1, 1, K) or (C, N, H, W, K)


def _head(view: GraphView) -> Operator:
    """Return the fully connected layer that computes the logits."""
    makers = {output: operator for operator in view.operators for output in operator.outputs}

    def maker(tensor: int) -> Operator | None:
        for _ in view.operators:
            found = makers.get(tensor)
            if found is None or found.name not in PASSED_OVER:
                return found
            tensor = found.inputs[0]
        return None

    softmax = maker(view.outputs[0]) if len(view.outputs) == 1 else None
    if softmax is None or softmax.name != "SOFTMAX":
        raise NotExplainable("the model does not end in a softmax")
    head = maker(softmax.inputs[0])
    if head is None or head.name != "FULLY_CONNECTED" or not head.is_linear or not view.is_constant(head.inputs[1]):
        raise NotExplainable("the model has no linear head before its softmax")
    return head


def _terms(view: GraphView, head: Operator) -> tuple[list[_Term], FloatArray]:
    """Walk backwards from the logits; return the maps that count, with their weights, and the constant part."""
    classes = prod(view.shape(head.outputs[0]))
    if classes > MOST_CLASSES:
        raise NotExplainable("the model has too many classes")
    start = np.eye(classes, dtype=np.float32).reshape(classes, *view.shape(head.outputs[0]))
    pending: dict[int, Weights] = {head.outputs[0]: start}
    offsets, terms, fields = np.zeros(classes, np.float64), list[_Term](), find_fields(view)
    makers = {output: operator for operator in view.operators for output in operator.outputs}
    for operator in reversed(view.operators):
        if len(terms) > MOST_MAPS:
            raise NotExplainable("the model has too many maps")
        if sum(one.size for one in pending.values()) + sum(one.weights.size for one in terms) > MOST_HELD:
            raise NotExplainable("the model is too large between its last maps and its answers")
        weights = [pending.pop(output, None) for output in operator.outputs]
        if all(one is None for one in weights):
            continue
        entry = operator.inputs[0]
        window = window_of(view, operator) if entry in fields and is_spatial(view.shape(entry)) else None
        if window is not None and weights[0] is not None:
            shape = view.shape(entry)
            own = weights[0].reshape(classes, shape[0], 1, 1, shape[CHANNEL])
            offsets += _biases(view, operator, own, np.ones((1, 1, 1), np.float32))
            while (before := makers.get(entry)) and before.inputs[0] in fields:
                part = partial_window(view, before)
                if part is None or part.shape[:2] == view.shape(before.inputs[0])[ROW:CHANNEL]:
                    break
                offsets += _biases(view, before, own, window)
                window, entry = part * window, before.inputs[0]
            terms.append(_Term(entry, window, own))
            continue
        shares, added = shares_of_inputs(view, operator, weights)
        offsets += added
        for tensor, own in shares:
            if view.is_constant(tensor):
                values = view.constant(tensor)
                offsets += (own * values).reshape(classes, -1).sum(axis=1)
            elif tensor in fields and is_spatial(view.shape(tensor)):
                terms.append(_Term(tensor, np.ones((1, 1, 1), np.float32), own))
            else:
                pending[tensor] = pending[tensor] + own if tensor in pending else own
    if pending or not terms:
        raise NotLinear("the input")
    return terms, offsets.astype(np.float32)


def _biases(view: GraphView, operator: Operator, weights: Weights, window: FloatArray) -> FloatArray | float:
    """Return what the biases of an averaging operator add to each logit, behind a window over its output."""
    biases = bias_of(view, operator)
    if biases is None:
        return 0.0
    return np.asarray(weights.sum(axis=(1, 2, 3)) @ (biases * window.sum(axis=(0, 1))), np.float32)


def _description(view: GraphView, head: Operator, terms: list[_Term], offsets: FloatArray) -> Description:
    fields, input_shape = find_fields(view), view.shape(view.inputs[0])
    rows, columns = (_grid_cells(terms, fields, axis, input_shape[ROW + axis]) for axis in range(2))
    maps = []
    for term in terms:
        shape = view.shape(term.tensor)
        for picture, (row_field, column_field) in enumerate(fields[term.tensor]):
            row_spans = cell_spans(row_field, shape[ROW], input_shape[ROW])
            column_spans = cell_spans(column_field, shape[COLUMN], input_shape[COLUMN])
            maps.append(
                ExplainedMap(
                    tensor=term.tensor,
                    picture=picture,
                    shape=shape,
                    window=term.window,
                    weights=term.weights[:, picture],
                    row_shares=overlaps(row_spans, rows),
                    column_shares=overlaps(column_spans, columns),
                )
            )
    if len(maps) > MOST_MAPS:
        raise NotExplainable("the model has too many maps")
    weights, biases = view.constant(head.inputs[1]), bias_of(view, head)
    return Description(
        maps=tuple(maps),
        tensors=tuple(dict.fromkeys((head.inputs[0], *(one.tensor for one in maps)))),
        offsets=offsets,
        offset_shares=_offset_shares(maps, rows, columns),
        head_weights=weights,
        head_biases=np.zeros(len(weights), np.float32) if biases is None else biases,
        head_tensor=head.inputs[1],
    )


def _grid_cells(terms: list[_Term], fields: dict[int, Fields], axis: int, input_px: int) -> int:
    """Return how many cells of the common grid fill one axis: as fine as the finest map, up to a limit."""
    finest = min(place[axis].step for term in terms for place in fields[term.tensor])
    return int(min(MOST_ROWS, max(1, round(input_px / finest))))


def _offset_shares(maps: list[ExplainedMap], rows: int, columns: int) -> FloatArray:
    total = np.zeros((rows, columns), np.float64)
    for one in maps:
        weighed = np.abs(one.window).mean(axis=2)
        on_map = np.broadcast_to(weighed, one.shape[ROW:CHANNEL])
        total += one.shape[CHANNEL] * (one.row_shares @ on_map @ one.column_shares.T) / max(on_map.sum(), 1e-12)
    return np.asarray(total / total.sum() if total.sum() > 0 else np.full_like(total, 1 / total.size), np.float32)


def _field(model: bytes, table: int, number: int) -> int:
    """Return the place of a field in a table of a flatbuffer."""
    fields = table - struct.unpack_from("<i", model, table)[0]
    size, offset = struct.unpack_from("<H", model, fields)[0], 4 + 2 * number
    place = struct.unpack_from("<H", model, fields + offset)[0] if offset < size else 0
    if not place:
        raise GraphUnreadable(f"field {number} is missing")
    return table + int(place)


def _follow(model: bytes, place: int) -> int:
    return place + _u32(model, place)


def _u32(model: bytes, place: int) -> int:
    return int(struct.unpack_from("<I", model, place)[0])
