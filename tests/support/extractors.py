"""Tiny embedding extractors: real models with one fully connected layer over all pixels."""

from __future__ import annotations

from typing import Any, Literal

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

Kind = Literal["uint8", "int8", "float32"]
TYPES = {
    "uint8": schema.TensorType.UINT8,
    "int8": schema.TensorType.INT8,
    "float32": schema.TensorType.FLOAT32,
}


def tiny_extractor(kind: Kind = "uint8", *, input_px: int = 8, feature_dim: int = 6, seed: int = 0) -> bytes:
    """A `.tflite` model (1, S, S, 3) → (1, D) with random weights; all its tensors have one type."""
    rng = np.random.default_rng(seed)
    inputs = input_px * input_px * 3
    weights = rng.normal(0, 1 / np.sqrt(inputs), (feature_dim, inputs)).astype(np.float32)
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.subgraphs, model.buffers = 3, [graph], [schema.BufferT()]
    graph.tensors, graph.operators = [], []
    quantized = kind != "float32"
    zero = 0 if kind == "int8" else 128

    def tensor(name: str, shape: list[int], type_: int, data: Any = None, scale: float = 0.0, point: int = 0) -> int:
        made = schema.TensorT()
        made.name, made.shape, made.type, made.buffer = name.encode(), shape, type_, 0
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            model.buffers.append(buffer)
            made.buffer = len(model.buffers) - 1
        if scale:
            made.quantization = schema.QuantizationParametersT()
            made.quantization.scale, made.quantization.zeroPoint = [scale], [point]
        graph.tensors.append(made)
        return len(graph.tensors) - 1

    if quantized:
        scale = float(np.abs(weights).max()) / 127
        levels = np.rint(weights / scale)
        data = levels.astype(np.int8) if kind == "int8" else (levels + 128).astype(np.uint8)
        entry = tensor("image", [1, input_px, input_px, 3], TYPES[kind], None, 1 / 128, zero)
        weight = tensor("w", [feature_dim, inputs], TYPES[kind], data, scale, zero)
        bias = tensor("b", [feature_dim], schema.TensorType.INT32, np.zeros(feature_dim, np.int32), scale / 128, 0)
        output = tensor("embedding", [1, feature_dim], TYPES[kind], None, 4 / 128, zero)
    else:
        entry = tensor("image", [1, input_px, input_px, 3], TYPES[kind])
        weight = tensor("w", [feature_dim, inputs], TYPES[kind], weights)
        bias = tensor("b", [feature_dim], TYPES[kind], np.zeros(feature_dim, np.float32))
        output = tensor("embedding", [1, feature_dim], TYPES[kind])
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FULLY_CONNECTED
    code.version = 4
    model.operatorCodes = [code]
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = 0, [entry, weight, bias], [output]
    operator.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
    operator.builtinOptions = schema.FullyConnectedOptionsT()
    graph.operators.append(operator)
    graph.inputs, graph.outputs = [entry], [output]
    builder = flatbuffers.Builder(1 << 14)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
