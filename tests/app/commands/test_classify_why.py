"""`classify --why`: a picture and numbers for every answer, under names that are safe and never collide."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from learning.softmax_regression import SoftmaxRegression
from learning.tflite_export import append_head
from run_kiosk import main
from tests.support.graphs import GraphBuilder
from tests.support.pictures import painted

pytestmark = pytest.mark.needs_runtime


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `out`, which `train` wrote, and `data`, the pictures it was trained on."""
    root = tmp_path_factory.mktemp("saved")
    assert main(["train", str(painted(root / "data")), "--out", str(root / "out")]) == 0
    return root


def explained(model: Path, pictures: list[Path], folder: Path) -> list[dict[str, Any]]:
    report = folder.parent / "answers.json"
    words = ["classify", str(model), *map(str, pictures), "--why", str(folder), "--json", str(report)]
    assert main(words) == 0
    answers: list[dict[str, Any]] = json.loads(report.read_text())
    return answers


def test_every_answer_has_a_picture_and_cells_that_sum_to_the_winner_s_lead(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = [saved / "data/red/0.png", saved / "data/blue/1.png"]
    answers = explained(saved / "out", pictures, tmp_path / "why")
    for picture, label, other, answer in zip(pictures, ("red", "blue"), ("blue", "red"), answers, strict=True):
        why = answer["why"]
        assert (why["winner"], why["runner_up"], why["way"]) == (label, other, "exact")
        cells = np.array(why["cells"])
        assert cells.shape == (why["rows"], why["cols"])
        assert cells.sum() == pytest.approx(why["margin"], rel=0.02)
        assert why["margin"] > 0
        drawn = cv2.imread(why["file"])
        assert drawn is not None
        assert drawn.shape == (240, 240, 3)
        assert Path(why["file"]).name == f"{picture.stem}.why.png"
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0] for line in lines[:-1]] == [str(one) for one in pictures]
    assert lines[-1] == f"pictures that show where the model found its answers: {tmp_path / 'why'}"


def test_without_why_nothing_is_explained(saved: Path, tmp_path: Path) -> None:
    report = tmp_path / "answers.json"
    assert main(["classify", str(saved / "out"), str(saved / "data/red/0.png"), "--json", str(report)]) == 0
    assert "why" not in json.loads(report.read_text())[0]


def test_names_never_collide_and_never_leave_the_folder(saved: Path, tmp_path: Path) -> None:
    source, folder = saved / "data/red/0.png", tmp_path / "why"
    names = [
        "a/same.png",
        "b/same.png",
        "c/SAME.png",
        "d/..png",
        "e/con.png",
        "f/x\ny\x1b[2J.png",
        "g/🙂.png",
        "h/-o.png",
    ]
    pictures = [tmp_path / name for name in names]
    for picture in pictures:
        picture.parent.mkdir()
        shutil.copy(source, picture)
    files = [Path(answer["why"]["file"]) for answer in explained(saved / "out", pictures, folder)]
    assert sorted(folder.iterdir()) == sorted(files)
    assert len({file.name.casefold() for file in files}) == len(names)
    assert [file.name for file in files[:3]] == ["same.why.png", "same_2.why.png", "SAME_3.why.png"]
    assert all(file.name.isprintable() for file in files)


def test_a_picture_that_is_explained_is_never_overwritten(saved: Path, tmp_path: Path) -> None:
    folder = tmp_path / "why"
    folder.mkdir()
    for name in ("x.png", "x.why.png"):
        shutil.copy(saved / "data/red/0.png", folder / name)
    before = (folder / "x.why.png").read_bytes()
    answers = explained(saved / "out", [folder / "x.png", folder / "x.why.png"], folder)
    assert [Path(answer["why"]["file"]).name for answer in answers] == ["x_2.why.png", "x.why.why.png"]
    assert (folder / "x.why.png").read_bytes() == before


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("mine")
    assert main(["classify", str(saved / "out"), str(saved / "data/red/0.png"), "--why", str(occupied)]) == 1
    assert capsys.readouterr() == (
        "",
        f"error: cannot write {occupied}: it is not a folder. Name another folder with --why.\n",
    )
    assert occupied.read_text() == "mine"


def test_a_model_without_exact_shares_says_so_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = GraphBuilder(32)
    embedding = graph.flat(graph.pool(graph.convolution(graph.image, 6, kernel=3, stride=4), 8, "MAX_POOL_2D"))
    head = SoftmaxRegression(6, 3, weight_scale=1.0, rng=1)
    head.label_map = {0: "apple", 1: "cup", 2: "duck"}
    model, picture = tmp_path / "model.tflite", tmp_path / "picture.png"
    model.write_bytes(append_head(graph.extractor(embedding), head))
    assert cv2.imwrite(str(picture), np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8))
    (answer,) = explained(model, [picture], tmp_path / "why")
    assert (answer["why"]["way"], answer["why"]["rows"], answer["why"]["cols"]) == ("occlusion", 7, 7)
    assert answer["why"]["winner"] == answer["label"]
    assert capsys.readouterr().out.splitlines()[0] == (
        "explained by covering parts of each picture, which is slow and not exact: "
        "the model has a step that is not linear after its last maps: MAX_POOL_2D"
    )
    drawn = cv2.imread(answer["why"]["file"])
    assert drawn is not None
    assert np.median(drawn[-14:].reshape(-1, 3), axis=0).tolist() == [32, 26, 24]  # the strip behind the text
