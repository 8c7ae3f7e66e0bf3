"""What a model file says of itself, read from its flatbuffer without any interpreter."""

from __future__ import annotations

import struct

from ai_edge_litert import schema_py_generated as schema

from tpu.errors import ModelUnreadable

RESHAPING = ("QUANTIZE", "DEQUANTIZE", "RESHAPE", "SQUEEZE")


def last_operator(model: bytes) -> str:
    """The name of the last operator that computes something, such as SOFTMAX; type and shape changes do not count."""
    root = schema.Model.GetRootAs(model, 0)
    graph = root.Subgraphs(0)
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    for index in reversed(range(graph.OperatorsLength())):
        code = root.OperatorCodes(graph.Operators(index).OpcodeIndex())
        name = names.get(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()), "CUSTOM")
        if name not in RESHAPING:
            return str(name)
    return ""


def refuse_torn(model: bytes) -> None:
    """Walk to every tensor and the end of every buffer: tflite-runtime would die of a file that is cut short.

    Raises:
        ModelUnreadable: If something that the file speaks of is not in it.
    """
    try:
        root = schema.Model.GetRootAs(model, 0)
        for number in range(root.SubgraphsLength()):
            graph = root.Subgraphs(number)
            for index in range(graph.TensorsLength()):
                root.Buffers(graph.Tensors(index).Buffer()).DataLength()
            for index in range(graph.OperatorsLength()):
                root.OperatorCodes(graph.Operators(index).OpcodeIndex()).BuiltinCode()
        for index in range(root.BuffersLength()):
            buffer = root.Buffers(index)
            if (length := buffer.DataLength()) and buffer.Data(length - 1) is None:
                raise IndexError(index)
    except (struct.error, IndexError, TypeError, ValueError, AttributeError) as error:
        raise ModelUnreadable("", "it is damaged or cut short. Use a complete .tflite file.") from error
