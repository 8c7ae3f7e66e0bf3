"""Build small float models operator by operator, to test what walks through a graph."""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

NONE, RELU6 = schema.ActivationFunctionType.NONE, schema.ActivationFunctionType.RELU6


class GraphBuilder:
    """A graph that grows by one operator a call; each returns the index of its output tensor.

    Attributes:
        shapes: Of all tensors.
    """

    def __init__(self, input_px: int = 32, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.shapes: list[tuple[int, ...]] = []
        self._model, self._graph = schema.ModelT(), schema.SubGraphT()
        self._model.version, self._model.subgraphs, self._model.buffers = 3, [self._graph], [schema.BufferT()]
        self._model.operatorCodes, self._graph.tensors, self._graph.operators = [], [], []
        self.image = self.tensor((1, input_px, input_px, 3))

    def tensor(self, shape: tuple[int, ...], data: Any = None) -> int:
        """A tensor; with data, a constant."""
        made = schema.TensorT()
        made.name, made.shape, made.buffer = f"t{len(self.shapes)}".encode(), list(shape), 0
        made.type = schema.TensorType.FLOAT32
        if data is not None:
            data = np.asarray(data)
            made.type = schema.TensorType.INT32 if data.dtype == np.int32 else schema.TensorType.FLOAT32
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            self._model.buffers.append(buffer)
            made.buffer = len(self._model.buffers) - 1
        self._graph.tensors.append(made)
        self.shapes.append(tuple(shape))
        return len(self.shapes) - 1

    def constant(self, values: Any) -> int:
        """A constant of float32 numbers, or of int32 for whole numbers."""
        array = np.asarray(values)
        array = array.astype(np.int32 if array.dtype.kind == "i" else np.float32)
        return self.tensor(array.shape, array)

    def quantize(self, tensor: int, scales: list[float], zero_points: list[int], axis: int = 0) -> None:
        """Say that the numbers of a tensor are multiples of scales, one for each row along an axis."""
        quantization = schema.QuantizationParametersT()
        quantization.scale, quantization.zeroPoint = scales, zero_points
        quantization.quantizedDimension = axis
        self._graph.tensors[tensor].quantization = quantization

    def add(
        self,
        name: str,
        inputs: list[int],
        shape: tuple[int, ...],
        options: str = "",
        *,
        whole: bool = False,
        **fields: Any,
    ) -> int:
        """An operator with one output of the given shape; its numbers are whole (int32) or float32."""
        output = self.tensor(shape)
        if whole:
            self._graph.tensors[output].type = schema.TensorType.INT32
        self._operator(name, inputs, [output], options, **fields)
        return output

    def split(self, entry: int, parts: int, axis: int = 3) -> list[int]:
        """Equal parts of a tensor along an axis."""
        shape = list(self.shapes[entry])
        shape[axis] //= parts
        outputs = [self.tensor(tuple(shape)) for _ in range(parts)]
        self._operator("SPLIT", [self.constant(np.int32(axis)), entry], outputs, "SplitOptions", numSplits=parts)
        return outputs

    def _operator(self, name: str, inputs: list[int], outputs: list[int], options: str, **fields: Any) -> None:
        code = getattr(schema.BuiltinOperator, name)
        known = [one.builtinCode for one in self._model.operatorCodes]
        if code not in known:
            made = schema.OperatorCodeT()
            made.builtinCode, made.deprecatedBuiltinCode, made.version = code, min(code, 127), 1
            self._model.operatorCodes.append(made)
            known.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex, operator.inputs, operator.outputs = known.index(code), inputs, outputs
        if options:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, options)
            operator.builtinOptions = getattr(schema, f"{options}T")()
            for field, value in fields.items():
                setattr(operator.builtinOptions, field, value)
        self._graph.operators.append(operator)

    def convolution(
        self,
        entry: int,
        channels: int,
        *,
        kernel: int = 1,
        stride: int = 1,
        activation: int = RELU6,
        shared: Any = None,
    ) -> int:
        """A convolution with padding "same"; `shared` is the (weights, biases) of another."""
        _, rows, columns, before = self.shapes[entry]
        weights, biases = shared or self.layer(channels, kernel, before)
        shape = (self.shapes[entry][0], -(-rows // stride), -(-columns // stride), channels)
        return self.add(
            "CONV_2D", [entry, weights, biases], shape, "Conv2DOptions", strideH=stride, strideW=stride,
            padding=schema.Padding.SAME, dilationHFactor=1, dilationWFactor=1, fusedActivationFunction=activation,
        )  # fmt: skip

    def layer(self, channels: int, kernel: int, before: int) -> tuple[int, int]:
        """Random weights and biases of a convolution."""
        weights = self.rng.normal(0, 1.5 / np.sqrt(kernel * kernel * before), (channels, kernel, kernel, before))
        return self.constant(weights), self.constant(self.rng.normal(0, 0.3, channels))

    def window(self, entry: int) -> int:
        """A weighted mean: a depthwise convolution as large as the map."""
        _, rows, columns, channels = self.shapes[entry]
        weights = self.rng.uniform(0, 2 / (rows * columns), (1, rows, columns, 1)).repeat(channels, axis=3)
        biases = self.constant(self.rng.normal(0, 0.3, channels))
        return self.add(
            "DEPTHWISE_CONV_2D", [entry, self.constant(weights), biases], (self.shapes[entry][0], 1, 1, channels),
            "DepthwiseConv2DOptions", strideH=1, strideW=1, padding=schema.Padding.VALID, depthMultiplier=1,
            dilationHFactor=1, dilationWFactor=1,
        )  # fmt: skip

    def window_in_two_steps(self, entry: int) -> int:
        """A weighted mean over the rows of each column, then over the columns."""
        for axis in (1, 2):
            shape = list(self.shapes[entry])
            size = [1, 1, 1, shape[3]]
            size[axis], shape[axis] = shape[axis], 1
            inputs = [entry, self.constant(self.rng.uniform(0, 2 / size[axis], size)),
                      self.constant(self.rng.normal(0, 0.3, shape[3]))]  # fmt: skip
            entry = self.add(
                "DEPTHWISE_CONV_2D", inputs, tuple(shape), "DepthwiseConv2DOptions", strideH=1, strideW=1,
                padding=schema.Padding.VALID, depthMultiplier=1, dilationHFactor=1, dilationWFactor=1,
            )  # fmt: skip
        return entry

    def pool(self, entry: int, size: int, name: str = "AVERAGE_POOL_2D") -> int:
        """A pool of `size` by `size` cells."""
        count, rows, columns, channels = self.shapes[entry]
        return self.add(
            name, [entry], (count, rows // size, columns // size, channels), "Pool2DOptions", strideH=size,
            strideW=size, filterHeight=size, filterWidth=size, padding=schema.Padding.VALID,
        )  # fmt: skip

    def mean(self, entry: int, axes: tuple[int, ...] = (1, 2)) -> int:
        """A mean, which keeps its axes."""
        shape = tuple(1 if axis in axes else edge for axis, edge in enumerate(self.shapes[entry]))
        inputs = [entry, self.constant(np.array(axes, np.int32))]
        return self.add("MEAN", inputs, shape, "ReducerOptions", keepDims=True)

    def concatenation(self, entries: list[int], axis: int = 3) -> int:
        """Tensors side by side."""
        shape = list(self.shapes[entries[0]])
        shape[axis] = sum(self.shapes[one][axis] for one in entries)
        return self.add("CONCATENATION", entries, tuple(shape), "ConcatenationOptions", axis=axis)

    def cut(self, entry: int, begin: tuple[int, ...], size: tuple[int, ...]) -> int:
        """A part of a tensor."""
        inputs = [entry, self.constant(np.array(begin, np.int32)), self.constant(np.array(size, np.int32))]
        return self.add("SLICE", inputs, size, "SliceOptions")

    def flat(self, entry: int) -> int:
        """The same values as (1, D)."""
        shape = (1, int(np.prod(self.shapes[entry])))
        return self.add("RESHAPE", [entry, self.constant(np.array(shape, np.int32))], shape, "ReshapeOptions")

    def extractor(self, embedding: int) -> bytes:
        """The file of a model with this output."""
        self._graph.inputs, self._graph.outputs = [self.image], [embedding]
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(self._model.Pack(builder), b"TFL3")
        return bytes(builder.Output())
