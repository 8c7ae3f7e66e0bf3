"""Convert a checkpoint to a file."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch

from pretraining import convert as conversion
from pretraining.convert import PART_SIZES, bring_back, convert, projection, settle_norms
from pretraining.network import INPUT_PX, PARTS, Backbone
from pretraining.train import Plan, train
from pretraining.world import Batch, World

pytestmark = pytest.mark.needs_torch

COLOURS = 3  # which of the parts


def test_ranges_and_projections_are_fitted_on_all_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class SeenEnough(Exception):
        pass

    def small(self: World, things: int, size_px: int, **options: float) -> Batch:
        assert options == {"of_one_kind": 0}
        shown.append(render(self, 4, size_px, of_one_kind=0))
        return shown[-1]

    def stop(*_: object) -> None:
        raise SeenEnough

    checkpoint = train(Plan(0.0, 7, tmp_path, things=16))
    shown: list[Batch] = []
    render = World.batch
    monkeypatch.setattr(World, "batch", small)
    monkeypatch.setattr(conversion, "settle_norms", stop)
    with pytest.raises(SeenEnough):
        convert(checkpoint, tmp_path / "x.tflite", seed=7, pictures=512)
    assert [batch.views for batch in shown] == [2, 2]


def test_the_written_weights_are_an_average_of_two_networks() -> None:
    first, second = Backbone(), Backbone()
    weights = [backbone.convolutions[3].weight.detach().clone() for backbone in (first, second)]
    bring_back(first, second, 0.25)
    assert torch.allclose(first.convolutions[3].weight, 0.75 * weights[0] + 0.25 * weights[1])
    assert torch.equal(second.convolutions[3].weight, weights[1])


def test_the_statistics_of_norms_are_measured_on_pictures() -> None:
    torch.manual_seed(0)
    backbone = Backbone()
    settled = copy.deepcopy(backbone)
    pictures = np.random.default_rng(0).integers(0, 256, (64, INPUT_PX, INPUT_PX, 3), np.uint8)
    settle_norms(settled, pictures)
    with torch.no_grad():
        x = torch.from_numpy(pictures.astype(np.float32) / 127.5 - 1).permute(0, 3, 1, 2)
        first = settled.convolutions[0](torch.nn.functional.pad(x, (0, 1, 0, 1)))
    assert torch.allclose(settled.norms[0].running_mean, first.mean((0, 2, 3)), atol=0.02)
    assert not settled.training


def test_the_keras_network_returns_the_projections_of_the_features() -> None:
    import tensorflow as tf

    torch.manual_seed(1)
    backbone = Backbone().eval()
    coarse = np.random.default_rng(4).integers(0, 256, (max(PART_SIZES) + 16, 6, 6, 3), np.uint8)
    pictures = coarse.repeat(INPUT_PX // 6, 1).repeat(INPUT_PX // 6, 2)
    settle_norms(backbone, pictures)
    features = conversion._features(backbone, pictures)
    keras_model = conversion._keras_model(tf, backbone, features)
    outputs = np.concatenate([keras_model(conversion._scaled(picture)[np.newaxis]).numpy() for picture in pictures[:3]])
    ends, own_ends = np.cumsum(PARTS)[:-1], np.cumsum(PART_SIZES)[:-1]
    parts = zip(np.split(features, ends, 1), np.split(outputs, own_ends, 1), PART_SIZES, strict=True)
    for number, (part, own, size) in enumerate(parts):
        weights, bias = projection(part, size)
        expected = part[:3] @ weights + bias
        assert np.allclose(own, expected, atol=0.5 if number == COLOURS else 2e-2), number  # those in blocks first


def test_a_file_is_written_completely_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "new" / "extractor.tflite"
    conversion._write(out, b"whole")
    assert out.read_bytes() == b"whole"
    out.with_suffix(".partial").mkdir()  # nothing can be written beside it
    with pytest.raises(OSError, match="partial"):
        conversion._write(out, b"another")
    assert out.read_bytes() == b"whole"
