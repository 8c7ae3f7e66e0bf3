"""The recipe end to end, for two minutes: render, train, resume, convert. It must beat a network that saw nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from ai_edge_litert import schema_py_generated as schema

from benchmarks.extractor import one_draw, rendered
from pretraining.network import INPUT_PX, Backbone
from pretraining.train import nt_xent
from tpu.extractor import EmbeddingExtractor

REPOSITORY = Path(__file__).resolve().parents[2]
EDGE_TPU_OPERATORS = {"CONV_2D", "AVERAGE_POOL_2D", "CONCATENATION", "FULLY_CONNECTED", "MEAN", "QUANTIZE", "RESHAPE"}


def made(folder: Path, minutes: float) -> Path:
    """Run the recipe."""
    out = folder / f"{minutes}.tflite"
    subprocess.run(
        [
            sys.executable, "-m", "pretraining", "--minutes", str(minutes), "--seed", "7",
            "--run", str(folder / "run"), "--out", str(out),
        ],
        cwd=REPOSITORY, check=True, capture_output=True, timeout=280,
    )  # fmt: skip
    return out


@pytest.mark.timeout(420)
def test_two_minutes_of_the_recipe_beat_an_untrained_network(tmp_path: Path) -> None:
    untrained = made(tmp_path, 0.0)
    half = made(tmp_path, 0.7)
    trained = made(tmp_path, 1.4)  # goes on from the checkpoint
    assert half.is_file()
    log = (tmp_path / "run" / "log.txt").read_text()
    assert "resumed at" in log
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


def test_pairs_that_agree_have_a_smaller_contrastive_loss() -> None:
    rows = torch.nn.functional.normalize(torch.randn(8, 16, generator=torch.Generator().manual_seed(0)), dim=1)
    alike = nt_xent(torch.cat([rows, rows]))
    shuffled = nt_xent(torch.cat([rows, rows.roll(1, 0)]))
    assert alike < shuffled


def test_the_backbone_takes_smaller_pictures_too() -> None:
    backbone = Backbone().eval()
    for size in (64, INPUT_PX):
        assert backbone(torch.zeros(2, 3, size, size)).shape[0] == 2
