"""The command line from end to end: `train` and `classify` on real pictures, their errors, and options."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from app.demo.camera import DemonstrationCamera
from run_kiosk import main
from tests.support.extractors import tiny_extractor
from tpu.models import default_extractor_path
from tpu.tensors import prepare_picture, read_picture

pytestmark = pytest.mark.needs_runtime

REPOSITORY = Path(__file__).resolve().parents[3]
MOBILENET = "mobilenet_v1_1.0_224_quant_embedding_extractor.tflite"


@dataclass(frozen=True)
class Trained:
    """The folder that `train` wrote, and its output for `--json`."""

    folder: Path
    output: dict[str, Any]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten pictures each of two things on the demonstration's table."""
    root = tmp_path_factory.mktemp("pictures")
    camera = DemonstrationCamera(sleep=lambda _s: None)
    for kind in ("apple", "cup"):
        (root / kind).mkdir()
        camera.show(kind)
        for number in range(10):
            camera.new_view()
            cv2.imwrite(str(root / kind / f"{number}.png"), cv2.cvtColor(camera.read(), cv2.COLOR_RGB2BGR))
    return root


@pytest.fixture(scope="module")
def trained(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """What `train` writes and reports of these pictures."""
    folder = tmp_path_factory.mktemp("trained")
    out, report = folder / "out", folder / "train.json"
    assert main(["train", str(pictures), "--out", str(out), "--json", str(report)]) == 0
    return Trained(out, json.loads(report.read_text()))


def test_classify_recognises_what_train_was_given(pictures: Path, trained: Trained, tmp_path: Path) -> None:
    output, answers = trained.output, tmp_path / "classify.json"
    assert output["classes"] == ["apple", "cup"]
    assert output["samples"] == {"apple": 10, "cup": 10}
    assert set(output["seconds"]) == {"embed", "fit", "export", "verify"}
    shown = [str(path) for path in sorted(pictures.glob("*/*.png"))]
    assert main(["classify", output["model"], *shown, "--json", str(answers)]) == 0
    labels = [answer["label"] for answer in json.loads(answers.read_text())]
    assert labels == ["apple"] * 10 + ["cup"] * 10


def test_train_says_what_the_accuracy_was_measured_on(
    pictures: Path, trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Copies of one picture of each class cannot test each other, so moved and turned copies do."""
    for kind in ("apple", "cup"):
        (tmp_path / "copies" / kind).mkdir(parents=True)
        for number in range(6):
            shutil.copy(pictures / kind / "0.png", tmp_path / "copies" / kind / f"{number}.png")
    out, report = tmp_path / "out", tmp_path / "train.json"
    capsys.readouterr()
    assert main(["train", str(tmp_path / "copies"), "--out", str(out), "--json", str(report)]) == 0
    for one, measured_on in ((trained, "holds"), (Trained(out, json.loads(report.read_text())), "views")):
        assert (one.output["validation_from"], one.output["provisional"]) == (measured_on, False)
        assert json.loads((one.folder / "metadata.json").read_text())["validation_from"] == measured_on
    assert "from turned and moved copies of pictures, because the pictures of a class are nearly the same" in (
        capsys.readouterr().out
    )


def test_train_names_a_class_that_could_not_be_tested(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(pictures / "apple", tmp_path / "mixed" / "apple")
    (tmp_path / "mixed" / "cup").mkdir()
    for number in range(6):
        shutil.copy(pictures / "cup" / "0.png", tmp_path / "mixed" / "cup" / f"{number}.png")
    assert main(["train", str(tmp_path / "mixed"), "--out", str(tmp_path / "out")]) == 0
    assert "%; not tested, because their pictures are nearly the same: cup\n" in capsys.readouterr().out


def test_train_measures_another_extractor_once(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    extractor = tmp_path / "tiny.tflite"
    extractor.write_bytes(tiny_extractor())
    lines = []
    for number in range(2):
        out = str(tmp_path / f"out{number}")
        assert main(["train", str(pictures), "--out", out, "--extractor", str(extractor)]) == 0
        lines.append(capsys.readouterr().out.splitlines()[0])
    assert lines[0] == "measuring tiny, once for each extractor"
    assert lines[1].startswith("pictures used: 20")
    assert [path.suffix for path in (tmp_path / "data/teachable-kiosk/extractors").iterdir()] == [".npz"]


def test_train_writes_a_report(trained: Trained) -> None:
    out = trained.folder
    output = json.loads((out / "report.json").read_text())
    metadata = json.loads((out / "metadata.json").read_text())
    assert output["labels"] == metadata["labels"]
    with zipfile.ZipFile(out / metadata["model"]) as model:  # as metadata.json says
        assert metadata["not_sure"]["file"] in model.namelist()
    assert sum(map(sum, output["confusion"])) == 20  # each was held out once
    assert [point["shots"] for point in output["curve"]] == sorted({point["shots"] for point in output["curve"]})
    assert all(0 <= point["validation_accuracy"] <= 1 for point in output["curve"])
    assert "held out were classified correctly" in (out / "report.html").read_text()
    assert "report.html" in (out / "SHA256SUMS").read_text()


def test_train_learns_hand_signs_from_real_photographs(
    shared_models: Path, shared_photos: Path, tmp_path: Path
) -> None:
    report, answers, some = tmp_path / "train.json", tmp_path / "classify.json", tmp_path / "some"
    shown: list[Path] = []
    for folder in sorted((shared_photos / "sign-digits").iterdir())[::2]:
        (some / folder.name).mkdir(parents=True)
        photographs = sorted(folder.glob("*.JPG"))
        for path in photographs[::2]:
            shutil.copy(path, some / folder.name)
        shown += photographs[1::20]
    arguments = ["--extractor", str(shared_models / MOBILENET), "--json", str(report)]
    assert main(["train", str(some), "--out", str(tmp_path / "out"), *arguments]) == 0
    output = json.loads(report.read_text())
    assert output["validation_accuracy"] >= 0.88
    assert main(["classify", output["model"], *map(str, shown), "--json", str(answers)]) == 0
    interpreter = Interpreter(model_path=output["model"])
    interpreter.allocate_tensors()
    for answer, path in zip(json.loads(answers.read_text()), shown, strict=True):
        pixels = prepare_picture(read_picture(path), 224)[np.newaxis]
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], pixels)
        interpreter.invoke()
        raw = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]
        assert list(answer["probabilities"].values()) == pytest.approx(list(raw / 256))


def test_an_unreadable_picture_is_skipped_with_a_warning(
    pictures: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken, lost = (pictures / "apple" / name for name in ("broken.jpg", "lost.jpg"))
    broken.write_text("no picture")
    lost.symlink_to(tmp_path / "nowhere.jpg")
    try:
        assert main(["train", str(pictures), "--out", str(tmp_path / "out")]) == 0
    finally:
        broken.unlink()
        lost.unlink()
    assert f"skipped {broken}: it is not a readable picture" in caplog.text
    assert f"skipped {lost}: No such file or directory" in caplog.text


def test_folders_that_cannot_be_trained_on_are_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refusal() -> str:
        assert main(["train", str(tmp_path / "data"), "--out", str(tmp_path / "out")]) == 1
        return capsys.readouterr().err.strip()

    data = tmp_path / "data"
    assert refusal() == f"error: {data} is not a folder. Name one that contains a folder of pictures for each class."
    (data / "apple").mkdir(parents=True)
    assert refusal() == (
        f"error: {data} contains no pictures. Put JPEG, PNG, BMP, WebP or TIFF files into {data}/<label>/."
    )
    cv2.imwrite(str(data / "apple" / "1.png"), np.zeros((9, 9, 3), np.uint8))
    assert refusal() == "error: there is only one class, 'apple'. Add a folder for a second one."
    (data / "con").mkdir()
    cv2.imwrite(str(data / "con" / "1.png"), np.zeros((9, 9, 3), np.uint8))
    assert refusal() == (
        "error: the class label 'con' cannot be used: Windows reserves it for a device. Rename its folder."
    )
    (data / "con").rename(data / os.fsdecode(b"gr\xfcn"))
    assert refusal() == "error: the class label 'gr?n' cannot be used: it is not valid UTF-8. Rename its folder."
    assert not (tmp_path / "out").exists()


def test_pictures_without_a_class_are_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one.jpg").write_bytes(b"")
    assert main(["train", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"error: the pictures in {tmp_path} (one.jpg …) belong to no class. Put them into a folder for each class."
    )


def test_a_class_folder_that_may_not_be_read_is_refused_in_one_line(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = sorted(folder for folder in pictures.iterdir() if folder.is_dir())[0]
    listed = Path.iterdir

    def refusing(folder: Path) -> Iterator[Path]:  # root may read everything, and the tests may run as root
        if folder == closed:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", refusing)
    assert main(["train", str(pictures), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"error: cannot read {closed}: Permission denied. Change its permissions, or name another folder."
    )


def test_a_missing_model_is_reported_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", str(tmp_path / "none.tflite"), "x.jpg"]) == 1
    assert capsys.readouterr().err.strip() == (
        f"error: the model {tmp_path / 'none.tflite'} cannot be used: No such file or directory. "
        "Name an existing .tflite file."
    )


def test_an_output_folder_that_cannot_be_written_is_refused_before_training(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refusal(out: Path) -> str:
        missing = ["--extractor", str(tmp_path / "none.tflite")]  # opening it would be the next step
        assert main(["train", str(pictures), "--out", str(out), *missing]) == 1
        return capsys.readouterr().err.strip()

    file, theirs = tmp_path / "file", tmp_path / "theirs"
    file.write_text("x")
    theirs.mkdir()
    (theirs / "diary.txt").write_text("x")
    assert refusal(file) == f"error: {file} is a file. Name an empty or new folder."
    assert refusal(theirs) == f"error: {theirs} holds other files. Name an empty or new folder."
    below = file / "out"
    assert refusal(below) == f"error: cannot create the folder {below}: Not a directory. Name another one with --out."
    for nowhere in (Path("/proc/nowhere"), Path("/proc/nowhere/out")):
        assert refusal(nowhere) == (
            f"error: cannot create the folder {nowhere}: that place takes no folders. Name another one with --out."
        )
    assert (theirs / "diary.txt").is_file()
    assert "none.tflite" in refusal(tmp_path / "new" / "out")


def test_an_extractor_is_refused_as_a_classifier(capsys: pytest.CaptureFixture[str], pictures: Path) -> None:
    path = default_extractor_path()
    assert main(["classify", str(path), str(next(pictures.glob("*/*.png")))]) == 1
    assert capsys.readouterr().err.strip() == (
        f"error: the model {path} cannot be used: it does not end in probabilities. Use a model that TRAIN exported."
    )


def test_a_camera_that_cannot_exist_is_refused_at_once(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    missing = str(tmp_path / "cam")
    assert main(["--camera", missing, "--headless", "--data-dir", str(tmp_path / "d")]) == 1
    assert capsys.readouterr().err.strip() == (
        f"error: camera {missing}: there is no such device, file or folder. "
        "Check how it is written, or name another one with --camera."
    )


@pytest.mark.parametrize("source", ["7", "/dev/null", "rtsp://127.0.0.1:9/video", "http://127.0.0.1:9/video"])
def test_camera_libraries_print_nothing_about_a_missing_camera(source: str, tmp_path: Path) -> None:
    assert errors_of_doctor(source, tmp_path) == ""


def test_camera_libraries_print_nothing_about_a_broken_video(tmp_path: Path) -> None:
    video = tmp_path / "video.mp4"
    video.write_text("no video")
    assert errors_of_doctor(str(video), tmp_path) == ""


def test_camera_libraries_print_their_messages_on_request(tmp_path: Path) -> None:
    assert "VIDEOIO(V4L2" in errors_of_doctor("/dev/null", tmp_path, OPENCV_LOG_LEVEL="WARNING")
    output = errors_of_doctor("rtsp://127.0.0.1:9/video", tmp_path, "--verbose")
    assert "VIDEOIO(FFMPEG)" in output
    assert "Connection refused" in output


def errors_of_doctor(source: str, folder: Path, *more: str, **environment: str) -> str:
    """What `doctor` in a process of its own writes to standard error while it checks a camera."""
    elsewhere = ["--data-dir", folder, "--extractor", folder / "none.tflite"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OPENCV_")}
    done = subprocess.run(
        [sys.executable, "run_kiosk.py", "doctor", "--camera", source, *elsewhere, *more],
        cwd=REPOSITORY, env=clean | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "FIX  camera" in done.stdout
    return done.stderr


def test_an_option_before_a_command_applies_to_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "doctor.json"
    assert main(["--extractor", "before.tflite", "--json", str(report), "doctor", "--camera", "demo"]) == 1
    assert "before.tflite" in capsys.readouterr().out
    assert report.is_file()
    assert main(["--extractor", "before.tflite", "doctor", "--camera", "demo", "--extractor", "after.tflite"]) == 1
    assert "after.tflite" in capsys.readouterr().out


def test_a_negative_seed_is_a_usage_error(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["train", str(pictures), "--out", str(tmp_path / "out"), "--seed", "-1"])
    assert caught.value.code == 2


@pytest.mark.parametrize("command", [["train", "data", "--out", "o"], ["classify", "model", "picture"], ["doctor"], []])
def test_an_invalid_device_is_a_usage_error(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--device", "edgetpu"])
    assert ended.value.code == 2
    output = capsys.readouterr().err.splitlines()[-1]
    assert output.endswith(
        "error: argument --device: 'edgetpu' is not a device: write auto, cpu, or one such as usb:0 or pci:0"
    )
