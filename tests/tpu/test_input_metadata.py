"""Models with a float32 input get the pixels that their metadata describes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from learning.softmax_regression import SoftmaxRegression
from learning.tflite_export import append_head
from tests.support.descriptions import description, with_normalization
from tests.support.extractors import tiny_extractor
from tpu.classifier import ClassificationEngine
from tpu.extractor import EmbeddingExtractor
from tpu.input_metadata import read_normalization
from tpu.tensors import DEFAULT_NORMALIZATION, FloatArray, Normalization

pytestmark = pytest.mark.needs_runtime

IMAGE = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
CASES: list[tuple[Sequence[float], Sequence[float]]] = [
    ([0.0], [255.0]),
    ([127.5], [127.5]),
    ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375]),
]


def output_for(model: bytes, pixels: FloatArray) -> FloatArray:
    """What the interpreter itself returns for an input tensor."""
    interpreter = Interpreter(model_content=model)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], pixels[np.newaxis].astype(np.float32))
    interpreter.invoke()
    return np.asarray(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0], np.float32)


@pytest.mark.parametrize(("mean", "std"), CASES)
def test_a_float_model_is_normalised_as_its_metadata_says(
    tmp_path: Path, mean: Sequence[float], std: Sequence[float]
) -> None:
    model = with_normalization(tiny_extractor("float32"), mean, std)
    (tmp_path / "foreign.tflite").write_bytes(model)
    with EmbeddingExtractor(tmp_path / "foreign.tflite") as extractor:
        embedding = extractor.embed(IMAGE)
    assert embedding == pytest.approx(output_for(model, (IMAGE - np.array(mean)) / np.array(std)), abs=1e-5)


def test_a_float_model_without_metadata_gets_minus_one_to_one(tmp_path: Path) -> None:
    model = tiny_extractor("float32")
    (tmp_path / "plain.tflite").write_bytes(model)
    with EmbeddingExtractor(tmp_path / "plain.tflite") as extractor:
        assert extractor.normalization == DEFAULT_NORMALIZATION
        assert extractor.embed(IMAGE) == pytest.approx(output_for(model, IMAGE / 127.5 - 1), abs=1e-5)


@pytest.mark.parametrize(("mean", "std"), [(None, None), ([0.0], [255.0])], ids=["none", "own"])
def test_an_exported_model_says_how_its_extractor_is_fed(
    mean: Sequence[float] | None, std: Sequence[float] | None
) -> None:
    extractor = tiny_extractor("float32")
    if mean is not None and std is not None:
        extractor = with_normalization(extractor, mean, std)
    head = SoftmaxRegression(6, 2, weight_scale=1.0, rng=1)
    head.label_map = {0: "a", 1: "b"}
    found = read_normalization(append_head(extractor, head))
    assert (set(found.mean), set(found.std)) == (set(mean or [127.5]), set(std or [127.5]))


def test_a_byte_model_gets_its_pixels_unchanged_by_metadata(tmp_path: Path) -> None:
    for name, model in (("plain", tiny_extractor()), ("described", with_normalization(tiny_extractor(), [0], [1]))):
        (tmp_path / f"{name}.tflite").write_bytes(model)
    with (
        EmbeddingExtractor(tmp_path / "plain.tflite") as plain,
        EmbeddingExtractor(tmp_path / "described.tflite") as described,
    ):
        assert (plain.embed(IMAGE) == described.embed(IMAGE)).all()


@pytest.mark.parametrize(("mean", "std"), CASES)
def test_a_classifier_made_from_such_a_model_keeps_its_normalization(
    tmp_path: Path, mean: Sequence[float], std: Sequence[float]
) -> None:
    head = SoftmaxRegression(6, 2)
    rng = np.random.default_rng(1)
    head.params = {"mat_w": rng.normal(0, 3, (6, 2)).astype(np.float32), "vec_b": np.zeros(2, np.float32)}
    head.label_map = {0: "apple", 1: "cup"}
    model = append_head(with_normalization(tiny_extractor("float32"), mean, std), head)
    (tmp_path / "made.tflite").write_bytes(model)
    expected = output_for(model, (IMAGE - np.array(mean)) / np.array(std))
    engine = ClassificationEngine(tmp_path / "made.tflite")
    assert engine.classify(IMAGE) == pytest.approx(expected, abs=1e-5)
    engine.close()


@pytest.mark.parametrize(
    ("mean", "std"),
    [([0.0], [0.0]), ([float("nan")], [1.0]), ([0.0], [float("inf")]), ([], []), ([1.0, 2.0], [1.0, 2.0])],
)
def test_an_impossible_normalization_is_ignored(mean: Sequence[float], std: Sequence[float]) -> None:
    assert read_normalization(with_normalization(tiny_extractor("float32"), mean, std)) == DEFAULT_NORMALIZATION


def test_damaged_metadata_never_stops_a_model_from_being_read() -> None:
    model = with_normalization(tiny_extractor("float32"), [0.0], [255.0])
    whole = description([0.0], [255.0])
    start = model.index(whole)
    rng = np.random.default_rng(2)
    for _ in range(500):
        damaged = bytearray(model)
        for place in rng.integers(0, len(whole), 3):
            damaged[start + int(place)] = int(rng.integers(0, 256))
        found = read_normalization(bytes(damaged))
        assert isinstance(found, Normalization)
        assert np.isfinite([*found.mean, *found.std]).all()
        head = SoftmaxRegression(6, 2)
        head.params = {"mat_w": np.zeros((6, 2), np.float32), "vec_b": np.zeros(2, np.float32)}
        head.label_map = {0: "a", 1: "b"}
        again = append_head(bytes(damaged), head)
        assert read_normalization(again) == found
    assert schema.Model.GetRootAs(model, 0).MetadataLength() == 1
