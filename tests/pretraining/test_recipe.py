"""A short run of the whole recipe: render, train, continue, convert. The result must beat an untrained network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.extractor import one_draw, rendered
from pretraining import __main__ as recipe
from pretraining.convert import convert
from pretraining.network import LAYERS
from pretraining.restore import folded_convolutions
from pretraining.train import Plan, train
from tests.support.operators import assert_fit_for_the_edge_tpu
from tpu.extractor import EmbeddingExtractor

pytestmark = pytest.mark.needs_torch

REPOSITORY = Path(__file__).resolve().parents[2]


def made(folder: Path, *minutes: float) -> Path:
    """Run the recipe."""
    out = folder / "made.tflite"
    done = subprocess.run(
        [
            sys.executable, "-m", "pretraining", "--smoke", "--seed", "7",
            "--minutes", *map(str, minutes),
            "--run", str(out.with_suffix("")), "--out", str(out),
        ],
        cwd=REPOSITORY, check=False, capture_output=True, text=True, timeout=800,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return out


@pytest.mark.timeout(900)
def test_a_minute_of_the_recipe_beats_an_untrained_network(tmp_path: Path) -> None:
    untrained = tmp_path / "untrained.tflite"
    convert(train(Plan(0.0, 7, tmp_path / "untrained", things=100)), untrained, seed=7, pictures=512)
    trained = made(tmp_path, 0.35, 0.15)
    pictures, _, labels = rendered(np.random.default_rng(0), cluttered=False)
    scores = []
    for path in (untrained, trained):
        extractor = EmbeddingExtractor(path)
        x = np.stack([extractor.embed(picture) for picture in pictures])
        scores.append(np.mean([one_draw(x, x, labels, 10, np.random.default_rng(draw)) for draw in range(5)]))
    assert scores[1] > scores[0] + 0.02  # five points on an idle computer; a busy one trains less in the same time
    assert_fit_for_the_edge_tpu(trained)
    convolutions = [sum(map(len, folded_convolutions(path).values())) for path in (first_round(trained), trained)]
    assert convolutions[1] - convolutions[0] == sum(layer.added for layer in LAYERS) > 0


def first_round(made: Path) -> Path:
    return made.with_suffix("") / "round1.tflite"


def test_each_round_starts_from_the_file_of_the_round_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[Plan] = []
    written: list[tuple[str | None, str]] = []

    def trained(plan: Plan) -> Path:
        plans.append(plan)
        plan.folder.mkdir(exist_ok=True)
        checkpoint = plan.folder / "checkpoint.pt"
        if not checkpoint.exists():
            checkpoint.touch()
        return checkpoint

    def converted(_checkpoint: Path, out: Path, *, start: Path | None, **_: object) -> None:
        written.append((start.name if start else None, out.name))
        out.touch()

    monkeypatch.setattr(recipe, "train", trained)
    monkeypatch.setattr(recipe, "convert", converted)
    command = ["pretraining", "--run", str(tmp_path / "run"), "--out", str(tmp_path / "made.tflite")]
    for _ in range(2):  # the second time, all rounds are finished
        monkeypatch.setattr(sys, "argv", command)
        recipe.main()
    starts = [plan.start.name if plan.start else None for plan in plans]
    assert starts == [None, "round1.tflite", "round2.tflite"] * 2
    assert [plan.minutes for plan in plans[:3]] == list(recipe.FULL.minutes)
    last = ("round2.tflite", "made.tflite")
    assert written == [(None, "round1.tflite"), ("round1.tflite", "round2.tflite"), last, last]
    plans.clear()
    monkeypatch.setattr(sys, "argv", [*command, "--start", str(tmp_path / "made.tflite")])
    recipe.main()
    assert [plan.start.name for plan in plans if plan.start] == ["made.tflite", "round1.tflite"]
