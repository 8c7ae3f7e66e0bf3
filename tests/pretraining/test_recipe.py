"""The recipe end to end, in small: render, train, resume, convert. It must beat a network that saw nothing."""

from __future__ import annotations

import copy
import dataclasses
import os
import queue
import subprocess
import sys
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
import torch
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from torch import nn

from benchmarks.extractor import one_draw, rendered
from pretraining import __main__ as recipe
from pretraining import convert as conversion
from pretraining import rendering
from pretraining.convert import bring_half_way, convert, settle_norms
from pretraining.network import INPUT_PX, LAYERS, WORDS, Backbone, centre_window, padded
from pretraining.rendering import KEPT, Renderers, Stream
from pretraining.restore import restored
from pretraining.train import ForeignCheckpoint, Plan, Targets, contrasted, train
from pretraining.world import Batch, World
from tests.support.waiting import until
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path

REPOSITORY = Path(__file__).resolve().parents[2]
EDGE_TPU_OPERATORS = {  # of those the Edge TPU compiler takes, what such a network may need
    "CONV_2D", "DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "CONCATENATION", "FULLY_CONNECTED", "MEAN", "QUANTIZE", "RESHAPE"
}  # fmt: skip


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
    trained = made(tmp_path, 0.7, 0.3)
    pictures, _, labels = rendered(np.random.default_rng(0))
    scores = []
    for path in (untrained, trained):
        extractor = EmbeddingExtractor(path)
        x = np.stack([extractor.embed(picture) for picture in pictures])
        scores.append(np.mean([one_draw(x, x, labels, 10, np.random.default_rng(draw)) for draw in range(5)]))
    assert scores[1] > scores[0] + 0.05
    assert_fit_for_the_edge_tpu(trained)


def test_the_shipped_extractor_holds_only_what_the_edge_tpu_compiler_takes_and_is_small() -> None:
    assert_fit_for_the_edge_tpu(default_extractor_path())
    assert default_extractor_path().stat().st_size <= 2_000_000


def assert_fit_for_the_edge_tpu(path: Path) -> None:
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes(), 0))
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    used = {names[max(code.builtinCode, code.deprecatedBuiltinCode)] for code in model.operatorCodes}
    assert used <= EDGE_TPU_OPERATORS
    graph = model.subgraphs[0]
    ends = [graph.tensors[int(index)].type for index in (*graph.inputs, *graph.outputs)]
    assert ends == [schema.TensorType.UINT8, schema.TensorType.UINT8]


def test_each_round_goes_on_from_the_file_of_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
    for _ in range(2):  # the second time, all rounds are done already
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


def test_another_run_does_not_go_on_from_a_checkpoint(tmp_path: Path) -> None:
    train(Plan(0.0, 7, tmp_path, things=16))
    train(Plan(0.0, 7, tmp_path, things=16))
    for other in (Plan(0.0, 8, tmp_path, things=16), Plan(0.0, 7, tmp_path, things=17)):
        with pytest.raises(ForeignCheckpoint, match="holds another run"):
            train(other)


def test_ranges_and_projections_are_those_of_all_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


@pytest.mark.timeout(400)
def test_a_run_that_stopped_goes_on_where_it_was(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def trained_for(minutes: float) -> dict[str, Any]:
        checkpoint = train(Plan(minutes, 7, tmp_path, things=16, things_per_batch=8))
        state: dict[str, Any] = torch.load(checkpoint, weights_only=True)
        return state

    first = trained_for(0.15)
    with caplog.at_level("INFO"):
        second = trained_for(0.4)
    assert f"resumed at step {first['step']}" in caplog.text
    assert second["step"] > first["step"] > 0
    assert second["spent_s"] >= 0.4 * 60
    assert second["spent_s"] > first["spent_s"] >= 0.15 * 60
    weights = [state["average"]["backbone.convolutions.0.weight"] for state in (first, second)]
    assert not torch.equal(*weights)


_LONG_RUN = """
import sys
from pathlib import Path
from pretraining.train import Plan, train
if __name__ == "__main__":
    train(Plan(5.0, 7, Path(sys.argv[1]), things=16, things_per_batch=8, checkpoint_s=1.0))
"""


def test_a_run_that_is_killed_leaves_no_renderer_behind(tmp_path: Path) -> None:
    script = tmp_path / "long_run.py"
    script.write_text(_LONG_RUN, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    run = subprocess.Popen([sys.executable, str(script), str(tmp_path)], env=environment, stderr=subprocess.DEVNULL)
    try:
        until((tmp_path / "checkpoint.pt").exists, "it has a checkpoint", patience_s=60)
        children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text(encoding="ascii").split()
    finally:
        run.kill()
        run.wait()
    assert children
    until(lambda: not any(Path(f"/proc/{child}").exists() for child in children), "its children are gone")


def test_a_network_read_back_from_its_file_says_what_the_file_says() -> None:
    path = default_extractor_path()
    backbone = restored(path, seed=1)
    picture = World(np.random.default_rng(3), 4).batch(2, INPUT_PX).pictures[:1]
    maps = {}
    with torch.no_grad():
        x = torch.from_numpy(picture).permute(0, 3, 1, 2).float() / 127.5 - 1
        for number, (layer, *parts) in enumerate(zip(LAYERS, backbone.convolutions, backbone.norms, strict=True)):
            x = relu6_of(*parts, padded(x, layer))
            if number in WORDS:
                maps[f"words of layer {number}"] = relu6_of(*backbone.dictionary(number), x)
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
        assert max(alike) > 0.9, name  # up to seven layers of 8-bit activations apart


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


def test_what_is_written_lies_half_way_between_two_networks() -> None:
    first, second = Backbone(), Backbone()
    weights = [backbone.convolutions[3].weight.detach().clone() for backbone in (first, second)]
    bring_half_way(first, second)
    assert torch.allclose(first.convolutions[3].weight, (weights[0] + weights[1]) / 2)
    assert torch.equal(second.convolutions[3].weight, weights[1])


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


@pytest.mark.parametrize("views", [2, 4])
def test_views_that_agree_have_a_smaller_contrastive_loss(views: int) -> None:
    rows = torch.nn.functional.normalize(torch.randn(8, 16, generator=torch.Generator().manual_seed(0)), dim=1)
    alike = contrasted(torch.cat([rows] * views), views)
    shuffled = contrasted(torch.cat([rows.roll(view, 0) for view in range(views)]), views)
    assert alike < shuffled


@pytest.mark.parametrize("views", [2, 4])
def test_every_other_view_of_a_thing_is_told_from_all_other_pictures(views: int) -> None:
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


def batch_of(size_px: int = 8, value: int = 0) -> Batch:
    nothing = np.zeros((2, 3), np.float32)
    return Batch(np.full((2, size_px, size_px, 3), value, np.uint8), nothing, nothing, nothing)


def test_every_batch_comes_twice_and_not_at_once() -> None:
    rendered: queue.Queue[Batch] = queue.Queue()
    stream = Stream(rendered.get_nowait, seed=1)
    for value in range(3 * KEPT):
        rendered.put(batch_of(value=value))
    seen = [int(stream.next().pictures[0, 0, 0, 0]) for _ in range(5 * KEPT)]
    assert rendered.empty()
    assert seen[:KEPT] == list(range(KEPT))
    places: dict[int, list[int]] = {}
    for place, value in enumerate(seen):
        places.setdefault(value, []).append(place)
    assert sorted(len(own) for own in places.values()) == [1] * KEPT + [2] * 2 * KEPT
    apart = [own[1] - own[0] for own in places.values() if len(own) == 2]
    assert min(apart) > 1
    assert np.mean(apart) > KEPT / 2


def test_small_pictures_do_not_come_again_beside_those_of_full_size() -> None:
    rendered: queue.Queue[Batch] = queue.Queue()
    stream = Stream(rendered.get_nowait, seed=1)
    given = [*[8] * (KEPT - 1), 12, 8, *[12] * KEPT]  # one of two renderers heard of it later
    for size_px in given:
        rendered.put(batch_of(size_px))
    sizes = [stream.next().pictures.shape[1] for _ in range(len(given) + 2)]
    assert sizes[: KEPT + 1] == given[: KEPT + 1]
    assert set(sizes[KEPT + 1 :]) == {12}


def test_a_renderer_that_dies_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "LOOKED_EVERY_S", 0.2)
    with Renderers(0, 4, 0.0, 32, [1]) as renderers, pytest.raises(RuntimeError, match="a renderer ended with 1"):
        renderers.next()  # a world of nothing cannot be rendered
    assert all(process.exitcode is not None for process in renderers._processes)


def test_what_is_to_be_told_varies_alike_and_is_never_extreme() -> None:
    world = World(np.random.default_rng(5), 60)
    batches = [world.batch(48, 64) for _ in range(6)]
    told = Targets(batches)(batches[0])
    for part in told:
        assert 0.5 < float(part.std()) < 2
    for sign in (1, -1):
        strange = dataclasses.replace(batches[0], surface=batches[0].surface + sign * 1000)
        assert set(Targets(batches)(strange)[2].ravel().tolist()) == {4.0 * sign}


def test_the_backbone_takes_smaller_pictures_too() -> None:
    backbone = Backbone().eval()
    for size in (64, INPUT_PX):
        assert backbone(torch.zeros(2, 3, size, size)).shape[0] == 2


def test_the_middle_of_the_picture_counts_most_and_all_of_it_once() -> None:
    window = centre_window(6)
    assert torch.allclose(window * 144, torch.outer(*[torch.tensor([1.0, 2, 3, 3, 2, 1])] * 2))
