"""The recipe end to end, in small: render, train, resume, convert. It must beat a network that saw nothing."""

from __future__ import annotations

import copy
import os
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
from pretraining.convert import convert, settle_norms
from pretraining.network import INPUT_PX, LAYERS, WORDS, Backbone, centre_window, padded
from pretraining.restore import restored
from pretraining.train import Plan, nt_xent, train
from pretraining.world import World
from tests.support.waiting import until
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path

REPOSITORY = Path(__file__).resolve().parents[2]
EDGE_TPU_OPERATORS = {  # of those the Edge TPU compiler takes, what such a network may need
    "CONV_2D", "DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "CONCATENATION", "FULLY_CONNECTED", "MEAN", "QUANTIZE", "RESHAPE"
}  # fmt: skip


def made(folder: Path, plain_minutes: float, rich_minutes: float) -> Path:
    """Run the recipe."""
    out = folder / f"{plain_minutes + rich_minutes}.tflite"
    done = subprocess.run(
        [
            sys.executable, "-m", "pretraining", "--smoke", "--seed", "7",
            "--plain-minutes", str(plain_minutes), "--rich-minutes", str(rich_minutes),
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
    assert second["spent_s"] >= 0.4 * 60 > first["spent_s"] >= 0.15 * 60
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
        "the file has no convolution of shape (24, 3, 1, 1). Start from an extractor of this recipe."
    )


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


def test_the_middle_of_the_picture_counts_most_and_all_of_it_once() -> None:
    window = centre_window(6)
    assert torch.allclose(window * 144, torch.outer(*[torch.tensor([1.0, 2, 3, 3, 2, 1])] * 2))
