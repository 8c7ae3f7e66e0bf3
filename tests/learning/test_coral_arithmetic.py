"""The appended 8-bit layers are, byte for byte, what Coral's arithmetic gives, which is repeated here step by step."""

from __future__ import annotations

import io
import math
import zipfile
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from flatbuffers import encode, packer
from flatbuffers.number_types import Int8Flags, Uint8Flags, Uint32Flags
from flatbuffers.table import Table
from hypothesis import given
from hypothesis import strategies as st

from learning.quantization import asymmetric, quantized
from learning.softmax_regression import SoftmaxRegression
from learning.tflite_export import append_head
from tests.support.extractors import tiny_extractor

pytestmark = pytest.mark.needs_runtime

single = np.float32


def c_round(value: np.float32) -> int:
    """Round as C's round(): halves away from zero."""
    return int(math.copysign(math.floor(abs(float(value)) + 0.5), float(value)))


def coral_params(low: float, high: float) -> tuple[np.float32, int]:
    """Return scale and zero point of a range that contains 0, in single precision."""
    f_min, f_max = single(min(low, 0)), single(max(high, 0))
    scale = single(single(f_max - f_min) / single(255))
    from_min = single(single(0) - single(f_min / scale))
    from_max = single(single(255) - single(f_max / scale))
    error_min, error_max = single(abs(single(f_min / scale))), single(single(255) + abs(single(f_max / scale)))
    point = from_min if error_min < error_max else from_max
    return scale, min(max(c_round(point), 0), 255)


def coral_bytes(values: Any, scale: np.float32, point: int) -> list[int]:
    levels = [c_round(single(single(point) + single(single(v) / scale))) for v in values]
    return [min(max(level, 0), 255) for level in levels]


finite = st.floats(-100, 100, width=32)


@given(finite, finite)
def test_scale_and_zero_point_equal_coral_s(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    if single(min(low, 0)) == single(max(high, 0)) or max(-low, high) < 1e-30:
        return
    scale, point = coral_params(low, high)
    found = asymmetric(low, high)
    assert (single(found.scale), found.zero_point) == (scale, point)


@given(st.lists(finite, min_size=2, max_size=40))
def test_quantized_weights_equal_coral_s_bytes(values: list[float]) -> None:
    weights = np.array(values, np.float32)
    if not np.abs(weights).max() > 1e-30:
        return
    scale, point = coral_params(float(weights.min()), float(weights.max()))
    assert quantized(weights, asymmetric(float(weights.min()), float(weights.max()))).tolist() == coral_bytes(
        weights, scale, point
    )


def head(classes: int = 5, feature_dim: int = 6, seed: int = 2) -> SoftmaxRegression:
    trained = SoftmaxRegression(feature_dim, classes, weight_scale=0.7, rng=seed)
    trained.params["vec_b"] = np.random.default_rng(seed).normal(0, 2, classes).astype(np.float32)
    trained.min_score, trained.max_score = -7.3, 9.1
    return trained


def tensors(model: bytes) -> dict[str, Any]:
    graph = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    return {one.name.decode(): (one, graph.buffers[one.buffer].data) for one in graph.subgraphs[0].tensors}


def test_every_number_of_the_appended_layers_equals_coral_s() -> None:
    trained = head()
    found = tensors(append_head(tiny_extractor("uint8"), trained))
    weights, biases = trained.params["mat_w"], trained.params["vec_b"]
    scale, point = coral_params(float(weights.min()), float(weights.max()))
    tensor, data = found["head/weights"]
    assert tensor.shape.tolist() == [5, 6]
    assert (single(tensor.quantization.scale[0]), int(tensor.quantization.zeroPoint[0])) == (scale, point)
    assert list(bytes(bytearray(data))) == coral_bytes(weights.T.reshape(-1), scale, point)
    tensor, data = found["head/biases"]
    bias_scale = single(single(4 / 128) * scale)  # the tiny extractor's output has the scale 4/128
    assert single(tensor.quantization.scale[0]) == bias_scale
    assert int(tensor.quantization.zeroPoint[0]) == 0
    assert np.frombuffer(bytes(bytearray(data)), np.int32).tolist() == [c_round(single(b / bias_scale)) for b in biases]
    tensor, _ = found["head/logits"]
    assert (single(tensor.quantization.scale[0]), int(tensor.quantization.zeroPoint[0])) == coral_params(-7.3, 9.1)
    tensor, _ = found["head/probabilities"]
    assert (tensor.quantization.scale[0], int(tensor.quantization.zeroPoint[0])) == (1 / 256, 0)


def test_a_range_without_zero_is_widened_to_contain_it() -> None:
    assert asymmetric(2.0, 5.1).zero_point == 0
    assert asymmetric(2.0, 5.1).scale == pytest.approx(5.1 / 255)
    assert asymmetric(-5.1, -2.0).zero_point == 255


def test_int8_weights_are_symmetric_with_a_scale_for_every_class() -> None:
    trained = head(classes=3)
    tensor, data = tensors(append_head(tiny_extractor("int8"), trained))["head/weights"]
    rows = np.frombuffer(bytes(bytearray(data)), np.int8).reshape(3, 6)
    for row, scale, expected in zip(rows, tensor.quantization.scale, trained.params["mat_w"].T, strict=True):
        assert scale == pytest.approx(np.abs(expected).max() / 127)
        assert np.abs(row * scale - expected).max() <= scale / 2 + 1e-7
        assert np.abs(row).max() == 127
    assert tensor.quantization.zeroPoint.tolist() == [0, 0, 0]
    assert tensor.quantization.quantizedDimension == 0


def spatial(extractor: bytes) -> bytes:
    """Return the extractor with a RESHAPE that makes its embedding (1, 1, 1, D)."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(extractor, 0))
    graph = model.subgraphs[0]
    before = graph.tensors[graph.outputs[0]]
    shape = [1, 1, 1, int(before.shape[1])]
    shape_tensor = schema.TensorT()
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(np.array(shape, np.int32).tobytes(), np.uint8)
    model.buffers.append(buffer)
    shape_tensor.name, shape_tensor.shape, shape_tensor.type, shape_tensor.buffer = (
        b"s",
        [4],
        schema.TensorType.INT32,
        len(model.buffers) - 1,
    )
    after = schema.TensorT()
    after.name, after.shape, after.type, after.quantization = b"spatial", shape, before.type, before.quantization
    graph.tensors += [shape_tensor, after]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.RESHAPE
    model.operatorCodes.append(code)
    operator = schema.OperatorT()
    operator.opcodeIndex = len(model.operatorCodes) - 1
    operator.inputs, operator.outputs = [int(graph.outputs[0]), len(graph.tensors) - 2], [len(graph.tensors) - 1]
    operator.builtinOptionsType = schema.BuiltinOptions.ReshapeOptions
    operator.builtinOptions = schema.ReshapeOptionsT()
    operator.builtinOptions.newShape = shape
    graph.operators.append(operator)
    graph.outputs = [len(graph.tensors) - 1]
    builder = flatbuffers.Builder(1 << 14)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.mark.parametrize("kind", ["uint8", "int8", "float32"])
def test_a_spatial_embedding_gets_a_reshape_and_the_same_probabilities(kind: Any) -> None:
    flat, trained = tiny_extractor(kind), head()
    answers = []
    for extractor, added in ((flat, 2), (spatial(flat), 3)):
        model = append_head(extractor, trained)
        before, after = (schema.Model.GetRootAs(data, 0).Subgraphs(0).OperatorsLength() for data in (extractor, model))
        assert after - before == added
        interpreter = Interpreter(model_content=model)
        interpreter.allocate_tensors()
        entry, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        assert result["shape"].tolist() == [1, 5]
        pixels = np.random.default_rng(3).integers(0, 100, (1, 8, 8, 3)).astype(entry["dtype"])
        interpreter.set_tensor(entry["index"], pixels)
        interpreter.invoke()
        answers.append(interpreter.get_tensor(result["index"]))
    assert np.array_equal(*answers)


def test_class_labels_are_written_into_the_file() -> None:
    trained = head(classes=3)
    trained.label_map = {0: "apple", 1: "2 fingers", 2: "C: drive"}
    model = append_head(tiny_extractor(), trained)
    with zipfile.ZipFile(io.BytesIO(model)) as archive:
        assert archive.read("labels.txt").decode() == "apple\n2 fingers\nC: drive\n"
    root = schema.Model.GetRootAs(model, 0)
    (entry,) = (root.Metadata(index) for index in range(root.MetadataLength()))
    assert entry.Name() == b"TFLITE_METADATA"
    assert root.Buffers(entry.Buffer()).DataAsNumpy().tobytes()[4:8] == b"M001"
    Interpreter(model_content=model).allocate_tensors()


def test_equal_heads_make_equal_files() -> None:
    trained = head(classes=2)
    trained.label_map = {0: "a", 1: "b"}
    assert append_head(tiny_extractor(), trained) == append_head(tiny_extractor(), trained)


def test_without_a_label_for_every_class_no_metadata_is_written() -> None:
    trained = head(classes=3)
    trained.label_map = {0: "apple", 2: "cup"}
    assert schema.Model.GetRootAs(append_head(tiny_extractor(), trained), 0).MetadataLength() == 0


def test_the_description_says_that_the_input_is_an_rgb_picture_of_the_size_of_the_model() -> None:
    """Field numbers are those of metadata_schema.fbs, where other programs look."""
    trained = head(classes=2)
    trained.label_map = {0: "a", 1: "b"}
    model = append_head(tiny_extractor(), trained)
    root = schema.Model.GetRootAs(model, 0)
    data = root.Buffers(root.Metadata(0).Buffer()).DataAsNumpy().tobytes()

    def inside(table: Table, field: int) -> Table:
        return Table(data, table.Indirect(table.Pos + table.Offset(4 + 2 * field)))

    def first_of(table: Table, field: int) -> Table:
        return Table(data, table.Indirect(table.Vector(table.Offset(4 + 2 * field))))

    def number(table: Table, field: int, kind: Any) -> int:
        return int(table.Get(kind, table.Pos + table.Offset(4 + 2 * field)))

    description = Table(data, encode.Get(packer.uoffset, data, 0))
    content = inside(first_of(first_of(description, 3), 2), 3)  # of the first input of the first graph
    assert number(content, 0, Uint8Flags) == 2  # ImageProperties
    picture = inside(content, 1)
    size = inside(picture, 1)
    width, height = root.Subgraphs(0).Tensors(root.Subgraphs(0).Inputs(0)).ShapeAsNumpy()[1:3]
    assert number(picture, 0, Int8Flags) == 1  # RGB
    assert (number(size, 0, Uint32Flags), number(size, 1, Uint32Flags)) == (width, height)
