"""Read a model file, and facts about it from its flatbuffer, without an interpreter."""

from __future__ import annotations

import struct
from pathlib import Path

from ai_edge_litert import schema_py_generated as schema

from tpu.errors import ModelUnreadable, StrPath
from tpu.plain_files import read_plain_file

LARGEST_MODEL_BYTES = 256 << 20
MOST_PARTS = 50_000  # graphs, tensors, operators and buffers together; models of photographs have some hundreds
TYPE_AND_SHAPE_OPERATORS = ("QUANTIZE", "DEQUANTIZE", "RESHAPE", "SQUEEZE")


def read_model_file(path: StrPath) -> bytes:
    """Read all bytes of a model file.

    Raises:
        ModelUnreadable: If the file is missing, no plain file, larger than LARGEST_MODEL_BYTES, or cannot be read.
    """
    try:
        return read_plain_file(Path(path), LARGEST_MODEL_BYTES)
    except FileNotFoundError as error:
        raise ModelUnreadable(path, f"{error.strerror}. Name an existing .tflite file.") from error
    except (OSError, ValueError) as error:  # ValueError: the path contains a null character
        reason = error.strerror if isinstance(error, OSError) else error
        raise ModelUnreadable(path, f"{reason}. Name a .tflite file that can be read.") from error


def last_operator(model: bytes) -> str:
    """Return the name of the last operator, such as SOFTMAX, without changes of type and shape; "" without any."""
    root = schema.Model.GetRootAs(model, 0)
    if not root.SubgraphsLength():
        return ""
    graph = root.Subgraphs(0)
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    for index in reversed(range(graph.OperatorsLength())):
        code = root.OperatorCodes(graph.Operators(index).OpcodeIndex())
        name = names.get(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()), "CUSTOM")
        if name not in TYPE_AND_SHAPE_OPERATORS:
            return str(name)
    return ""


def refuse_damaged(model: bytes, path: StrPath) -> None:
    """Check that every tensor, operator and buffer lies inside the file: tflite-runtime crashes on truncated files.

    Args:
        model: The file's bytes.
        path: The file, for the error.

    Raises:
        ModelUnreadable: If the file refers to something that it does not contain.
    """
    try:
        root = schema.Model.GetRootAs(model, 0)
        buffers = root.BuffersLength()
        parts = root.SubgraphsLength() + buffers + root.MetadataLength()
        for number in range(root.SubgraphsLength() if parts <= MOST_PARTS else 0):
            graph = root.Subgraphs(number)
            parts += graph.TensorsLength() + graph.OperatorsLength()
            if parts > MOST_PARTS:
                break
            for index in range(graph.TensorsLength()):
                if graph.Tensors(index).Buffer() >= buffers:
                    raise IndexError(index)
            for index in range(graph.OperatorsLength()):
                root.OperatorCodes(graph.Operators(index).OpcodeIndex()).BuiltinCode()
        if parts > MOST_PARTS:
            raise ValueError(parts)
        for index in range(buffers):
            buffer = root.Buffers(index)
            if (length := buffer.DataLength()) and buffer.Data(length - 1) is None:
                raise IndexError(index)
    except (struct.error, IndexError, TypeError, ValueError, AttributeError) as error:
        raise ModelUnreadable(path, "it is damaged or cut short. Use a complete .tflite file.") from error
