"""`train`: which pictures are read, what is told of them, and both forms of the model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.model.export_folder import EDGE_TPU_FILE, PLAIN_FILE
from run_kiosk import main
from tests.support.pictures import painted
from tpu.runtime import EDGE_TPU_OPERATOR

pytestmark = pytest.mark.needs_runtime

PLAIN = "mobilenet_v1_1.0_224_quant_embedding_extractor.tflite"
COMPILED = "mobilenet_v1_1.0_224_quant_embedding_extractor_edgetpu.tflite"


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name.startswith("app.commands")]


@pytest.mark.parametrize("named", [PLAIN, COMPILED])
def test_both_forms_are_written_whichever_was_named(
    named: str, shared_models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = painted(tmp_path / "data"), tmp_path / "out"
    assert main(["train", str(data), "--out", str(out), "--extractor", str(shared_models / named)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert f"model: {out / PLAIN_FILE}" in told
    assert f"the same for the Edge TPU: {out / EDGE_TPU_FILE}" in told
    assert EDGE_TPU_OPERATOR not in (out / PLAIN_FILE).read_bytes()
    assert EDGE_TPU_OPERATOR in (out / EDGE_TPU_FILE).read_bytes()
    assert json.loads((out / "metadata.json").read_text())["model"] == PLAIN_FILE
    assert sorted(json.loads((out / "metadata.json").read_text())["models"]) == sorted([PLAIN_FILE, EDGE_TPU_FILE])
    assert main(["classify", str(out), str(data / "red/0.png"), "--json", str(tmp_path / "told.json")]) == 0
    assert json.loads((tmp_path / "told.json").read_text())[0]["label"] == "red"


@pytest.mark.parametrize(("device", "why"), [("auto", "as no Edge TPU answered"), ("cpu", "as --device cpu asks")])
def test_it_says_which_extractor_embedded_in_place_of_the_one_that_was_named(
    device: str, why: str, shared_models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["train", str(painted(tmp_path / "data")), "--out", str(tmp_path / "out"), "--device", device]
    assert main([*arguments, "--extractor", str(shared_models / COMPILED)]) == 0
    assert f"8 of them embedded on the CPU by {shared_models / PLAIN}, {why}" in capsys.readouterr().out.splitlines()
    assert main([*arguments, "--extractor", str(shared_models / PLAIN)]) == 0
    assert "embedded on the CPU" not in capsys.readouterr().out


def test_every_kind_of_picture_that_opencv_reads_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    endings = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
    data, report = painted(tmp_path / "data", endings, each=1), tmp_path / "report.json"
    assert main(["train", str(data), "--out", str(tmp_path / "out"), "--json", str(report)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "pictures used: 14, of 2 classes; files skipped: 0"
    assert json.loads(report.read_text())["samples"] == {"blue": 7, "red": 7}


def test_files_of_other_kinds_are_left_out_with_a_warning_a_class(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    data = painted(tmp_path / "data")
    for name in ("a.heic", "b.HEIC", "c.gif", ".DS_Store"):
        (data / "red" / name).write_bytes(b"x")
    (data / "blue/broken.png").write_bytes(b"x")
    report = tmp_path / "report.json"
    assert main(["train", str(data), "--out", str(tmp_path / "out"), "--json", str(report)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "pictures used: 8, of 2 classes; files skipped: 4"
    assert json.loads(report.read_text())["skipped"] == 4
    assert warnings(caplog) == [
        "left out 3 of the 7 files of the class 'red', which end in .gif, .heic: "
        "pictures are read that end in .jpg, .jpeg, .png, .bmp, .webp, .tif, .tiff",
        f"skipped {data / 'blue/broken.png'}: it is not a readable picture",
    ]


def test_a_class_of_other_kinds_of_files_alone_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = painted(tmp_path / "data")
    (data / "cup").mkdir()
    (data / "cup/a.heic").write_bytes(b"x")
    assert main(["train", str(data), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        "error: the class 'cup' has no pictures as JPEG, PNG, BMP, WebP or TIFF. Add some, or remove its folder."
    )


@pytest.mark.parametrize("broken", [False, True])
def test_a_class_with_too_few_pictures_is_named_with_its_folder_and_what_it_lacks(
    broken: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = painted(tmp_path / "data")
    for number in (1, 2, 3):
        if broken:
            (data / f"red/{number}.png").write_bytes(b"x")
        else:
            (data / f"red/{number}.png").unlink()
    assert main(["train", str(data), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"error: the class 'red' has 1 readable picture in {data / 'red'}, and 2 are needed. "
        "Add 1 more, or remove the folder."
    )
    assert not (tmp_path / "out").exists()
