"""`classify`: pictures that cannot be read, folders without a model, and the form of an answer."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import cv2
import pytest

from app.model.saved_folder.facts import PLAIN_FILE
from run_kiosk import main
from tests.support.closed_folders import closed_folder
from tests.support.pictures import painted

pytestmark = pytest.mark.needs_runtime


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `out`, which `train` wrote, and the pictures it was trained on; the labels are numbers."""
    root = tmp_path_factory.mktemp("saved")
    data = painted(root / "data")
    for number, label in enumerate(("blue", "red")):
        (data / label).rename(data / str(number))
    assert main(["train", str(data), "--out", str(root / "out")]) == 0
    return root


def test_labels_that_are_numbers_are_not_confused_with_probabilities(
    saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = saved / "data/1/0.png"
    assert main(["classify", str(saved / "out"), str(picture), "--top", "2"]) == 0
    output = capsys.readouterr().out
    assert re.fullmatch(re.escape(f"{picture}: ") + r"1: \d+\.\d %, 0: \d+\.\d %\n", output)


def test_after_an_unreadable_picture_the_others_are_still_classified(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    broken, gone, report = tmp_path / "broken.png", tmp_path / "gone.png", tmp_path / "report.json"
    broken.write_text("no picture")
    shown = [saved / "data/0/0.png", broken, gone, saved / "data/1/0.png"]
    assert main(["classify", str(saved / "out"), *map(str, shown), "--json", str(report)]) == 1
    output = capsys.readouterr()
    assert [line.split(": ")[:2] for line in output.out.splitlines()] == [[str(shown[0]), "0"], [str(shown[3]), "1"]]
    assert output.err.splitlines()[-1] == "error: cannot read 2 of 4 pictures. Replace the files named above."
    assert [answer["image"] for answer in json.loads(report.read_text())] == [str(shown[0]), str(shown[3])]
    assert [record.getMessage() for record in caplog.records if record.name == "app.commands.classify"] == [
        f"{broken} is not a readable picture. Use a JPEG, PNG, BMP, WebP or TIFF file.",
        f"{gone} cannot be read: No such file or directory. Name a JPEG, PNG, BMP, WebP or TIFF file.",
    ]


def test_a_single_unreadable_picture_is_reported_as_the_error(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["classify", str(saved / "out"), str(tmp_path / "gone.png")]) == 1
    assert capsys.readouterr() == (
        "",
        f"error: {tmp_path / 'gone.png'} cannot be read: No such file or directory. "
        "Name a JPEG, PNG, BMP, WebP or TIFF file.\n",
    )


def test_a_folder_without_a_model_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "stray.tflite").write_bytes(b"broken")
    assert main(["classify", str(tmp_path), "x.png"]) == 1
    assert capsys.readouterr().err == (
        f"error: the model {tmp_path} cannot be used: the folder contains no model. "
        "Name a .tflite file, or a folder that SAVE or train wrote.\n"
    )


def test_with_json_on_standard_output_the_lines_go_to_standard_error(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["classify", str(saved / "out"), str(saved / "data/1/0.png"), "--json", "-"]) == 0
    output = capsys.readouterr()
    assert json.loads(output.out)[0]["label"] == "1"
    assert output.err.startswith(f"{saved / 'data/1/0.png'}: 1: ")
    assert main(["models", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["name"] == "built-in"
    assert not list(tmp_path.iterdir())


def test_a_model_that_was_copied_alone_still_names_its_classes(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = tmp_path / "alone.tflite"
    shutil.copyfile(saved / "out" / PLAIN_FILE, alone)
    picture = saved / "data/1/0.png"
    assert main(["classify", str(alone), str(picture)]) == 0
    assert re.fullmatch(re.escape(f"{picture}: ") + r"1: \d+\.\d %\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    "share", ["NaN", "1e400", "2.0", "-0.5", '"x"', "[" * 5000 + "]" * 5000, "{}"], ids=lambda share: share[:5]
)
def test_a_crop_share_that_makes_no_sense_is_ignored(
    share: str, saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    shutil.copytree(saved / "out", out)
    (out / "metadata.json").write_text(f'{{"preprocessing": {{"crop_share": {share}}}}}')
    wide, answers = tmp_path / "wide.png", tmp_path / "answers.json"  # a square picture is never cropped
    square = cv2.imread(str(saved / "data/1/0.png"))
    assert cv2.imwrite(str(wide), cv2.hconcat([square[:, :16], square, square[:, -16:]]))
    assert main(["classify", str(out), str(wide), "--json", str(answers)]) == 0
    assert capsys.readouterr().err == ""
    (out / "metadata.json").unlink()
    without = tmp_path / "without.json"
    assert main(["classify", str(out), str(wide), "--json", str(without)]) == 0
    assert answers.read_text() == without.read_text()


def test_names_of_a_stranger_never_reach_the_terminal_as_commands(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("0 \x1b[31mred\n1 \x1b]0;title\x07\n")
    picture = saved / "data/1/0.png"
    assert main(["classify", str(saved / "out"), str(picture), "--labels", str(labels), "--top", "2"]) == 0
    line = capsys.readouterr().out.removesuffix("\n")
    assert line.isprintable()
    assert "?[31mred" in line


def test_classes_with_the_same_label_are_told_apart_by_their_number(saved: Path, tmp_path: Path) -> None:
    labels, answers = tmp_path / "labels.txt", tmp_path / "answers.json"
    labels.write_text("0 crane\n1 crane\n")
    command = ["classify", str(saved / "out"), str(saved / "data/1/0.png"), "--labels", str(labels)]
    assert main([*command, "--json", str(answers)]) == 0
    found = json.loads(answers.read_text())[0]
    assert found["label"] == "crane (1)"
    assert set(found["probabilities"]) == {"crane (0)", "crane (1)"}
    assert sum(found["probabilities"].values()) > 0.9


def test_models_and_pictures_in_a_folder_that_this_user_may_not_read_are_named(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    out, readable, closed = tmp_path / "out", tmp_path / "0.png", tmp_path / "closed"
    closed.mkdir()
    shutil.copytree(saved / "out", out)
    shutil.copyfile(saved / "data/1/0.png", readable)
    assert main(["classify", str(out), str(readable)]) == 0  # everything is imported from here on
    capsys.readouterr()
    with closed_folder(closed):
        assert main(["classify", str(closed / "x.tflite"), str(readable)]) == 1
        assert capsys.readouterr().err == (
            f"error: the model {closed / 'x.tflite'} cannot be used: Permission denied. "
            "Name a .tflite file that can be read.\n"
        )
        assert main(["classify", str(closed), str(readable)]) == 1
        assert capsys.readouterr().err == (
            f"error: the model {closed} cannot be used: Permission denied. Name a .tflite file that can be read.\n"
        )
        assert main(["classify", str(out), str(closed / "x.png"), str(readable)]) == 1
        output = capsys.readouterr()
    assert output.out.startswith(f"{readable}: 1: ")
    assert output.err.splitlines()[-1] == "error: cannot read 1 of 2 pictures. Replace the files named above."
    assert caplog.messages[-1] == (
        f"{closed / 'x.png'} cannot be read: Permission denied. Name a JPEG, PNG, BMP, WebP or TIFF file."
    )
