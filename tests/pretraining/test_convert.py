"""Convert a checkpoint to a file."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch

from pretraining import convert as conversion
from pretraining.convert import bring_back, convert, settle_norms
from pretraining.network import LAYERS, TRAINED_PX, Backbone, balanced, padded
from pretraining.train import Plan, train
from pretraining.world import Batch, World

pytestmark = pytest.mark.needs_torch


def test_ranges_and_projections_are_fitted_on_all_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class SeenEnough(Exception):
        pass

    def small(self: World, things: int, size_px: int, **options: float) -> Batch:
        assert options == {"of_one_kind": 0}
        shown.append(render(self, things, size_px, of_one_kind=0))
        return shown[-1]

    def stop(*_: object) -> None:
        raise SeenEnough

    checkpoint = train(Plan(0.0, 7, tmp_path, things=16))
    shown: list[Batch] = []
    render = World.batch
    monkeypatch.setattr(World, "batch", small)
    monkeypatch.setattr(conversion, "THINGS", 4)
    monkeypatch.setattr(conversion, "settle_norms", stop)
    with pytest.raises(SeenEnough):
        convert(checkpoint, tmp_path / "x.tflite", seed=7, pictures=16)
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
    pictures = np.random.default_rng(0).integers(0, 256, (64, TRAINED_PX, TRAINED_PX, 3), np.uint8)
    settle_norms(settled, pictures)
    with torch.no_grad():
        x = balanced(torch.from_numpy(pictures.astype(np.float32) / 127.5 - 1).permute(0, 3, 1, 2))
        first = settled.convolutions[0](padded(x, LAYERS[0]))
    assert torch.allclose(settled.norms[0].running_mean, first.mean((0, 2, 3)), atol=0.02)
    assert not settled.training


def test_a_file_is_written_completely_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "new" / "extractor.tflite"
    conversion._write(out, b"whole")
    assert out.read_bytes() == b"whole"
    out.with_suffix(".partial").mkdir()  # nothing can be written beside it
    with pytest.raises(OSError, match="partial"):
        conversion._write(out, b"another")
    assert out.read_bytes() == b"whole"
