"""Append tensors and operators to an unpacked TFLite model, and pack it again.

LiteRT's object API of the schema unpacks the file. What was in it stays: buffers, payloads of custom operators (bit for
bit) and metadata. Packing must align buffers to 16 bytes, because interpreters map them without a copy.
"""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

ALIGNMENT_BYTES = 16
VERSIONS = {  # of each operator: the lowest that supports int8 with a scale for each class
    schema.BuiltinOperator.FULLY_CONNECTED: 4,
    schema.BuiltinOperator.RESHAPE: 1,
    schema.BuiltinOperator.SOFTMAX: 2,
}
FILE_IDENTIFIER = b"TFL3"


class Additions:
    """Appends tensors and operators to the graph of an unpacked model."""

    def __init__(self, model: Any, graph: Any) -> None:
        self._model, self._graph = model, graph

    @property
    def tensors(self) -> list[Any]:
        """All tensors of the graph, appended ones included."""
        tensors: list[Any] = self._graph.tensors
        return tensors

    def tensor(
        self,
        name: str,
        kind: int,
        shape: list[int],
        data: NDArray[Any] | None = None,
        quantization: Any = None,
    ) -> int:
        """Append a tensor with its own buffer; return its index."""
        buffer = schema.BufferT()
        if data is not None:
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
        self._model.buffers.append(buffer)
        tensor = schema.TensorT()
        tensor.name = name.encode()
        tensor.type, tensor.shape, tensor.quantization = kind, shape, quantization
        tensor.buffer = len(self._model.buffers) - 1
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def operator(self, code: int, inputs: list[int], outputs: list[int], kind: int, options: Any) -> None:
        """Append an operator."""
        operator = schema.OperatorT()
        operator.opcodeIndex = self._opcode(code)
        operator.inputs, operator.outputs = inputs, outputs
        operator.builtinOptionsType, operator.builtinOptions = kind, options
        self._graph.operators.append(operator)

    def _opcode(self, code: int) -> int:
        for index, known in enumerate(self._model.operatorCodes):
            if max(known.builtinCode, known.deprecatedBuiltinCode) == code:
                return index
        new = schema.OperatorCodeT()
        new.builtinCode = new.deprecatedBuiltinCode = code
        new.version = VERSIONS[code]
        self._model.operatorCodes.append(new)
        return len(self._model.operatorCodes) - 1


def quantization(scales: Any, zero_point: int, *, per_row: bool = False) -> Any:
    """Return the quantization parameters of a tensor; `per_row` gives every row its own scale."""
    parameters = schema.QuantizationParametersT()
    parameters.scale = [float(scale) for scale in scales]
    parameters.zeroPoint = [zero_point] * len(parameters.scale)
    parameters.quantizedDimension = 0 if per_row else parameters.quantizedDimension
    return parameters


def rename_outputs_in_signatures(model: Any, old: int, new: int) -> None:
    """Replace tensor `old` by `new` in the outputs of all signatures."""
    for signature in model.signatureDefs or []:
        for output in signature.outputs or []:
            if output.tensorIndex == old:
                output.tensorIndex = new


def packed(model: Any) -> bytes:
    """Return an unpacked model as the bytes of a `.tflite` file."""
    size = sum(len(buffer.data) for buffer in model.buffers if buffer.data is not None)
    builder = _AligningBuilder(size + (1 << 16))
    builder.Finish(model.Pack(builder), FILE_IDENTIFIER)
    return bytes(builder.Output())


def fill(model: bytearray, tensor: int, data: NDArray[Any] | None, scales: Any = None, zero_point: int = 0) -> None:
    """Write into a packed model what belongs in place of the zeros that a tensor was packed with.

    Args:
        model: The bytes of the file; changed.
        tensor: Index of the tensor in its first graph.
        data: As many bytes as its buffer has; None if it has no buffer.
        scales: As many as its quantization has; None if it has none.
        zero_point: For all scales.
    """
    root = schema.Model.GetRootAs(model, 0)
    found = root.Subgraphs(0).Tensors(tensor)
    if data is not None:
        root.Buffers(found.Buffer()).DataAsNumpy()[:] = np.frombuffer(data.tobytes(), np.uint8)
    if scales is not None:
        found.Quantization().ScaleAsNumpy()[:] = scales
        found.Quantization().ZeroPointAsNumpy()[:] = zero_point


class _AligningBuilder(flatbuffers.Builder):  # type: ignore[misc]
    """Aligns every byte vector to 16 bytes, because the generated Python code ignores the schema's force_align."""

    def StartVector(self, elemSize: int, numElems: int, alignment: int) -> Any:  # noqa: N802, N803
        return super().StartVector(elemSize, numElems, ALIGNMENT_BYTES if elemSize == 1 else alignment)
