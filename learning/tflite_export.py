"""Append fully connected + softmax to an embedding extractor's flatbuffer.

The schema's object API of LiteRT unpacks the file, the new tensors and operators are appended, and a builder
that keeps byte vectors on 16-byte boundaries packs it again. What was in the file stays: buffers, custom
operator payloads (bit for bit) and metadata.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, Protocol

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from learning.errors import EmbeddingSizeMismatch, ModelNotTrained, UnsupportedExtractor
from learning.layers import FloatArray
from learning.metadata import class_names, describe_classifier, with_label_file
from learning.quantization import Affine, asymmetric, quantized, quantized_biases, rounded, widened_for_biases

ALIGNMENT_BYTES = 16
VERSIONS = {  # of the operators as interpreters know them: the lowest that has per-class scales and int8
    schema.BuiltinOperator.FULLY_CONNECTED: 4,
    schema.BuiltinOperator.RESHAPE: 1,
    schema.BuiltinOperator.SOFTMAX: 2,
}
SPATIAL_DIMENSIONS = 4  # of an embedding (1, 1, 1, D), such as pooling without flattening leaves
FILE_IDENTIFIER = b"TFL3"
EXTRACTOR_WANTED = "Use an embedding extractor: one picture in, one vector out, no classifier."


class Head(Protocol):
    """What is exported: SoftmaxRegression, or anything with the same state."""

    params: dict[str, FloatArray]
    min_score: float
    max_score: float
    label_map: Mapping[int, str] | None


def append_head(extractor: bytes, head: Head) -> bytes:
    """Make a classifier of an extractor and a trained head.

    Args:
        extractor: A `.tflite` with one subgraph and one output: uint8, int8 or float32. It may be compiled for
            the Edge TPU; the head then runs on the CPU behind it.
        head: `params['mat_w']` (D, C), `params['vec_b']` (C,), the logits' range for quantized extractors, and
            `label_map`, which goes into the file as TFLite Model Metadata where it names every class.

    Returns:
        The classifier's bytes. Its output has the extractor's type: uint8 probabilities at scale 1/256 and zero
        point 0, int8 at 1/256 and −128, or float32.

    Raises:
        UnsupportedExtractor: If the bytes are no such extractor; the text says what is wrong.
        EmbeddingSizeMismatch: If its vector is not D long.
        ModelNotTrained: If weights or range are not finite.
    """
    weights, biases = _checked(head)
    model = _unpacked(extractor)
    graph = model.subgraphs[0]
    embedding_index = int(graph.outputs[0])
    embedding = graph.tensors[embedding_index]
    size = int(np.prod(embedding.shape))
    if size != weights.shape[0]:
        raise EmbeddingSizeMismatch(weights.shape[0], size)
    added = _Additions(model, graph)
    if embedding.type == schema.TensorType.FLOAT32:
        logits, probabilities = _float_layers(added, [int(edge) for edge in embedding.shape[:-1]], weights, biases)
    else:
        logits, probabilities = _quantized_layers(added, embedding, weights, biases, head)
    scores, weight_index, bias_index = logits
    added.operator(
        schema.BuiltinOperator.FULLY_CONNECTED,
        [embedding_index, weight_index, bias_index],
        [scores],
        schema.BuiltinOptions.FullyConnectedOptions,
        schema.FullyConnectedOptionsT(),
    )
    if len(embedding.shape) == SPATIAL_DIMENSIONS:
        scores = _flattened(added, scores)
    options = schema.SoftmaxOptionsT()
    options.beta = 1.0
    added.operator(
        schema.BuiltinOperator.SOFTMAX,
        [scores],
        [probabilities],
        schema.BuiltinOptions.SoftmaxOptions,
        options,
    )
    graph.outputs = [probabilities]
    _rename_outputs_in_signatures(model, embedding_index, probabilities)
    names = class_names(head, weights.shape[1])
    if names is None:
        return _packed(model)
    described = describe_classifier(model, names)
    return with_label_file(_packed(described), names)


def _flattened(added: _Additions, scores: int) -> int:
    """A (1, 1, 1, D) embedding: logits pass through RESHAPE to (1, C) before softmax, as Coral's library has it."""
    before = added.tensors[scores]
    shape = [1, int(before.shape[-1])]
    after = added.tensor("head/logits_2d", before.type, shape, None, before.quantization)
    wanted = added.tensor("head/shape", schema.TensorType.INT32, [2], np.array(shape, np.int32))
    options = schema.ReshapeOptionsT()
    options.newShape = shape
    added.operator(
        schema.BuiltinOperator.RESHAPE, [scores, wanted], [after], schema.BuiltinOptions.ReshapeOptions, options
    )
    return after


def _float_layers(
    added: _Additions, outer: list[int], weights: FloatArray, biases: FloatArray
) -> tuple[tuple[int, int, int], int]:
    kind = schema.TensorType.FLOAT32
    classes = len(biases)
    weight = added.tensor("head/weights", kind, list(weights.T.shape), np.ascontiguousarray(weights.T))
    bias = added.tensor("head/biases", kind, [classes], biases)
    logits = added.tensor("head/logits", kind, [*outer, classes])
    return (logits, weight, bias), added.tensor("head/probabilities", kind, [1, classes])


def _quantized_layers(
    added: _Additions, embedding: Any, weights: FloatArray, biases: FloatArray, head: Head
) -> tuple[tuple[int, int, int], int]:
    """uint8: asymmetric weights, one scale. int8: symmetric weights, a scale for every class.

    Biases are int32 at scale input × weights and zero point 0 (TFLite 8-bit quantization specification).
    """
    signed = embedding.type == schema.TensorType.INT8
    kind, qmin = (schema.TensorType.INT8, -128) if signed else (schema.TensorType.UINT8, 0)
    input_scale = float(embedding.quantization.scale[0])
    rows = np.ascontiguousarray(weights.T)
    data, weight_scales, zero_point = (_per_class if signed else _per_tensor)(rows, biases, input_scale)
    bias_scales = np.float32(input_scale) * weight_scales
    output = asymmetric(*_checked_range(head), qmin, qmin + 255)
    classes = len(biases)
    weight = added.tensor(
        "head/weights", kind, list(data.shape), data, _quantization(weight_scales, zero_point, per_row=signed)
    )
    bias = added.tensor(
        "head/biases",
        schema.TensorType.INT32,
        [classes],
        quantized_biases(biases, bias_scales),
        _quantization(bias_scales, 0),
    )
    logits = added.tensor(
        "head/logits",
        kind,
        [*(int(edge) for edge in embedding.shape[:-1]), classes],
        None,
        _quantization([output.scale], output.zero_point),
    )
    probabilities = added.tensor(
        "head/probabilities", kind, [1, classes], None, _quantization([1 / 256], -128 if signed else 0)
    )
    return (logits, weight, bias), probabilities


def _per_tensor(rows: FloatArray, biases: FloatArray, input_scale: float) -> tuple[NDArray[Any], FloatArray, int]:
    """uint8 weights (C, D) with one scale and zero point, as Coral's library quantizes them."""
    affine = asymmetric(float(rows.min()), float(rows.max()))
    wide = widened_for_biases(affine.scale, biases, input_scale)
    if wide != affine.scale:
        affine = Affine(wide, int(rounded(-min(float(rows.min()), 0.0) / wide)))
    return quantized(rows, affine).astype(np.uint8), np.array([affine.scale], np.float32), affine.zero_point


def _per_class(rows: FloatArray, biases: FloatArray, input_scale: float) -> tuple[NDArray[Any], FloatArray, int]:
    """int8 weights (C, D), symmetric, −127..127, with a scale for every class.

    Source: TFLite 8-bit quantization specification, fully connected, weights: per-axis, zero point 0, [-127, 127].
    """
    largest = np.maximum(np.abs(rows).max(axis=1), np.float32(1e-8)) / np.float32(127)
    scales = np.array(
        [widened_for_biases(float(scale), bias, input_scale) for scale, bias in zip(largest, biases, strict=True)],
        np.float32,
    )
    return np.clip(rounded(rows / scales[:, np.newaxis]), -127, 127).astype(np.int8), scales, 0


def _checked(head: Head) -> tuple[FloatArray, FloatArray]:
    try:
        weights, biases = (np.asarray(head.params[name], np.float32) for name in ("mat_w", "vec_b"))
    except KeyError as error:
        raise ModelNotTrained("the head has no weights. Train it before the export.") from error
    if weights.ndim != 2 or biases.shape != (weights.shape[1],):
        raise ModelNotTrained(f"mat_w {weights.shape} and vec_b {biases.shape} do not fit. Use shapes (D, C) and (C,).")
    if not (np.isfinite(weights).all() and np.isfinite(biases).all()):
        raise ModelNotTrained("the head's weights are not finite. Train it again on finite embeddings.")
    return weights, biases


def _checked_range(head: Head) -> tuple[float, float]:
    low, high = float(head.min_score), float(head.max_score)
    if not (np.isfinite(low) and np.isfinite(high) and low <= high):
        raise ModelNotTrained("the range of the logits is unknown. Train the head, or call calibrate().")
    return low, high


def _unpacked(extractor: bytes) -> Any:
    if extractor[4:8] != FILE_IDENTIFIER:
        raise UnsupportedExtractor(f"this is no TFLite file. {EXTRACTOR_WANTED}")
    try:
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(extractor, 0))
    except (struct.error, IndexError, TypeError, ValueError, AttributeError) as error:
        raise UnsupportedExtractor(f"this TFLite file is damaged. {EXTRACTOR_WANTED}") from error
    if len(model.subgraphs) != 1:
        raise UnsupportedExtractor(f"the model has {len(model.subgraphs)} subgraphs. {EXTRACTOR_WANTED}")
    graph = model.subgraphs[0]
    if len(graph.outputs) != 1:
        raise UnsupportedExtractor(f"the model has {len(graph.outputs)} outputs. {EXTRACTOR_WANTED}")
    if any(getattr(buffer, "offset", 0) for buffer in model.buffers):
        raise UnsupportedExtractor(f"the model keeps its weights outside its flatbuffer. {EXTRACTOR_WANTED}")
    _check_output(model, graph)
    return model


def _check_output(model: Any, graph: Any) -> None:
    output = graph.tensors[int(graph.outputs[0])]
    if output.type not in (schema.TensorType.UINT8, schema.TensorType.INT8, schema.TensorType.FLOAT32):
        raise UnsupportedExtractor(f"the model's output is neither uint8, int8 nor float32. {EXTRACTOR_WANTED}")
    last = graph.operators[-1]
    code = model.operatorCodes[last.opcodeIndex]
    if max(code.builtinCode, code.deprecatedBuiltinCode) == schema.BuiltinOperator.SOFTMAX:
        raise UnsupportedExtractor(f"the model is a finished classifier. {EXTRACTOR_WANTED}")
    is_float = output.type == schema.TensorType.FLOAT32
    scales = output.quantization.scale if output.quantization is not None else None
    if not is_float and (scales is None or len(scales) != 1 or float(scales[0]) <= 0):
        raise UnsupportedExtractor(f"the model's 8-bit output has no scale. {EXTRACTOR_WANTED}")
    input_type = graph.tensors[int(graph.inputs[0])].type
    if is_float and input_type != schema.TensorType.FLOAT32:
        raise UnsupportedExtractor(
            f"the model takes 8-bit pictures but its output is not quantized. {EXTRACTOR_WANTED}"
        )


class _Additions:
    """Appends tensors and operators to the graph."""

    def __init__(self, model: Any, graph: Any) -> None:
        self._model, self._graph = model, graph

    @property
    def tensors(self) -> list[Any]:
        """All tensors of the graph."""
        found: list[Any] = self._graph.tensors
        return found

    def tensor(
        self,
        name: str,
        kind: int,
        shape: list[int],
        data: NDArray[Any] | None = None,
        quantization: Any = None,
    ) -> int:
        """Append a tensor, with a buffer of its own; give its index."""
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


def _quantization(scales: Any, zero_point: int, *, per_row: bool = False) -> Any:
    parameters = schema.QuantizationParametersT()
    parameters.scale = [float(scale) for scale in scales]
    parameters.zeroPoint = [zero_point] * len(parameters.scale)
    parameters.quantizedDimension = 0 if per_row else parameters.quantizedDimension
    return parameters


def _rename_outputs_in_signatures(model: Any, old: int, new: int) -> None:
    for signature in model.signatureDefs or []:
        for output in signature.outputs or []:
            if output.tensorIndex == old:
                output.tensorIndex = new


class _AligningBuilder(flatbuffers.Builder):  # type: ignore[misc]
    """Keeps every byte vector on a 16-byte boundary; Python's generated code forgets the schema's force_align."""

    def StartVector(self, elemSize: int, numElems: int, alignment: int) -> Any:  # noqa: N802, N803
        return super().StartVector(elemSize, numElems, ALIGNMENT_BYTES if elemSize == 1 else alignment)


def _packed(model: Any) -> bytes:
    size = sum(len(buffer.data) for buffer in model.buffers if buffer.data is not None)
    builder = _AligningBuilder(size + (1 << 16))
    builder.Finish(model.Pack(builder), FILE_IDENTIFIER)
    return bytes(builder.Output())
