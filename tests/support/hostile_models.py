"""Models that a stranger could put on a drive: they hang, grow, crash or lie, some only on certain pictures.

Each function changes a sound classifier, unpacked with the object API of the schema; `changed` packs it again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

Change = Callable[[Any], None]


def changed(data: bytes, change: Change) -> bytes:
    """Return a model file after a change."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
    change(model)
    builder = flatbuffers.Builder(len(data) + 4096)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def never_answers(model: Any) -> None:
    """Put a loop that never ends in front of everything."""
    _loop(model, lambda part: [_constant(model, part, "yes", schema.TensorType.BOOL, np.array([1], np.uint8), [1])])


def hangs_on_bright_pictures(model: Any) -> None:
    """The same, but only if the mean of the picture is above 160: neither black nor noise."""
    _loop(model, lambda part: [_is_bright(model, part)])


def grows_on_bright_pictures(model: Any) -> None:
    """Double a tensor for ever on bright pictures."""
    _loop(model, lambda part: [_is_bright(model, part)], body=lambda part: _joined(model, part))


def takes_gigabytes(model: Any) -> None:
    """Fill four gigabytes before every answer."""
    graph = model.subgraphs[0]
    size = _constant(model, graph, "size", schema.TensorType.INT32, np.array([1 << 15, 1 << 15], np.int32), [2])
    value = _constant(model, graph, "value", schema.TensorType.FLOAT32, np.zeros(1, np.float32), [])
    filled = _tensor(graph, "filled", schema.TensorType.FLOAT32, [1 << 15, 1 << 15])
    _operator(model, graph, schema.BuiltinOperator.FILL, [size, value], [filled], place=0)


def names_an_unknown_operator(model: Any) -> None:
    """Ask for an operator that no runtime has."""
    code = model.operatorCodes[model.subgraphs[0].operators[0].opcodeIndex]
    code.builtinCode, code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM, schema.BuiltinOperator.CUSTOM
    code.customCode = b"Evil"


def has_a_giant_input(model: Any) -> None:
    """Ask for a picture of 40,000 by 40,000."""
    graph = model.subgraphs[0]
    graph.tensors[int(graph.inputs[0])].shape = [1, 40_000, 40_000, 3]


def has_a_giant_output(model: Any) -> None:
    """Promise two thousand million probabilities."""
    graph = model.subgraphs[0]
    graph.tensors[int(graph.outputs[0])].shape = [1, 2_000_000_000]


def has_huge_metadata(model: Any) -> None:
    """Carry 4,000 entries of metadata that share 1 MB: runtimes copy each."""
    large = schema.BufferT()
    large.data = np.zeros(1 << 20, np.uint8)
    model.buffers.append(large)
    model.metadata = list(model.metadata or [])
    for number in range(4_000):
        entry = schema.MetadataT()
        entry.name, entry.buffer = f"TFLITE_METADATA_{number}".encode(), len(model.buffers) - 1
        model.metadata.append(entry)


def nests_deeply(model: Any) -> None:
    """Let 3,000 graphs call each other, one inside the other."""
    first = len(model.subgraphs)
    for number in range(3_000):
        part = schema.SubGraphT()
        part.tensors, part.operators, part.inputs, part.outputs = [], [], [], []
        model.subgraphs.append(part)
        if number:
            _call_once(model, model.subgraphs[first + number - 1], first + number)
    _call_once(model, model.subgraphs[0], first)


def calls_itself(model: Any) -> None:
    """Let the graph call itself before every answer."""
    _call_once(model, model.subgraphs[0], 0)


def keeps_its_weights_elsewhere(model: Any) -> None:
    """Say that the weights lie outside the file."""
    for buffer in model.buffers:
        if buffer.data is not None and len(buffer.data):
            buffer.data, buffer.offset, buffer.size = None, 1 << 40, 1 << 40


HOSTILE: dict[str, Change] = {
    change.__name__: change
    for change in (
        never_answers,
        hangs_on_bright_pictures,
        grows_on_bright_pictures,
        takes_gigabytes,
        names_an_unknown_operator,
        has_a_giant_input,
        has_a_giant_output,
        has_huge_metadata,
        nests_deeply,
        calls_itself,
        keeps_its_weights_elsewhere,
    )
}


def _loop(model: Any, condition: Callable[[Any], list[int]], body: Callable[[Any], int] | None = None) -> None:
    """Put a WHILE in front of everything: `condition` and `body` fill their graphs and return the outputs."""
    graph = model.subgraphs[0]
    entry = int(graph.inputs[0])

    def copy_of(tensor: Any) -> Any:
        made = schema.TensorT()
        made.name, made.shape, made.type, made.buffer = b"loop", list(tensor.shape), tensor.type, 0
        made.quantization = tensor.quantization
        return made

    for fill in (condition, lambda part: [0 if body is None else body(part)]):
        part = schema.SubGraphT()
        part.tensors, part.operators, part.inputs = [copy_of(graph.tensors[entry])], [], [0]
        model.subgraphs.append(part)
        part.outputs = fill(part)
    graph.tensors.append(copy_of(graph.tensors[entry]))
    looped = len(graph.tensors) - 1
    for operator in graph.operators:
        operator.inputs = [looped if int(one) == entry else int(one) for one in operator.inputs]
    loop = _operator(model, graph, schema.BuiltinOperator.WHILE, [entry], [looped], place=0)
    loop.builtinOptionsType = schema.BuiltinOptions.WhileOptions
    loop.builtinOptions = schema.WhileOptionsT()
    loop.builtinOptions.condSubgraphIndex = len(model.subgraphs) - 2
    loop.builtinOptions.bodySubgraphIndex = len(model.subgraphs) - 1


def _is_bright(model: Any, part: Any) -> int:
    """Compute whether the mean of tensor 0, a picture of bytes, is above 160; return the tensor of the answer."""
    kinds, operators = schema.TensorType, schema.BuiltinOperator
    picture = _tensor(part, "picture", kinds.FLOAT32, list(part.tensors[0].shape))
    cast = _operator(model, part, operators.CAST, [0], [picture])
    cast.builtinOptionsType, cast.builtinOptions = schema.BuiltinOptions.CastOptions, schema.CastOptionsT()
    cast.builtinOptions.inDataType, cast.builtinOptions.outDataType = part.tensors[0].type, kinds.FLOAT32
    axes = _constant(model, part, "axes", kinds.INT32, np.array([1, 2, 3], np.int32), [3])
    mean = _tensor(part, "mean", kinds.FLOAT32, [1])
    reduced = _operator(model, part, operators.MEAN, [picture, axes], [mean])
    reduced.builtinOptionsType, reduced.builtinOptions = schema.BuiltinOptions.ReducerOptions, schema.ReducerOptionsT()
    limit = _constant(model, part, "limit", kinds.FLOAT32, np.array([160], np.float32), [1])
    bright = _tensor(part, "bright", kinds.BOOL, [1])
    _operator(model, part, operators.GREATER, [mean, limit], [bright])
    return bright


def _joined(model: Any, part: Any) -> int:
    """Join tensor 0 with itself along the first axis; return the result."""
    joined = _tensor(part, "joined", part.tensors[0].type, [2, *list(part.tensors[0].shape)[1:]])
    part.tensors[joined].quantization = part.tensors[0].quantization
    operator = _operator(model, part, schema.BuiltinOperator.CONCATENATION, [0, 0], [joined])
    operator.builtinOptionsType = schema.BuiltinOptions.ConcatenationOptions
    operator.builtinOptions = schema.ConcatenationOptionsT()
    return joined


def _call_once(model: Any, graph: Any, called: int) -> None:
    operator = _operator(model, graph, schema.BuiltinOperator.CALL_ONCE, [], [], place=0)
    operator.builtinOptionsType = schema.BuiltinOptions.CallOnceOptions
    operator.builtinOptions = schema.CallOnceOptionsT()
    operator.builtinOptions.initSubgraphIndex = called


def _tensor(graph: Any, name: str, kind: int, shape: list[int]) -> int:
    made = schema.TensorT()
    made.name, made.shape, made.type, made.buffer = name.encode(), shape, kind, 0
    graph.tensors.append(made)
    return len(graph.tensors) - 1


def _constant(model: Any, graph: Any, name: str, kind: int, values: Any, shape: list[int]) -> int:
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(values.tobytes(), np.uint8)
    model.buffers.append(buffer)
    index = _tensor(graph, name, kind, shape)
    graph.tensors[index].buffer = len(model.buffers) - 1
    return index


def _operator(
    model: Any, graph: Any, kind: int, inputs: list[int], outputs: list[int], place: int | None = None
) -> Any:
    code = schema.OperatorCodeT()
    code.builtinCode, code.deprecatedBuiltinCode, code.version = kind, min(kind, 127), 1
    model.operatorCodes.append(code)
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = len(model.operatorCodes) - 1, inputs, outputs
    graph.operators.insert(len(graph.operators) if place is None else place, operator)
    return operator
