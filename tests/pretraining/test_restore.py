"""Restore a network from a file."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import flatbuffers
import numpy as np
import pytest
import torch
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from torch import nn

from pretraining import restore
from pretraining.network import INPUT_PX, TRAINED_PX, WORDS, balanced, padded
from pretraining.restore import Folded, folded_convolutions, restored
from pretraining.world import World
from tpu.models import default_extractor_path

pytestmark = pytest.mark.needs_torch


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """A restored layer computes the same whatever the statistics of its norm were measured on."""
    monkeypatch.setattr(restore, "THINGS", 16)


def test_a_restored_network_computes_what_its_file_computes() -> None:
    path = default_extractor_path()
    backbone = restored(path, seed=1)
    picture = World(np.random.default_rng(3), 4).batch(2, INPUT_PX).pictures[:1]
    small = cv2.resize(picture[0], (TRAINED_PX, TRAINED_PX), interpolation=cv2.INTER_AREA)[np.newaxis]
    maps = {}
    with torch.no_grad():
        for look, pictures in (("fine", picture), ("coarse", small)):
            x = balanced(torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1)
            for number, layer, convolution, norm in backbone.layers():
                x = relu6_of(convolution, norm, padded(x, layer))
                if look == "fine" and number in WORDS:
                    maps[f"words of layer {number}"] = relu6_of(*backbone.dictionary(number), x)
                if number == max(WORDS):
                    maps[f"layer {number} of the {look} look"] = x
    maps["the last layer"] = x
    interpreter = Interpreter(model_path=str(path), experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture)
    interpreter.invoke()
    details = [one for one in interpreter.get_tensor_details() if "Relu6" in one["name"]]
    for name, map_ in maps.items():
        mine = map_.permute(0, 2, 3, 1).numpy()
        alike = []
        for one in details:
            if list(one["shape"]) == list(mine.shape):
                scale, zero_point = one["quantization"]
                said = (interpreter.get_tensor(one["index"]).astype(np.float32) - zero_point) * scale
                alike.append(np.corrcoef(said.ravel(), mine.ravel())[0, 1])
        assert max(alike) > 0.9, name  # up to nine layers of 8-bit activations apart


def test_layers_that_the_file_lacks_change_nothing_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    def shallow(path: Path) -> Folded:
        every = folded_convolutions(path)
        return {shape: own[:1] if shape[0] == shape[1] else own for shape, own in every.items()}

    monkeypatch.setattr(restore, "folded_convolutions", shallow)
    backbone = restored(default_extractor_path(), seed=1)
    x = (
        torch.from_numpy(World(np.random.default_rng(3), 4).batch(2, TRAINED_PX).pictures).permute(0, 3, 1, 2) / 127.5
        - 1
    )
    unchanged, added = [], []
    with torch.no_grad():
        for number, layer, convolution, norm in backbone.layers():
            before, x = x, relu6_of(convolution, norm, padded(x, layer))
            if x.shape == before.shape and torch.allclose(x, before, atol=1e-4):
                unchanged.append(number)
            if layer.added:
                added.append(number)
    assert unchanged == added != []


def test_a_file_that_lacks_other_layers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    every = folded_convolutions(default_extractor_path())
    monkeypatch.setattr(restore, "folded_convolutions", lambda _: {**every, (96, 96, 3, 3): []})
    with pytest.raises(ValueError, match=re.escape("no convolution of shape (96, 96, 3, 3)")):
        restored(default_extractor_path(), seed=1)


def relu6_of(convolution: nn.Conv2d, norm: nn.BatchNorm2d, x: torch.Tensor) -> torch.Tensor:
    return nn.functional.relu6(norm(convolution(x)))


def test_a_file_of_another_network_is_refused(tmp_path: Path) -> None:
    model = schema.ModelT()
    model.subgraphs = [schema.SubGraphT()]
    model.subgraphs[0].operators = []
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    path = tmp_path / "another.tflite"
    path.write_bytes(bytes(builder.Output()))
    with pytest.raises(ValueError, match="no convolution") as raised:
        restored(path, seed=1)
    assert str(raised.value) == (
        "the file has no convolution of shape (24, 3, 1, 1), or one too few. Start from an extractor of this recipe."
    )
