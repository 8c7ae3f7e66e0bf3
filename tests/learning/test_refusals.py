"""Models that no head can be appended to, and heads that fit no model, are refused in one line that says why."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from learning.errors import EmbeddingSizeMismatch, InvalidHead, ModelNotTrained, UnsupportedExtractor
from learning.softmax_regression import SoftmaxRegression
from learning.tflite_export import append_head
from tests.support.extractors import Kind, tiny_extractor

pytestmark = pytest.mark.needs_runtime

USE_AN_EXTRACTOR = "Use an embedding extractor: one picture in, one vector out, no classifier."
CONVERT_AGAIN = "Convert it again into a file below 2 GB, which holds everything in its flatbuffer."
Change = Callable[[Any], None]


def trained(feature_dim: int = 6) -> SoftmaxRegression:
    head = SoftmaxRegression(feature_dim, 3, rng=0)
    head.calibrate(np.random.default_rng(0).normal(0, 1, (20, feature_dim)))
    return head


def changed(change: Change, kind: Kind = "uint8") -> bytes:
    """Return an extractor after a change to its unpacked model."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(tiny_extractor(kind), 0))
    change(model)
    builder = flatbuffers.Builder(1 << 14)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def two_subgraphs(model: Any) -> None:
    model.subgraphs.append(model.subgraphs[0])


def two_outputs(model: Any) -> None:
    graph = model.subgraphs[0]
    graph.outputs = [graph.outputs[0], graph.inputs[0]]


def two_inputs(model: Any) -> None:
    graph = model.subgraphs[0]
    graph.inputs = [graph.inputs[0], graph.outputs[0]]


def a_map(model: Any) -> None:
    """As models for poses and for the outlines of things have."""
    graph = model.subgraphs[0]
    graph.tensors[graph.outputs[0]].shape = [1, 2, 1, 3]


def float_output(model: Any) -> None:
    graph = model.subgraphs[0]
    graph.tensors[graph.outputs[0]].type = schema.TensorType.FLOAT32
    graph.tensors[graph.outputs[0]].quantization = None


def integer_output(model: Any) -> None:
    model.subgraphs[0].tensors[model.subgraphs[0].outputs[0]].type = schema.TensorType.INT32


def no_scale(model: Any) -> None:
    model.subgraphs[0].tensors[model.subgraphs[0].outputs[0]].quantization = None


def scale_of_zero(model: Any) -> None:
    model.subgraphs[0].tensors[model.subgraphs[0].outputs[0]].quantization.scale = [0.0]


def weights_outside(model: Any) -> None:
    model.buffers[1].offset, model.buffers[1].size = 1 << 20, 1152


def options_outside(model: Any) -> None:
    model.subgraphs[0].operators[0].largeCustomOptionsOffset = 1 << 20


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (two_subgraphs, f"the model has 2 subgraphs. {USE_AN_EXTRACTOR}"),
        (two_outputs, f"the model has 2 outputs. {USE_AN_EXTRACTOR}"),
        (two_inputs, f"the model has 2 inputs. {USE_AN_EXTRACTOR}"),
        (a_map, f"the model's output is a map of 2 × 1 × 3 values, no vector. {USE_AN_EXTRACTOR}"),
        (integer_output, f"the model's output is neither uint8, int8 nor float32. {USE_AN_EXTRACTOR}"),
        (no_scale, f"the model's 8-bit output has no scale. {USE_AN_EXTRACTOR}"),
        (scale_of_zero, f"the model's 8-bit output has no scale. {USE_AN_EXTRACTOR}"),
        (
            float_output,
            "the model takes 8-bit pictures but its output is not quantized. "
            "Use an embedding extractor that is uint8, int8 or float32 from end to end.",
        ),
        (weights_outside, f"the model keeps its weights outside its flatbuffer. {CONVERT_AGAIN}"),
        (options_outside, f"the model keeps an operator's options outside its flatbuffer. {CONVERT_AGAIN}"),
    ],
)
def test_a_model_that_is_no_extractor_is_refused_with_the_reason(change: Change, text: str) -> None:
    with pytest.raises(UnsupportedExtractor) as caught:
        append_head(changed(change), trained())
    assert str(caught.value) == text


@pytest.mark.parametrize("data", [b"", b"TFL3", b"not a flatbuffer at all", BytesIO(b"PK\x05\x06" + bytes(18)).read()])
def test_a_file_that_is_not_tflite_is_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedExtractor) as caught:
        append_head(data, trained())
    assert str(caught.value) == f"this is no TFLite file. {USE_AN_EXTRACTOR}"


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9])
def test_a_truncated_file_is_refused(kept: float) -> None:
    whole = tiny_extractor()
    with pytest.raises(UnsupportedExtractor) as caught:
        append_head(whole[: int(kept * len(whole))], trained())
    assert str(caught.value) == f"this TFLite file is damaged. {USE_AN_EXTRACTOR}"


@pytest.mark.parametrize("kind", ["uint8", "int8", "float32"])
def test_a_finished_classifier_gets_no_second_head(kind: Kind) -> None:
    finished = append_head(tiny_extractor(kind), trained())
    with pytest.raises(UnsupportedExtractor) as caught:
        append_head(finished, trained(3))
    assert str(caught.value) == f"the model is a finished classifier. {USE_AN_EXTRACTOR}"


def test_weights_of_another_length_are_refused() -> None:
    with pytest.raises(EmbeddingSizeMismatch) as caught:
        append_head(tiny_extractor(feature_dim=6), trained(5))
    assert str(caught.value) == (
        "the head takes 5-value embeddings but got 6. Use the extractor it was trained with, or train again."
    )


@pytest.mark.parametrize(
    ("weights", "biases", "text"),
    [
        ((6,), (3,), "mat_w (6,) and vec_b (3,) do not fit together. Use shapes (D, C) and (C,)."),
        ((6, 3), (4,), "mat_w (6, 3) and vec_b (4,) do not fit together. Use shapes (D, C) and (C,)."),
    ],
)
def test_weights_and_biases_that_do_not_fit_are_refused(
    weights: tuple[int, ...], biases: tuple[int, ...], text: str
) -> None:
    head = trained()
    head.params = {"mat_w": np.zeros(weights, np.float32), "vec_b": np.zeros(biases, np.float32)}
    with pytest.raises(InvalidHead) as caught:
        append_head(tiny_extractor(), head)
    assert str(caught.value) == text


def test_a_head_that_was_never_trained_is_refused() -> None:
    with pytest.raises(ModelNotTrained) as caught:
        append_head(tiny_extractor(), SoftmaxRegression(6, 3))
    assert str(caught.value) == "the range of the logits is unknown. Train the head, or call calibrate()."


def test_a_head_whose_weights_the_caller_set_is_exported_unchanged() -> None:
    head = SoftmaxRegression(6, 3)
    head.params = {"mat_w": np.eye(6, 3, dtype=np.float32), "vec_b": np.array([0.5, 0, -0.5], np.float32)}
    head.min_score, head.max_score = -4.0, 4.0
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(append_head(tiny_extractor(), head), 0))
    logits = next(one for one in model.subgraphs[0].tensors if one.name == b"head/logits")
    assert logits.quantization.scale[0] == pytest.approx(8 / 255)
    assert logits.quantization.zeroPoint[0] in (127, 128)


def test_an_archive_behind_the_extractor_is_dropped_on_export() -> None:
    """Other tools leave label files in an archive behind the model."""
    stream = BytesIO(tiny_extractor())
    stream.seek(0, 2)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("labels.txt", "old\n")
    assert append_head(stream.getvalue(), trained()) == append_head(tiny_extractor(), trained())
