"""Read the graph of a `.tflite` file without unpacking it: operators, their options, and constants as real numbers.

The file may be damaged or hostile. Whatever cannot be read raises `GraphUnreadable`; nothing larger than the file is
reserved on the word of the file alone.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from learning.layers import FloatArray

MOST_OPERATORS = 10_000
_NAMES = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
_OPTIONS = {value: name for name, value in vars(schema.BuiltinOptions).items() if isinstance(value, int)}
_DTYPES: dict[int, Any] = {
    schema.TensorType.FLOAT32: np.float32,
    schema.TensorType.FLOAT16: np.float16,
    schema.TensorType.INT32: np.int32,
    schema.TensorType.INT64: np.int64,
    schema.TensorType.INT16: np.int16,
    schema.TensorType.INT8: np.int8,
    schema.TensorType.UINT8: np.uint8,
}


class GraphUnreadable(Exception):
    """The file is damaged, or keeps something in a form that is not known here."""


@dataclass(frozen=True)
class Operator:
    """One operator: its name in the schema, such as CONV_2D, tensor indices, and its options.

    Attributes:
        inputs: Indices of tensors; −1 is an input that was left out.
        options: The options table of the schema; None if it has none.
    """

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Any

    @property
    def activation(self) -> int:
        """The fused activation function, NONE where the operator has none."""
        reader = getattr(self.options, "FusedActivationFunction", None)
        return int(reader()) if reader is not None else int(schema.ActivationFunctionType.NONE)

    @property
    def is_linear(self) -> bool:
        """Whether no activation function is fused into it."""
        return bool(self.activation == schema.ActivationFunctionType.NONE)


class GraphView:
    """The one graph of a model file.

    Args:
        model: The bytes of the file.

    Attributes:
        operators: In the order in which they run.
        inputs, outputs: Tensor indices of the graph.

    Raises:
        GraphUnreadable: If the file is damaged, or has more or less than one graph.
    """

    def __init__(self, model: bytes) -> None:
        with _translated_errors():
            if model[4:8] != b"TFL3":
                raise GraphUnreadable("no TFLite file")
            self._root = schema.Model.GetRootAs(model, 0)
            if self._root.SubgraphsLength() != 1:
                raise GraphUnreadable("more or less than one graph")
            self._graph = self._root.Subgraphs(0)
            if self._graph.OperatorsLength() > MOST_OPERATORS:
                raise GraphUnreadable("too many operators")
            self.inputs = _indices(self._graph.InputsAsNumpy())
            self.outputs = _indices(self._graph.OutputsAsNumpy())
            self.operators = tuple(self._operator(index) for index in range(self._graph.OperatorsLength()))

    def shape(self, tensor: int) -> tuple[int, ...]:
        """Return the shape of a tensor; every edge is 1 or more."""
        with _translated_errors():
            shape = _indices(self._tensor(tensor).ShapeAsNumpy())
        if any(edge < 1 for edge in shape):
            raise GraphUnreadable(f"tensor {tensor} has the shape {shape}")
        return shape

    def is_constant(self, tensor: int) -> bool:
        """Whether the tensor's values are in the file."""
        with _translated_errors():
            return tensor >= 0 and bool(self._root.Buffers(self._tensor(tensor).Buffer()).DataLength())

    def integers(self, tensor: int) -> tuple[int, ...]:
        """Return the values of a constant of whole numbers, such as axes or a shape."""
        values = self._stored(tensor)
        if values.dtype.kind != "i" or values.size > 1 << 16:
            raise GraphUnreadable(f"tensor {tensor} is no list of whole numbers")
        return tuple(int(value) for value in values.reshape(-1))

    def constant(self, tensor: int) -> FloatArray:
        """Return the values of a constant as real numbers, float32, in its shape."""
        stored, scales, zeros = self.quantized(tensor)
        if scales.size == 0:
            return stored.astype(np.float32)
        return np.asarray((stored.astype(np.float64) - zeros) * scales, np.float32)

    def quantized(self, tensor: int) -> tuple[NDArray[Any], NDArray[np.float64], NDArray[np.float64]]:
        """Return a constant as it is in the file, its scales and its zero points.

        Its real numbers are (stored − zero points) · scales. Both have no entry if the numbers are real already, one
        entry, or one along one axis, with as many axes as the constant.
        """
        stored = self._stored(tensor)
        scales, zeros, axis = self._scales(tensor)
        if scales.size > 1:
            if axis >= stored.ndim or stored.shape[axis] != scales.size:
                raise GraphUnreadable(f"tensor {tensor} has scales for another shape")
            along = [1] * stored.ndim
            along[axis] = scales.size
            scales, zeros = scales.reshape(along), zeros.reshape(along)
        return stored, scales, zeros

    def _operator(self, index: int) -> Operator:
        table = self._graph.Operators(index)
        code = self._root.OperatorCodes(table.OpcodeIndex())
        name = str(_NAMES.get(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()), "CUSTOM"))
        options, stored = None, table.BuiltinOptions()
        kind = getattr(schema, str(_OPTIONS.get(table.BuiltinOptionsType(), "")), None)
        if stored is not None and kind is not None:
            options = kind()
            options.Init(stored.Bytes, stored.Pos)
        return Operator(name, _indices(table.InputsAsNumpy()), _indices(table.OutputsAsNumpy()), options)

    def _tensor(self, index: int) -> Any:
        if not 0 <= index < self._graph.TensorsLength():
            raise GraphUnreadable(f"there is no tensor {index}")
        return self._graph.Tensors(index)

    def _stored(self, tensor: int) -> NDArray[Any]:
        """Return a constant as it is in the file."""
        with _translated_errors():
            table = self._tensor(tensor)
            data, dtype = self._root.Buffers(table.Buffer()).DataAsNumpy(), _DTYPES.get(table.Type())
            if dtype is None or table.Sparsity() is not None or isinstance(data, int):
                raise GraphUnreadable(f"tensor {tensor} is no constant of a known type")
            shape = self.shape(tensor)
            values = np.frombuffer(data.tobytes(), np.dtype(dtype).newbyteorder("<"))
            return values.reshape(shape)

    def _scales(self, tensor: int) -> tuple[NDArray[Any], NDArray[Any], int]:
        with _translated_errors():
            table = self._tensor(tensor).Quantization()
            if table is None or table.ScaleLength() == 0:
                return np.zeros(0), np.zeros(0), 0
            scales = table.ScaleAsNumpy().astype(np.float64)
            zeros = table.ZeroPointAsNumpy().astype(np.float64) if table.ZeroPointLength() else np.zeros(scales.size)
            if zeros.size != scales.size or not np.isfinite(scales).all():
                raise GraphUnreadable(f"tensor {tensor} has unusable scales")
            return scales, zeros, int(table.QuantizedDimension())


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Raise GraphUnreadable for whatever the readers of the schema raise on damaged bytes."""
    try:
        yield
    except (struct.error, IndexError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise GraphUnreadable(str(error)) from error


def _indices(values: Any) -> tuple[int, ...]:
    """Return a vector of the schema as a tuple; the generated code returns 0 for one that is missing."""
    return () if isinstance(values, int) else tuple(int(value) for value in values)
