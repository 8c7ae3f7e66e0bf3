"""Commands in places, with names and with streams that people really have: one line or silence, never a traceback."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.base.paths import import_folder
from app.commands.dataset import find_pictures
from run_kiosk import main
from tests.support.pictures import painted
from tests.support.waiting import wait_until

pytestmark = pytest.mark.needs_runtime

PROGRAM = [sys.executable, str(import_folder() / "run_kiosk.py")]
NOT_UTF_8 = os.fsdecode(b"bild\xe4.png")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The pictures of two classes, and the folder that `train` wrote of them."""
    root = tmp_path_factory.mktemp("trained")
    data, out = painted(root / "data"), root / "out"
    assert main(["train", str(data), "--out", str(out)]) == 0
    return data, out


def a_picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", np.full((32, 32, 3), 200, np.uint8))[1].tobytes())
    return path


def test_names_that_are_not_utf_8_have_a_readable_stand_in(
    trained: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture, answers = a_picture(tmp_path / NOT_UTF_8), tmp_path / "answers.json"
    assert main(["classify", str(trained[1]), str(picture), str(picture), "--json", str(answers)]) == 0
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == [f"{tmp_path}/bild?.png"] * 2
    assert [one["image"] for one in json.loads(answers.read_text())] == [f"{tmp_path}/bild?.png"] * 2


def test_a_model_is_trained_with_an_extractor_whose_name_is_not_utf_8(
    trained: tuple[Path, Path], tmp_path: Path
) -> None:
    from tpu.models import default_extractor_path

    extractor, out = tmp_path / os.fsdecode(b"netz\xe4.tflite"), tmp_path / os.fsdecode(b"ordn\xe4r")
    extractor.write_bytes(default_extractor_path().read_bytes())
    assert main(["train", str(trained[0]), "--out", str(out), "--extractor", str(extractor)]) == 0
    assert json.loads((out / "session.json").read_text())["extractor"]["name"] == "netz?"


def test_a_reader_that_has_seen_enough_is_no_error(trained: tuple[Path, Path]) -> None:
    data, out = trained
    pictures = " ".join([str(data / "red" / "0.png")] * 400)
    line = f"{' '.join(PROGRAM)} classify {out} {pictures} | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=110, check=False)
    assert done.stderr == ""
    assert done.stdout.splitlines()[1] == "0"


def test_work_goes_on_when_nobody_reads_its_output(trained: tuple[Path, Path], tmp_path: Path) -> None:
    out, answers = tmp_path / "out", tmp_path / "answers.json"
    train = f"{' '.join(PROGRAM)} train {trained[0]} --out {out}"
    classify = f"{' '.join(PROGRAM)} classify {trained[1]} {trained[0]}/red/0.png --json {answers}"
    line = f"({train} && {classify}; echo $? >{tmp_path}/code) | true"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=110, check=False)
    assert done.stderr == ""
    assert (tmp_path / "code").read_text() == "0\n"
    assert (out / "SHA256SUMS").is_file()
    assert json.loads(answers.read_text())[0]["label"] == "red"


def test_an_output_on_a_full_disk_is_one_line(trained: tuple[Path, Path], capfd: pytest.CaptureFixture[str]) -> None:
    picture = str(trained[0] / "red" / "0.png")
    with Path("/dev/full").open("w") as full, contextlib.redirect_stdout(full):
        assert main(["classify", str(trained[1]), picture]) == 1
    assert capfd.readouterr().err == (
        "error: cannot write standard output: No space left on device. Send it to another place, or make room there.\n"
    )


def test_closed_streams_a_missing_home_and_the_c_locale_change_nothing(
    trained: tuple[Path, Path], tmp_path: Path
) -> None:
    answers = tmp_path / "answers.json"
    command = [*PROGRAM, "classify", str(trained[1]), str(trained[0] / "red" / "0.png"), "--json", str(answers)]
    line = f"exec {' '.join(command)} <&- >&- 2>&-"
    bare = {"PATH": os.environ["PATH"], "LANG": "C"}
    subprocess.run(["bash", "-c", line], env=bare, check=True, timeout=110, cwd="/proc")
    assert json.loads(answers.read_text())[0]["label"] == "red"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_train_cleans_up_when_it_is_told_to_end(number: signal.Signals, tmp_path: Path) -> None:
    data, scratch = painted(tmp_path / "data"), tmp_path / "scratch"
    scratch.mkdir()
    for index in range(2000):
        os.link(data / "red" / "0.png", data / "red" / f"again{index}.png")
    child = subprocess.Popen(
        # Whoever runs the tests may ignore the signal, as nohup does.
        ["env", f"--default-signal={number.name}", *PROGRAM, "train", str(data), "--out", str(tmp_path / "out")],
        env={**os.environ, "TMPDIR": str(scratch)},
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: len(list(Path(f"/proc/{child.pid}/task").iterdir())) > 1, "it works", timeout_s=60)
    child.send_signal(number)
    _, said = child.communicate(timeout=60)
    assert child.returncode == -number
    assert "Traceback" not in said
    assert list(scratch.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "scratch"]


def test_pictures_below_a_class_folder_are_read_and_what_systems_leave_behind_is_not(
    tmp_path: Path,
) -> None:
    for name in ("apple/1.png", "apple/more/2.png", "apple/more/deep/3.png", "cup/1.png", "cup/2.png"):
        a_picture(tmp_path / name)
    for name in ("__MACOSX/apple/._1.png", "apple/.hidden.png", "cup/@eaDir/2.png", ".git/x.png"):
        a_picture(tmp_path / name)
    for name in ("#recycle", "@Recycle", "LOST.DIR", "FOUND.000", "RECYCLER", "Network Trash Folder", "cup/lost+found"):
        a_picture(tmp_path / name / "old.png")
    (tmp_path / "cup" / "Thumbs.db").write_bytes(b"x")
    (tmp_path / "cup" / "loop").symlink_to(tmp_path)
    found = find_pictures(tmp_path)
    assert {label: len(files) for label, files in found.pictures.items()} == {"apple": 3, "cup": 2}
    assert found.left_out == 0


@pytest.mark.parametrize(
    ("training", "others"),
    [("train", ["test", "Validation"]), ("Training", ["Test"]), ("training_set", ["test_set", "eval"])],
)
def test_a_folder_for_training_beside_one_for_testing_is_the_one_that_is_used(
    training: str, others: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for part in (training, *others):
        for name in ("apple/1.png", "apple/2.png", "cup/1.png", "cup/2.png"):
            a_picture(tmp_path / part / name)
    found = find_pictures(tmp_path)
    assert {str(file.relative_to(tmp_path)).split("/")[0] for files in found.pictures.values() for file in files} == {
        training
    }
    rest = ", ".join(sorted(map(str.casefold, others)))
    assert caplog.messages == [f"only the pictures in {tmp_path / training} are used, not those in {rest}"]


@pytest.mark.parametrize("inside", ["", "train/"])
def test_a_folder_that_an_archive_wraps_around_the_classes_is_no_class(
    inside: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("apple/1.png", "apple/2.png", "cup/1.png", "cup/2.png"):
        a_picture(tmp_path / "fruit" / f"{inside}{name}")
        a_picture(tmp_path / "__MACOSX" / "fruit" / name)
    if inside:
        a_picture(tmp_path / "fruit" / "val" / "apple" / "1.png")
    (tmp_path / "readme.txt").write_text("How the pictures were taken.")
    assert sorted(find_pictures(tmp_path).pictures) == ["apple", "cup"]
    assert caplog.messages[0] == f"the classes are the folders in {tmp_path / 'fruit'}"


def test_spellings_of_one_name_are_one_class(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("caf\u00e9/1.png", "cafe\u0301/2.png", "CAF\u00c9/3.png", "cup/1.png", "cup/2.png"):
        a_picture(tmp_path / name)
    found = find_pictures(tmp_path)
    assert sorted(len(files) for files in found.pictures.values()) == [2, 3]
    assert len(caplog.messages) == 1
    assert "are one class" in caplog.messages[0]


@pytest.mark.parametrize("kind", ["pipe", "device", "huge"])
def test_what_is_no_plain_file_of_a_sensible_size_is_refused_at_once(
    kind: str, trained: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = tmp_path / "odd.tflite"
    if kind == "pipe":
        os.mkfifo(odd)
    elif kind == "device":
        odd.symlink_to("/dev/zero")
    else:
        with odd.open("wb") as file:
            file.truncate(1 << 33)
    reason = "it is larger than 256 MB" if kind == "huge" else "it is not a plain file"
    for arguments in (
        ["classify", str(odd), str(trained[0] / "red" / "0.png")],
        ["train", str(trained[0]), "--out", str(tmp_path / "out"), "--extractor", str(odd)],
    ):
        assert main(arguments) == 1
        assert capsys.readouterr().err == (
            f"error: the model {odd} cannot be used: {reason}. Name a .tflite file that can be read.\n"
        )
    picture = odd.rename(odd.with_suffix(".jpg"))
    assert main(["classify", str(trained[1]), str(picture)]) == 1
    assert capsys.readouterr().err == (
        f"error: {picture} cannot be read: {reason}. Name a JPEG, PNG, BMP, WebP or TIFF file.\n"
    )


def test_a_pipe_beside_a_model_is_left_alone(
    trained: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = next(trained[1].rglob("model.tflite"))
    copy = tmp_path / "folder" / "model" / "model.tflite"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(model.read_bytes())
    for place in ("folder/metadata.json", "folder/model/metadata.json", "folder/model/labels.txt"):
        os.mkfifo(tmp_path / place)
    assert main(["classify", str(copy), str(trained[0] / "red" / "0.png")]) == 0
    assert capsys.readouterr().out.rpartition("/")[2].startswith("0.png: red: ")


def test_a_stranger_s_extractor_or_model_never_ends_the_command_line_s_process(
    trained: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.support.hostile_models import changed, names_an_unknown_operator
    from tpu.models import default_extractor_path

    bad = tmp_path / "bad.tflite"
    bad.write_bytes(changed(default_extractor_path().read_bytes(), names_an_unknown_operator))
    picture = str(trained[0] / "red" / "0.png")
    for arguments in (
        ["train", str(trained[0]), "--out", str(tmp_path / "out"), "--extractor", str(bad)],
        ["classify", str(bad), picture],
        ["--headless", "--extractor", str(bad), "--data-dir", str(tmp_path / "kiosk")],
    ):
        assert main(arguments) == 1
        said = capsys.readouterr().err
        assert said.startswith(f"error: the model {bad} cannot be used: allocating it fails")
        assert said.count("\n") == 1
