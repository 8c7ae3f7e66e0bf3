"""The recipe end to end, in small: render, train, resume, convert. It must beat a network that saw nothing."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ai_edge_litert import schema_py_generated as schema

from benchmarks.extractor import one_draw, rendered
from pretraining.convert import settle_norms
from pretraining.network import INPUT_PX, Backbone
from pretraining.train import Plan, nt_xent, train
from tpu.extractor import EmbeddingExtractor

REPOSITORY = Path(__file__).resolve().parents[2]
EDGE_TPU_OPERATORS = {"CONV_2D", "AVERAGE_POOL_2D", "CONCATENATION", "FULLY_CONNECTED", "MEAN", "QUANTIZE", "RESHAPE"}


def made(folder: Path, minutes: float) -> Path:
    """Run the recipe."""
    out = folder / f"{minutes}.tflite"
    done = subprocess.run(
        [
            sys.executable, "-m", "pretraining", "--smoke", "--minutes", str(minutes), "--seed", "7",
            "--run", str(folder / "run"), "--out", str(out),
        ],
        cwd=REPOSITORY, check=False, capture_output=True, text=True, timeout=400,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return out


@pytest.mark.timeout(900)
def test_ninety_seconds_of_the_recipe_beat_an_untrained_network(tmp_path: Path) -> None:
    untrained = made(tmp_path, 0.0)
    trained = made(tmp_path, 1.5)
    pictures, _, labels = rendered(np.random.default_rng(0))
    scores = []
    for path in (untrained, trained):
        extractor = EmbeddingExtractor(path)
        x = np.stack([extractor.embed(picture) for picture in pictures])
        scores.append(np.mean([one_draw(x, x, labels, 10, np.random.default_rng(draw)) for draw in range(5)]))
    assert scores[1] > scores[0] + 0.05
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(trained.read_bytes(), 0))
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    used = {names[max(code.builtinCode, code.deprecatedBuiltinCode)] for code in model.operatorCodes}
    assert used <= EDGE_TPU_OPERATORS
    graph = model.subgraphs[0]
    ends = [graph.tensors[int(index)].type for index in (*graph.inputs, *graph.outputs)]
    assert ends == [schema.TensorType.UINT8, schema.TensorType.UINT8]


@pytest.mark.timeout(400)
def test_a_run_that_stopped_goes_on_where_it_was(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def trained_for(minutes: float) -> dict[str, Any]:
        checkpoint = train(Plan(minutes, 7, tmp_path, things=16, things_per_batch=8))
        state: dict[str, Any] = torch.load(checkpoint, weights_only=True)
        return state

    first = trained_for(0.08)
    with caplog.at_level("INFO"):
        second = trained_for(0.16)
    assert f"resumed at step {first['step']}" in caplog.text
    assert second["step"] > first["step"] > 0
    assert second["spent_s"] >= 0.16 * 60 > first["spent_s"] >= 0.08 * 60
    weights = [state["average"]["backbone.convolutions.0.weight"] for state in (first, second)]
    assert not torch.equal(*weights)


def test_norms_are_measured_on_what_they_will_see() -> None:
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


def test_pairs_that_agree_have_a_smaller_contrastive_loss() -> None:
    rows = torch.nn.functional.normalize(torch.randn(8, 16, generator=torch.Generator().manual_seed(0)), dim=1)
    alike = nt_xent(torch.cat([rows, rows]))
    shuffled = nt_xent(torch.cat([rows, rows.roll(1, 0)]))
    assert alike < shuffled


def test_the_backbone_takes_smaller_pictures_too() -> None:
    backbone = Backbone().eval()
    for size in (64, INPUT_PX):
        assert backbone(torch.zeros(2, 3, size, size)).shape[0] == 2
