"""Append fully connected + softmax to an embedding extractor's flatbuffer.

The new layers have the extractor's type: uint8, int8 or float32. The formulas are in `learning.quantization`. The
extractor's own tensors, operators and payloads stay as they are (`learning.graph`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from learning.errors import EmbeddingSizeMismatch, InvalidHead, ModelNotTrained, UnsupportedExtractor
from learning.extractor_file import unpacked_extractor
from learning.graph import Additions, fill, packed, quantization, rename_outputs_in_signatures
from learning.layers import FloatArray
from learning.metadata import class_labels, describe_classifier, with_label_file
from learning.novelty import with_test
from learning.quantization import Affine, asymmetric, quantized, quantized_biases, rounded, widened_for_biases

SPATIAL_DIMENSIONS = 4  # of an embedding (1, 1, 1, D), as pooling without flattening makes it
PROBABILITY_SCALE = 1 / 256  # TFLite 8-bit quantization specification, softmax


class Head(Protocol):
    """A head that can be exported: SoftmaxRegression, or anything with the same attributes."""

    params: dict[str, FloatArray]
    min_score: float
    max_score: float
    label_map: Mapping[int, str] | None


def append_head(extractor: bytes, head: Head) -> bytes:
    """Make a classifier from an extractor and a trained head.

    Args:
        extractor: The bytes of a `.tflite` with one subgraph and one output: uint8, int8 or float32. It may be
            compiled for the Edge TPU; the head then runs on the CPU behind it.
        head: `params['mat_w']` (D, C) and `params['vec_b']` (C,). A quantized extractor also needs the range of the
            logits, `min_score` and `max_score`. A `label_map` that has every class is written as TFLite Model Metadata.
            `not_sure`, if the head has one, is written as a file in the archive behind the model.

    Returns:
        The classifier's `.tflite` file as bytes. Its output has the extractor's type: uint8 probabilities at scale
        1/256 and zero point 0, int8 at 1/256 and −128, or float32 in 0..1.

    Raises:
        UnsupportedExtractor: If the bytes are no such extractor; the text says why.
        EmbeddingSizeMismatch: If its output is not D values long.
        ModelNotTrained: If there are no weights, or for a quantized extractor no range of logits.
        InvalidHead: If the weights have the wrong shape, or are not finite.
    """
    weights, biases = _checked(head)
    frame = _frame(extractor, len(biases), class_labels(head, len(biases)))
    if frame.size != weights.shape[0]:
        raise EmbeddingSizeMismatch(weights.shape[0], frame.size)
    model = bytearray(frame.model)
    if frame.kind == schema.TensorType.FLOAT32:
        fill(model, frame.weights, np.ascontiguousarray(weights.T))
        fill(model, frame.biases, biases)
    else:
        _fill_quantized(model, frame, weights, biases, head)
    test = getattr(head, "not_sure", None)
    return bytes(model) if test is None else with_test(bytes(model), test, frame.embedding)


def prepare_export(extractor: bytes, labels: Sequence[str]) -> None:
    """Do what `append_head` can do before there is a head: afterwards it takes a tenth of the time.

    Args:
        extractor: See `append_head`, which raises the errors.
        labels: The class labels that the head will have, in the order of its classes.
    """
    with suppress(UnsupportedExtractor):
        _frame(extractor, len(labels), tuple(labels))


@dataclass(frozen=True, eq=False)
class _Frame:
    """A classifier without what training decides. Heads of the same classes differ in nothing else.

    Attributes:
        model: The file, with zeros in place of what training decides.
        size: D, the length of the embedding.
        kind: The type of its tensor.
        scale: The scale of its tensor; 1 if it is float32.
        embedding, weights, biases: Indices of tensors.
        logits: Indices of the tensors with the logits: behind the layer, and flattened if that is needed.
    """

    model: bytes
    size: int
    kind: int
    scale: float
    embedding: int
    weights: int
    biases: int
    logits: tuple[int, ...]


@lru_cache(maxsize=2)  # an extractor that is compiled for the Edge TPU has a counterpart
def _frame(extractor: bytes, classes: int, names: tuple[str, ...] | None) -> _Frame:
    """Append fully connected + softmax to an extractor, with zeros in place of what training decides."""
    model = unpacked_extractor(extractor)
    graph = model.subgraphs[0]
    embedding_index = int(graph.outputs[0])
    embedding = graph.tensors[embedding_index]
    size, is_float = int(np.prod(embedding.shape)), embedding.type == schema.TensorType.FLOAT32
    added = Additions(model, graph)
    (scores, weight_index, bias_index), probabilities = (_float_layers if is_float else _quantized_layers)(
        added, embedding, size, classes
    )
    added.operator(
        schema.BuiltinOperator.FULLY_CONNECTED,
        [embedding_index, weight_index, bias_index],
        [scores],
        schema.BuiltinOptions.FullyConnectedOptions,
        schema.FullyConnectedOptionsT(),
    )
    logits: tuple[int, ...] = (scores,)
    if len(embedding.shape) == SPATIAL_DIMENSIONS:
        logits = scores, _flattened(added, scores)
    options = schema.SoftmaxOptionsT()
    options.beta = 1.0
    added.operator(
        schema.BuiltinOperator.SOFTMAX,
        [logits[-1]],
        [probabilities],
        schema.BuiltinOptions.SoftmaxOptions,
        options,
    )
    graph.outputs = [probabilities]
    rename_outputs_in_signatures(model, embedding_index, probabilities)
    data = packed(model) if names is None else with_label_file(packed(describe_classifier(model, names)), names)
    scale = 1.0 if is_float else float(embedding.quantization.scale[0])
    return _Frame(data, size, int(embedding.type), scale, embedding_index, weight_index, bias_index, logits)


def _flattened(added: Additions, scores: int) -> int:
    """Reshape the logits of a (1, 1, 1, D) embedding to (1, C) before softmax, as Coral's library does."""
    before = added.tensors[scores]
    shape = [1, int(before.shape[-1])]
    after = added.tensor("head/logits_2d", before.type, shape, None, before.quantization)
    shape_tensor = added.tensor("head/shape", schema.TensorType.INT32, [2], np.array(shape, np.int32))
    options = schema.ReshapeOptionsT()
    options.newShape = shape
    added.operator(
        schema.BuiltinOperator.RESHAPE, [scores, shape_tensor], [after], schema.BuiltinOptions.ReshapeOptions, options
    )
    return after


def _float_layers(added: Additions, embedding: Any, size: int, classes: int) -> tuple[tuple[int, int, int], int]:
    """Add the tensors of float32 layers: logits, weights and biases; and probabilities."""
    kind, outer = schema.TensorType.FLOAT32, [int(edge) for edge in embedding.shape[:-1]]
    weight = added.tensor("head/weights", kind, [classes, size], np.zeros((classes, size), np.float32))
    bias = added.tensor("head/biases", kind, [classes], np.zeros(classes, np.float32))
    logits = added.tensor("head/logits", kind, [*outer, classes])
    return (logits, weight, bias), added.tensor("head/probabilities", kind, [1, classes])


def _quantized_layers(added: Additions, embedding: Any, size: int, classes: int) -> tuple[tuple[int, int, int], int]:
    """Add the tensors of 8-bit layers: logits, weights and biases; and probabilities.

    uint8: asymmetric weights with one scale. int8: symmetric weights with a scale for every class. Biases are int32 at
    scale input × weights and zero point 0 (TFLite 8-bit quantization specification).
    """
    signed = embedding.type == schema.TensorType.INT8
    kind, qmin = (schema.TensorType.INT8, -128) if signed else (schema.TensorType.UINT8, 0)
    scales = np.zeros(classes if signed else 1, np.float32)
    weight = added.tensor(
        "head/weights",
        kind,
        [classes, size],
        np.zeros((classes, size), np.uint8),
        quantization(scales, 0, per_row=signed),
    )
    bias = added.tensor(
        "head/biases", schema.TensorType.INT32, [classes], np.zeros(classes, np.int32), quantization(scales, 0)
    )
    outer = [int(edge) for edge in embedding.shape[:-1]]
    logits = added.tensor("head/logits", kind, [*outer, classes], None, quantization([0.0], 0))
    probabilities = added.tensor(
        "head/probabilities", kind, [1, classes], None, quantization([PROBABILITY_SCALE], qmin)
    )
    return (logits, weight, bias), probabilities


def _fill_quantized(model: bytearray, frame: _Frame, weights: FloatArray, biases: FloatArray, head: Head) -> None:
    """Write weights (D, C), biases (C,) and the range of the logits."""
    signed = frame.kind == schema.TensorType.INT8
    qmin = -128 if signed else 0
    rows = np.ascontiguousarray(weights.T)
    data, weight_scales, zero_point = (_per_class if signed else _per_tensor)(rows, biases, frame.scale)
    bias_scales = np.float32(frame.scale) * weight_scales
    output = asymmetric(*_checked_range(head), qmin, qmin + 255)
    fill(model, frame.weights, data, weight_scales, zero_point)
    fill(model, frame.biases, quantized_biases(biases, bias_scales), bias_scales, 0)
    for tensor in frame.logits:
        fill(model, tensor, None, [output.scale], output.zero_point)


def _per_tensor(rows: FloatArray, biases: FloatArray, input_scale: float) -> tuple[NDArray[Any], FloatArray, int]:
    """Quantize weights (C, D) to uint8 with one scale and zero point, as Coral's library does."""
    affine = asymmetric(float(rows.min()), float(rows.max()))
    wide = widened_for_biases(affine.scale, biases, input_scale)
    if wide != affine.scale:
        affine = Affine(wide, int(rounded(-min(float(rows.min()), 0.0) / wide)))
    return quantized(rows, affine).astype(np.uint8), np.array([affine.scale], np.float32), affine.zero_point


def _per_class(rows: FloatArray, biases: FloatArray, input_scale: float) -> tuple[NDArray[Any], FloatArray, int]:
    """Quantize weights (C, D) to int8, symmetric, −127..127, with a scale for every class.

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
        raise InvalidHead(
            f"mat_w {weights.shape} and vec_b {biases.shape} do not fit together. Use shapes (D, C) and (C,)."
        )
    if not (np.isfinite(weights).all() and np.isfinite(biases).all()):
        raise InvalidHead("the head's weights are not finite. Train it again on finite embeddings.")
    return weights, biases


def _checked_range(head: Head) -> tuple[float, float]:
    low, high = float(head.min_score), float(head.max_score)
    if not (np.isfinite(low) and np.isfinite(high) and low <= high):
        raise ModelNotTrained("the range of the logits is unknown. Train the head, or call calibrate().")
    return low, high
