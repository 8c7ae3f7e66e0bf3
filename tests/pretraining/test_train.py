"""Training: losses, targets, and continuing after a stop."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch._inductor.compile_fx
from torch import nn

from pretraining import train as training
from pretraining.network import INPUT_PX, TRAINED_PX, Backbone, balanced, centre_window
from pretraining.train import Diverged, ForeignCheckpoint, Plan, Targets, compile_where_possible, contrasted, train
from pretraining.world import World
from tests.support.waiting import wait_until

pytestmark = pytest.mark.needs_torch

REPOSITORY = Path(__file__).resolve().parents[2]


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    train(Plan(0.0, 7, tmp_path, things=16))
    train(Plan(0.0, 7, tmp_path, things=16))
    for other in (Plan(0.0, 8, tmp_path, things=16), Plan(0.0, 7, tmp_path, things=17)):
        with pytest.raises(ForeignCheckpoint) as caught:
            train(other)
        assert str(caught.value) == (
            f"{tmp_path} holds another run: another recipe, seed, world or start. Name another folder, or remove it."
        )


def test_a_run_continues_where_it_stopped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def trained_for(minutes: float) -> dict[str, Any]:
        plan = Plan(minutes, 7, tmp_path, things=16, things_per_batch=8)
        checkpoint = train(plan, clock=count(0.0, 15.0).__next__)  # a step takes 15 seconds
        state: dict[str, Any] = torch.load(checkpoint, weights_only=True)
        return state

    first = trained_for(1.0)
    with caplog.at_level("INFO"):
        second = trained_for(2.0)
    assert "resumed at step 4 after 60 s" in caplog.text
    assert [(state["step"], state["spent_s"]) for state in (first, second)] == [(4, 60.0), (8, 120.0)]
    weights = [state["average"]["backbone.convolutions.0.weight"] for state in (first, second)]
    assert not torch.equal(*weights)


def test_a_loss_that_is_not_finite_ends_the_run_and_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = train(Plan(0.0, 7, tmp_path, things=16, things_per_batch=8))
    before = checkpoint.read_bytes()
    monkeypatch.setattr(training, "contrasted", lambda projected, _: projected.sum() * float("nan"))
    monkeypatch.setattr(training.Plan, "contrast_from", 0.0)
    with pytest.raises(Diverged, match=r"the loss of step 0 is not finite: .*nan.* Start again with another --seed"):
        train(Plan(0.5, 7, tmp_path, things=16, things_per_batch=8))
    assert checkpoint.read_bytes() == before


_LONG_RUN = """
import sys
from itertools import count
from pathlib import Path
from pretraining.train import Plan, train
if __name__ == "__main__":
    train(Plan(5.0, 7, Path(sys.argv[1]), things=16, things_per_batch=8, checkpoint_s=0.0))
"""


def test_a_killed_run_leaves_no_renderer_behind(tmp_path: Path) -> None:
    script = tmp_path / "long_run.py"
    script.write_text(_LONG_RUN, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    run = subprocess.Popen([sys.executable, str(script), str(tmp_path)], env=environment, stderr=subprocess.DEVNULL)
    try:
        wait_until((tmp_path / "checkpoint.pt").exists, "it has a checkpoint", timeout_s=60)
        children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text(encoding="ascii").split()
    finally:
        run.kill()
        run.wait()
    assert children
    wait_until(lambda: not any(Path(f"/proc/{child}").exists() for child in children), "its children are gone")


class Small(nn.Module):
    """A small module: torch does not compile its own modules alone."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.relu6(self.linear(x))


@pytest.mark.timeout(400)
@pytest.mark.parametrize("compiler", ["g++", "no-such-compiler", "one that fails"])
def test_training_goes_on_with_and_without_a_compiler_that_works(
    compiler: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError("no space left to compile in")

    if compiler == "one that fails":
        compiler = "true"
        monkeypatch.setattr(torch._inductor.compile_fx, "compile_fx", fails)
    monkeypatch.setenv("CXX", compiler)
    torch._dynamo.reset()
    model = Small()
    x = torch.ones(4, 2)
    plain = model(x)
    with torch._dynamo.config.patch(suppress_errors=False), caplog.at_level("INFO"):
        compile_where_possible(model)
        assert torch.allclose(model(x), plain, atol=1e-6)
    assert ("no C++ compiler" in caplog.text) == (shutil.which(compiler) is None)


@pytest.mark.parametrize("views", [2, 4])
def test_views_that_agree_have_a_smaller_contrastive_loss(views: int) -> None:
    rows = torch.nn.functional.normalize(torch.randn(8, 16, generator=torch.Generator().manual_seed(0)), dim=1)
    alike = contrasted(torch.cat([rows] * views), views)
    shuffled = contrasted(torch.cat([rows.roll(view, 0) for view in range(views)]), views)
    assert alike < shuffled


@pytest.mark.parametrize("views", [2, 4])
def test_the_contrastive_loss_compares_each_view_with_all_other_pictures(views: int) -> None:
    count = 12
    rows = torch.nn.functional.normalize(torch.randn(count, 16, generator=torch.Generator().manual_seed(1)), dim=1)
    similarity = torch.exp(rows @ rows.T / 0.2)
    losses = [
        -torch.log(similarity[i, j] / sum(similarity[i, k] for k in range(count) if k != i))
        for i in range(count)
        for j in range(count)
        if i != j and i % (count // views) == j % (count // views)
    ]
    assert contrasted(rows, views) == pytest.approx(float(torch.stack(losses).mean()), rel=1e-4)


def test_targets_vary_equally_and_have_no_extreme_values() -> None:
    world = World(np.random.default_rng(5), 40)
    batches = [world.batch(36, 64) for _ in range(3)]
    targets = Targets(batches)(batches[0])
    for part in targets:
        assert 0.5 < float(part.std()) < 2
    for sign in (1, -1):
        strange = dataclasses.replace(batches[0], surface=batches[0].surface + sign * 1000)
        assert set(Targets(batches)(strange)[2].ravel().tolist()) == {4.0 * sign}


def test_the_backbone_accepts_smaller_pictures() -> None:
    backbone = Backbone().eval()
    for size in (64, TRAINED_PX, INPUT_PX):
        assert backbone(torch.zeros(2, 3, size, size)).shape[0] == 2


def test_the_mean_has_most_weight_on_the_middle_and_sums_to_one() -> None:
    window = centre_window(6)
    assert torch.allclose(window * 144, torch.outer(*[torch.tensor([1.0, 2, 3, 3, 2, 1])] * 2))


def test_a_picture_in_warm_light_becomes_more_like_the_one_in_white_light() -> None:
    white = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(2)) / 2
    warm = white * torch.tensor([1.2, 1.0, 0.75])[:, None, None]
    before, after = (
        float((a - b).abs().mean()) for a, b in ((2 * warm, 2 * white), map(balanced, (2 * warm - 1, 2 * white - 1)))
    )
    assert 0.4 * before < after < 0.65 * before


def test_a_grey_picture_is_left_alone_and_nothing_gets_brighter_than_white() -> None:
    grey = torch.linspace(-1, 1, 64).reshape(1, 1, 8, 8).expand(1, 3, 8, 8)
    assert torch.allclose(balanced(grey), grey, atol=1e-6)
    red = torch.stack([torch.ones(8, 8), -torch.ones(8, 8), torch.ones(8, 8) * 0.9])[None]
    assert float(balanced(red).max()) <= 1
