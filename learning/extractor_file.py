"""What an embedding extractor must be for a head to be appended, and what is said of a file that is none."""

from __future__ import annotations

import struct
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from learning.errors import UnsupportedExtractor
from learning.graph import FILE_IDENTIFIER

EXTRACTOR_WANTED = "Use an embedding extractor: one picture in, one vector out, no classifier."
OUTSIDE = "Convert it again into a file below 2 GB, which holds everything in its flatbuffer."
EIGHT_BIT = (schema.TensorType.UINT8, schema.TensorType.INT8)
FINISHED = (
    schema.BuiltinOperator.SOFTMAX,
    schema.BuiltinOperator.LOG_SOFTMAX,
    schema.BuiltinOperator.LOGISTIC,
)
PASSING = (
    schema.BuiltinOperator.RESHAPE,
    schema.BuiltinOperator.SQUEEZE,
    schema.BuiltinOperator.QUANTIZE,
    schema.BuiltinOperator.DEQUANTIZE,
)


def unpacked_extractor(extractor: bytes) -> Any:
    """Unpack the bytes of an extractor.

    Returns:
        `ModelT` with one subgraph and one output.

    Raises:
        UnsupportedExtractor: If they are none; the text says what is wrong and what is needed.
    """
    if extractor[4:8] != FILE_IDENTIFIER:
        raise UnsupportedExtractor(f"this is no TFLite file. {EXTRACTOR_WANTED}")
    try:
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(extractor, 0))
        _check_shape(model)
        _check_everything_inside(model)
        _check_output(model, model.subgraphs[0])
    except (struct.error, IndexError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, UnsupportedExtractor):
            raise
        raise UnsupportedExtractor(f"this TFLite file is damaged. {EXTRACTOR_WANTED}") from error
    return model


def _check_shape(model: Any) -> None:
    if len(model.subgraphs) != 1:
        raise UnsupportedExtractor(f"the model has {len(model.subgraphs)} subgraphs. {EXTRACTOR_WANTED}")
    graph = model.subgraphs[0]
    for ends, what in ((graph.inputs, "inputs"), (graph.outputs, "outputs")):
        if len(ends) != 1:
            raise UnsupportedExtractor(f"the model has {len(ends)} {what}. {EXTRACTOR_WANTED}")


def _check_everything_inside(model: Any) -> None:
    """Refuse what lies behind the flatbuffer: packing it again would leave that behind, or move it."""
    if any(getattr(buffer, "offset", 0) for buffer in model.buffers):
        raise UnsupportedExtractor(f"the model keeps its weights outside its flatbuffer. {OUTSIDE}")
    if any(getattr(operator, "largeCustomOptionsOffset", 0) for operator in model.subgraphs[0].operators):
        raise UnsupportedExtractor(f"the model keeps an operator's options outside its flatbuffer. {OUTSIDE}")


def _check_output(model: Any, graph: Any) -> None:
    output = graph.tensors[int(graph.outputs[0])]
    if output.type not in (*EIGHT_BIT, schema.TensorType.FLOAT32):
        raise UnsupportedExtractor(f"the model's output is neither uint8, int8 nor float32. {EXTRACTOR_WANTED}")
    if _last_operator(model, graph) in FINISHED:
        raise UnsupportedExtractor(f"the model is a finished classifier. {EXTRACTOR_WANTED}")
    scales = output.quantization.scale if output.quantization is not None else None
    if output.type in EIGHT_BIT and (scales is None or len(scales) != 1 or not float(scales[0]) > 0):
        raise UnsupportedExtractor(f"the model's 8-bit output has no scale. {EXTRACTOR_WANTED}")
    if output.type not in EIGHT_BIT and graph.tensors[int(graph.inputs[0])].type in EIGHT_BIT:
        raise UnsupportedExtractor(
            "the model takes 8-bit pictures but its output is not quantized. "
            "Use an embedding extractor that is uint8, int8 or float32 from end to end."
        )


def _last_operator(model: Any, graph: Any) -> int | None:
    """The last operator that computes something."""
    for operator in reversed(graph.operators):
        code = model.operatorCodes[operator.opcodeIndex]
        builtin = int(max(code.builtinCode, code.deprecatedBuiltinCode))
        if builtin not in PASSING:
            return builtin
    return None
