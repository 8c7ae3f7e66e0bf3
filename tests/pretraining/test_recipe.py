"""A short run of the whole recipe: render, train, continue, convert. The result must beat an untrained network."""

from __future__ import annotations

import runpy
import sys
from functools import cache
from itertools import count
from pathlib import Path

import numpy as np
import pytest

import benchmarks.extractor as scoring
from benchmarks.extractor import one_draw, rendered
from pretraining import __main__ as recipe
from pretraining import convert as conversion
from pretraining import restore
from pretraining import train as training
from pretraining.convert import convert
from pretraining.network import INPUT_PX, LAYERS
from pretraining.restore import folded_convolutions
from pretraining.train import Plan, train
from pretraining.world import VIEWS, Batch, World
from tests.support.operators import assert_fit_for_the_edge_tpu
from tpu.extractor import EmbeddingExtractor

pytestmark = pytest.mark.needs_torch


SMALL = recipe.Recipe((2.0, 0.5), (8, 8), things=24, pictures=432)  # 384 is the size of the largest projection
BATCHES = 3
THINGS = SMALL.pictures // VIEWS // BATCHES


@cache
def rendered_once(seed: int) -> list[Batch]:
    """The pictures that every conversion with this seed renders."""
    world = World(np.random.default_rng([seed, 2]), SMALL.pictures // 4)
    return [world.batch(THINGS, INPUT_PX, of_one_kind=0) for _ in range(BATCHES)]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recipe of 40 and 10 steps. By the clock, a slow computer would train less: each step takes three seconds."""

    class Rendered:
        """A world whose pictures were rendered before."""

        def __init__(self, _rng: np.random.Generator, _things: int) -> None:
            self._batches = iter(rendered_once(7))

        def batch(self, _things: int, _size_px: int, *, of_one_kind: float) -> Batch:
            assert of_one_kind == 0
            return next(self._batches)

    monkeypatch.setattr(conversion, "World", Rendered)
    monkeypatch.setattr(conversion, "THINGS", THINGS)
    monkeypatch.setattr(restore, "THINGS", 16)
    monkeypatch.setattr(recipe, "SMOKE", SMALL)
    monkeypatch.setattr(training, "WARM_UP_STEPS", 15)
    monkeypatch.setattr(scoring, "RENDERED_EACH", 30)


def made(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run the recipe."""
    out = folder / "made.tflite"
    words = ["--smoke", "--seed", "7", "--run", str(out.with_suffix("")), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", ["pretraining", *words])
    recipe.main(clock=count(0.0, 3.0).__next__)
    return out


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("small")
def test_some_steps_of_the_recipe_beat_an_untrained_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    untrained = tmp_path / "untrained.tflite"
    checkpoint = train(Plan(0.0, 7, tmp_path / "untrained", things=SMALL.things))
    convert(checkpoint, untrained, seed=7, pictures=SMALL.pictures)
    trained = made(tmp_path, monkeypatch)
    pictures, _, labels = rendered(np.random.default_rng(0), cluttered=False)
    scores = []
    for path in (untrained, trained):
        extractor = EmbeddingExtractor(path)
        x = np.stack([extractor.embed(picture) for picture in pictures])
        scores.append(np.mean([one_draw(x, x, labels, 10, np.random.default_rng(draw)) for draw in range(10)]))
    assert scores[1] > scores[0] + 0.03, scores
    assert_fit_for_the_edge_tpu(trained)
    convolutions = [sum(map(len, folded_convolutions(path).values())) for path in (first_round(trained), trained)]
    assert convolutions[1] - convolutions[0] == sum(layer.added for layer in LAYERS) > 0


def first_round(made: Path) -> Path:
    return made.with_suffix("") / "round1.tflite"


def test_each_round_starts_from_the_file_of_the_round_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[Plan] = []
    written: list[tuple[str | None, str]] = []

    def trained(plan: Plan, _clock: object) -> Path:
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


def test_the_recipe_is_a_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["pretraining", "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("pretraining", run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage: python -m pretraining ")
