"""The exported file: the interpreter's answers against independent computations, and its structure."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from learning import tflite_export
from learning.errors import InvalidHead, ModelNotTrained, UnsupportedExtractor
from learning.graph_view import GraphView
from learning.softmax_regression import SoftmaxRegression
from learning.tflite_export import append_head, prepare_export
from tests.support.extractors import Kind, tiny_extractor

pytestmark = pytest.mark.needs_runtime

COMPILED = "mobilenet_v1_1.0_224_quant_embedding_extractor_edgetpu.tflite"
KINDS: list[Kind] = ["uint8", "int8", "float32"]


def run(model: bytes, image: Any) -> tuple[Any, dict[str, Any]]:
    interpreter = Interpreter(model_content=model, num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
    interpreter.invoke()
    detail = interpreter.get_output_details()[0]
    raw = interpreter.get_tensor(detail["index"])
    scale, zero_point = detail["quantization"]
    return (scale * (raw.astype(np.float64) - zero_point) if scale else raw)[0], detail


def head(feature_dim: int = 6, classes: int = 3) -> SoftmaxRegression:
    trained = SoftmaxRegression(feature_dim, classes, weight_scale=1.0, rng=1)
    trained.params["vec_b"] = np.array([0.3, -0.2, 0.1], np.float32)[:classes]
    trained.min_score, trained.max_score = -12.0, 12.0
    return trained


def images(kind: Kind, count: int = 40) -> list[Any]:
    pixels = np.random.default_rng(2).integers(0, 256, (count, 1, 8, 8, 3), np.uint8)
    if kind == "uint8":
        return list(pixels)
    if kind == "int8":
        return [(p.astype(np.int16) - 128).astype(np.int8) for p in pixels]
    return [(p / 127.5 - 1).astype(np.float32) for p in pixels]


@pytest.mark.parametrize("kind", KINDS)
def test_the_exported_file_returns_softmax_of_the_embedding(kind: Kind) -> None:
    extractor, trained = tiny_extractor(kind), head()
    model = append_head(extractor, trained)
    for image in images(kind):
        embedding, _ = run(extractor, image)
        z = embedding @ trained.params["mat_w"].astype(np.float64) + trained.params["vec_b"]
        expected = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
        answer, _ = run(model, image)
        assert np.abs(answer - expected).max() < (0.06 if kind != "float32" else 1e-5)


@pytest.mark.parametrize(("kind", "zero_point"), [("uint8", 0), ("int8", -128)])
def test_quantized_probabilities_have_the_specified_scale(kind: Kind, zero_point: int) -> None:
    _, detail = run(append_head(tiny_extractor(kind), head()), images(kind)[0])
    assert detail["quantization"] == (1 / 256, zero_point)
    assert detail["dtype"] == np.dtype(kind).type


@pytest.mark.parametrize("kind", KINDS)
def test_the_shapes_in_the_file_are_those_that_the_interpreter_computes(kind: Kind) -> None:
    model = append_head(tiny_extractor(kind), head())
    view, interpreter = GraphView(model), Interpreter(model_content=model, num_threads=1)
    interpreter.allocate_tensors()
    computed = {one["index"]: tuple(int(edge) for edge in one["shape"]) for one in interpreter.get_tensor_details()}
    outputs = [output for operator in view.operators for output in operator.outputs]
    assert [view.shape(output) for output in outputs] == [computed[output] for output in outputs]


def test_exactly_two_operators_are_added() -> None:
    before, after = (
        schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
        for data in (tiny_extractor(), append_head(tiny_extractor(), head()))
    )
    names = [after.operatorCodes[one.opcodeIndex].builtinCode for one in after.subgraphs[0].operators]
    assert len(names) == len(before.subgraphs[0].operators) + 2
    assert names[-2:] == [schema.BuiltinOperator.FULLY_CONNECTED, schema.BuiltinOperator.SOFTMAX]


def test_a_large_bias_keeps_its_sign_when_weights_are_tiny() -> None:
    tiny = head()
    tiny.params["mat_w"] = tiny.params["mat_w"] * np.float32(1e-9)
    tiny.params["vec_b"] = np.array([5.0, -5.0, 0.0], np.float32)
    answer, _ = run(append_head(tiny_extractor(), tiny), images("uint8")[0])
    assert answer[0] > 0.95


def test_buffers_are_aligned_to_sixteen_bytes() -> None:
    model = append_head(tiny_extractor(), head())
    root = schema.Model.GetRootAs(model, 0)
    for index in range(root.BuffersLength()):
        buffer = root.Buffers(index)
        if buffer.DataLength():
            start = buffer._tab.Vector(buffer._tab.Offset(4))
            assert start % 16 == 0


def test_the_edge_tpu_s_payload_is_unchanged_bit_for_bit(shared_models: Path) -> None:
    extractor = (shared_models / COMPILED).read_bytes()
    trained = SoftmaxRegression(1024, 5, rng=0)
    trained.min_score, trained.max_score = -3.0, 3.0
    model = append_head(extractor, trained)

    def payloads(data: bytes) -> list[str]:
        graph = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0)).subgraphs[0]
        return [
            hashlib.sha256(bytes(bytearray(one.customOptions))).hexdigest()
            for one in graph.operators
            if one.customOptions is not None and len(one.customOptions)
        ]

    assert len(payloads(extractor)) == 1
    assert payloads(model) == payloads(extractor)
    root = schema.Model.GetRootAs(model, 0)
    assert [root.OperatorCodes(root.Subgraphs(0).Operators(i).OpcodeIndex()).CustomCode() for i in range(3)] == [
        b"edgetpu-custom-op", None, None,
    ]  # fmt: skip


def test_weights_that_are_not_finite_are_not_written(tmp_path: Path) -> None:
    broken = head()
    broken.params["mat_w"][0, 0] = np.nan
    source, target = tmp_path / "in.tflite", tmp_path / "out.tflite"
    source.write_bytes(tiny_extractor())
    with pytest.raises(InvalidHead) as caught:
        broken.save_as_tflite_model(source, target)
    assert str(caught.value) == "the head's weights are not finite. Train it again on finite embeddings."
    assert not target.exists()


@pytest.mark.parametrize("limits", [(-np.inf, 3), (0, np.inf), (np.nan, 3), (0, np.nan), (3, -3)])
def test_a_head_whose_range_of_logits_is_none_is_not_written(limits: tuple[float, float]) -> None:
    broken = head()
    broken.min_score, broken.max_score = limits
    with pytest.raises(ModelNotTrained) as caught:
        append_head(tiny_extractor(), broken)
    assert str(caught.value) == "the range of the logits is unknown. Train the head, or call calibrate()."


def named(seed: int, classes: int = 3) -> SoftmaxRegression:
    trained = SoftmaxRegression(6, classes, weight_scale=2.0**seed, rng=seed)
    trained.params["vec_b"] = np.random.default_rng(seed).normal(size=classes).astype(np.float32)
    trained.min_score, trained.max_score = -3.0 - seed, 5.0 * seed
    trained.label_map = dict(enumerate("abcdef"[:classes]))
    return trained


@pytest.mark.parametrize("kind", KINDS)
def test_a_head_leaves_nothing_behind_in_the_file_of_the_next_one(kind: Kind) -> None:
    extractor, files = tiny_extractor(kind), []
    for seed in range(3):
        tflite_export._frame.cache_clear()
        files.append(append_head(extractor, named(seed)))
    assert [append_head(extractor, named(seed)) for seed in (2, 0, 1)] == [files[2], files[0], files[1]]
    assert len(set(files)) == 3


def test_what_is_prepared_for_an_export_is_not_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    extractor = tiny_extractor()
    expected = append_head(extractor, named(1))
    tflite_export._frame.cache_clear()
    prepare_export(extractor, ("a", "b", "c"))
    monkeypatch.setattr(tflite_export, "unpacked_extractor", lambda _: pytest.fail("it was unpacked again"))
    assert append_head(extractor, named(1)) == expected


def test_preparing_an_export_leaves_errors_to_the_export() -> None:
    prepare_export(b"no model", ("a", "b"))
    with pytest.raises(UnsupportedExtractor):
        append_head(b"no model", named(1))
