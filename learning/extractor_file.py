"""Check that a head can be appended to a model, and say why not.

An extractor has one picture in and one uint8, int8 or float32 vector out, is no finished classifier, and keeps
everything inside its flatbuffer.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from learning.errors import UnsupportedExtractor
from learning.graph import FILE_IDENTIFIER

USE_AN_EXTRACTOR = "Use an embedding extractor: one picture in, one vector out, no classifier."
CONVERT_AGAIN = "Convert it again into a file below 2 GB, which holds everything in its flatbuffer."
EIGHT_BIT = (schema.TensorType.UINT8, schema.TensorType.INT8)
CLASSIFIER_ENDS = (
    schema.BuiltinOperator.SOFTMAX,
    schema.BuiltinOperator.LOG_SOFTMAX,
    schema.BuiltinOperator.LOGISTIC,
)
RESHAPING = (
    schema.BuiltinOperator.RESHAPE,
    schema.BuiltinOperator.SQUEEZE,
    schema.BuiltinOperator.QUANTIZE,
    schema.BuiltinOperator.DEQUANTIZE,
)


def check_extractor(extractor: bytes, path: str | Path) -> None:
    """Check that a head can be appended to an extractor, before pictures are embedded with it.

    Args:
        extractor: The bytes of the file.
        path: The file, for the error.

    Raises:
        UnsupportedExtractor: If no head can be appended; the text names the file and says why.
    """
    try:
        unpacked_extractor(extractor)
    except UnsupportedExtractor as error:
        raise UnsupportedExtractor(error.reason, Path(path)) from error


def unpacked_extractor(extractor: bytes) -> Any:
    """Unpack the bytes of an extractor.

    Returns:
        `ModelT` with one subgraph and one output.

    Raises:
        UnsupportedExtractor: If no head can be appended; the text says why, and which model to use.
    """
    if extractor[4:8] != FILE_IDENTIFIER:
        raise UnsupportedExtractor(f"this is no TFLite file. {USE_AN_EXTRACTOR}")
    try:
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(extractor, 0))
        _check_shape(model)
        _check_everything_inside(model)
        _check_output(model, model.subgraphs[0])
    except (struct.error, IndexError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, UnsupportedExtractor):
            raise
        raise UnsupportedExtractor(f"this TFLite file is damaged. {USE_AN_EXTRACTOR}") from error
    return model


def _check_shape(model: Any) -> None:
    if len(model.subgraphs) != 1:
        raise UnsupportedExtractor(f"the model has {len(model.subgraphs)} subgraphs. {USE_AN_EXTRACTOR}")
    graph = model.subgraphs[0]
    for ends, what in ((graph.inputs, "inputs"), (graph.outputs, "outputs")):
        if len(ends) != 1:
            raise UnsupportedExtractor(f"the model has {len(ends)} {what}. {USE_AN_EXTRACTOR}")


def _check_everything_inside(model: Any) -> None:
    """Refuse a model with data behind its flatbuffer: packing it again would lose that data, or move it."""
    if any(getattr(buffer, "offset", 0) for buffer in model.buffers):
        raise UnsupportedExtractor(f"the model keeps its weights outside its flatbuffer. {CONVERT_AGAIN}")
    if any(getattr(operator, "largeCustomOptionsOffset", 0) for operator in model.subgraphs[0].operators):
        raise UnsupportedExtractor(f"the model keeps an operator's options outside its flatbuffer. {CONVERT_AGAIN}")


def _check_output(model: Any, graph: Any) -> None:
    output = graph.tensors[int(graph.outputs[0])]
    if output.type not in (*EIGHT_BIT, schema.TensorType.FLOAT32):
        raise UnsupportedExtractor(f"the model's output is neither uint8, int8 nor float32. {USE_AN_EXTRACTOR}")
    shape = [int(edge) for edge in output.shape[1:]]
    if sum(edge > 1 for edge in shape) > 1:
        sizes = " × ".join(map(str, shape))
        raise UnsupportedExtractor(f"the model's output is a map of {sizes} values, no vector. {USE_AN_EXTRACTOR}")
    if _last_operator(model, graph) in CLASSIFIER_ENDS:
        raise UnsupportedExtractor(f"the model is a finished classifier. {USE_AN_EXTRACTOR}")
    scales = output.quantization.scale if output.quantization is not None else None
    if output.type in EIGHT_BIT and (scales is None or len(scales) != 1 or not float(scales[0]) > 0):
        raise UnsupportedExtractor(f"the model's 8-bit output has no scale. {USE_AN_EXTRACTOR}")
    if output.type not in EIGHT_BIT and graph.tensors[int(graph.inputs[0])].type in EIGHT_BIT:
        raise UnsupportedExtractor(
            "the model takes 8-bit pictures but its output is not quantized. "
            "Use an embedding extractor that is uint8, int8 or float32 from end to end."
        )


def _last_operator(model: Any, graph: Any) -> int | None:
    """Return the last operator that changes values, or None."""
    for operator in reversed(graph.operators):
        code = model.operatorCodes[operator.opcodeIndex]
        builtin = int(max(code.builtinCode, code.deprecatedBuiltinCode))
        if builtin not in RESHAPING:
            return builtin
    return None
