"""One head on both forms of an extractor: not compiled, and compiled for the Edge TPU."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from app.model.counterpart import find_counterpart, with_head
from app.model.saved_folder.contents import write_export
from app.model.saved_folder.facts import EDGE_TPU_FILE, PLAIN_FILE, ExportFacts
from learning.softmax_regression import SoftmaxRegression
from tests.support.extractors import tiny_extractor
from tpu.classifier import ClassificationEngine
from tpu.runtime import EDGE_TPU_OPERATOR

pytestmark = pytest.mark.needs_runtime

PLAIN = "mobilenet_v1_1.0_224_quant_embedding_extractor.tflite"
COMPILED = "mobilenet_v1_1.0_224_quant_embedding_extractor_edgetpu.tflite"


def head(feature_dim: int) -> SoftmaxRegression:
    made = SoftmaxRegression(feature_dim=feature_dim, num_classes=2, weight_scale=0.05, rng=0)
    made.min_score, made.max_score = -4.0, 4.0
    return made


def test_the_counterpart_is_found_beside_the_extractor_and_among_the_downloaded_models(tmp_path: Path) -> None:
    here, cache = tmp_path / "here", tmp_path / "cache"
    for folder in (here, cache):
        folder.mkdir()
    assert find_counterpart(here / "x.tflite", [cache]) is None
    (cache / "x_edgetpu.tflite").touch()
    assert find_counterpart(here / "x.tflite", [cache]) == cache / "x_edgetpu.tflite"
    (here / "x_edgetpu.tflite").touch()
    assert find_counterpart(here / "x.tflite", [cache]) == here / "x_edgetpu.tflite"
    (cache / "x.tflite").touch()
    assert find_counterpart(here / "x_edgetpu.tflite", [cache]) == cache / "x.tflite"


def test_a_file_whose_name_and_content_disagree_is_not_used(tmp_path: Path) -> None:
    wrong = tmp_path / "x_edgetpu.tflite"
    wrong.write_bytes(tiny_extractor("uint8"))
    assert with_head(wrong, head(6)) is None
    broken = tmp_path / "x.tflite"
    broken.write_bytes(b"nothing")
    assert with_head(broken, head(6)) is None
    assert with_head(tmp_path / "gone.tflite", head(6)) is None


def test_the_folder_holds_both_forms_and_names_the_plain_one(shared_models: Path, tmp_path: Path) -> None:
    """Google's MobileNet and its compiled counterpart: both get the same head, and compiled code stays as it is."""
    trained = head(1024)
    plain, compiled = tmp_path / "plain.tflite", tmp_path / "compiled.tflite"
    for source, made in ((PLAIN, plain), (COMPILED, compiled)):
        data = with_head(shared_models / source, trained)
        assert data is not None
        made.write_bytes(data)
    facts = ExportFacts(compiled, ("a", "b"), (2, 2), 1.0, 0.5, "x", "1", True, {}, counterpart=plain)
    folder = write_export(tmp_path / "out", facts, None, include_pictures=False)
    assert json.loads((folder / "metadata.json").read_text())["model"] == PLAIN_FILE
    assert (folder / Path(EDGE_TPU_FILE).parent / "labels.txt").read_text() == "0 a\n1 b\n"
    (wanted, bias), (found, other_bias) = (
        last_weights((folder / file).read_bytes()) for file in (PLAIN_FILE, EDGE_TPU_FILE)
    )
    assert np.array_equal(wanted, found)
    assert np.array_equal(bias, other_bias)
    assert payload((folder / EDGE_TPU_FILE).read_bytes()) == payload((shared_models / COMPILED).read_bytes())
    engine = ClassificationEngine(folder / PLAIN_FILE)
    assert engine.classify(np.zeros((224, 224, 3), np.uint8)).sum() == pytest.approx(1, abs=0.01)
    engine.close()
    alone = write_export(tmp_path / "alone", replace(facts, counterpart=None), None, include_pictures=False)
    assert json.loads((alone / "metadata.json").read_text())["model"] == EDGE_TPU_FILE
    shutil.rmtree(alone)


def unpacked(data: bytes) -> Any:
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))


def last_weights(data: bytes) -> tuple[Any, Any]:
    """Weights and biases of the last fully connected layer."""
    model = unpacked(data)
    graph = model.subgraphs[0]
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    layers = [one for one in graph.operators if codes[one.opcodeIndex] == schema.BuiltinOperator.FULLY_CONNECTED]
    _, weights, biases = layers[-1].inputs
    return tuple(model.buffers[graph.tensors[int(one)].buffer].data for one in (weights, biases))  # type: ignore[return-value]


def payload(data: bytes) -> list[bytes]:
    """The data of the Edge TPU operators."""
    assert EDGE_TPU_OPERATOR in data
    return [bytes(one.customOptions) for one in unpacked(data).subgraphs[0].operators if one.customOptions is not None]
