"""The script in the exported folder, run with nothing but a runtime, numpy and Pillow, against `classify`."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import shlex
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from app.base.paths import import_folder
from run_kiosk import main
from tests.support.descriptions import with_normalization
from tests.support.extractors import tiny_extractor
from tpu.tensors import prepare_picture

pytestmark = pytest.mark.needs_runtime

VERSION_0_1 = Path(__file__).resolve().parents[3] / "data" / "version_0_1"
TOLERANCE = 0.06  # OpenCV and Pillow decode JPEG and round a little differently
RUN = """
import runpy, sys
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
foreign = {"cv2", "pygame", "app", "learning", "tpu"} & set(sys.modules)
sys.exit(f"it needs {foreign}" if foreign else 0)
"""


@pytest.fixture(scope="module")
def folder(shared_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of three signs, taught from photographs."""
    root = tmp_path_factory.mktemp("taught")
    for digit in ("0", "2", "5"):
        (root / "data" / f"sign {digit}").mkdir(parents=True)
        for path in sorted((shared_photos / "sign-digits" / digit).iterdir())[:20]:
            (root / "data" / f"sign {digit}" / path.name).write_bytes(path.read_bytes())
    assert main(["train", str(root / "data"), "--out", str(root / "out")]) == 0
    return root / "out"


def test_it_answers_like_the_kiosk(folder: Path, shared_photos: Path, tmp_path: Path) -> None:
    photos = [
        *(path for digit in ("0", "2", "5") for path in sorted((shared_photos / "sign-digits" / digit).iterdir())[-6:]),
        *sorted((shared_photos / "scenes").glob("*.jpg")),
        *in_other_forms(sorted((shared_photos / "sign-digits" / "2").iterdir())[-1], tmp_path),
    ]
    done = subprocess.run(
        [sys.executable, "-I", "-c", RUN, str(folder / "classify.py"), *map(str, photos)],
        cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    theirs = [
        re.fullmatch(r"(.*?): (?:(not sure) \()?(sign \d): ([\d.]+) %\)?", line).groups()
        for line in done.stdout.splitlines()
    ]
    report = tmp_path / "ours.json"
    assert main(["classify", str(folder), *map(str, photos), "--json", str(report)]) == 0
    ours = json.loads(report.read_text())
    assert [name for name, *_ in theirs] == [answer["image"] for answer in ours]
    for (_, unknown, label, percent), answer in zip(theirs, ours, strict=True):
        best = max(answer["probabilities"].values())
        assert abs(float(percent) / 100 - best) < TOLERANCE
        if abs(best - json.loads((folder / "metadata.json").read_text())["threshold"]) > TOLERANCE:
            assert (unknown is None) == answer["known"]
            assert label == max(answer["probabilities"], key=answer["probabilities"].get)


@pytest.mark.parametrize(
    ("side", "size"),
    [(480, 144), (481, 144), (1081, 96), (224, 144), (144, 144), (90, 144), (479, 256), (243, 256), (1018, 512)],
)
def test_it_resizes_like_the_kiosk_to_the_last_bit(side: int, size: int) -> None:
    tree = ast.parse((import_folder() / "assets/export/classify.py").read_text())
    tree.body = [one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name in ("neighbours", "resized")]
    script: dict[str, Any] = {"np": np, "size": size}
    exec(compile(tree, "classify.py", "exec"), script)
    square = np.random.default_rng(side).integers(0, 256, (side, side, 3), np.uint8)
    assert np.array_equal(script["resized"](square), prepare_picture(square, size))


def in_other_forms(photo: Path, folder: Path) -> list[Path]:
    """The photo in grey and in colour with 16 bits for each value, and half transparent."""
    image = cv2.imread(str(photo)).astype(np.uint16) * 257
    paths = [folder / name for name in ("grey.png", "grey.tif", "colour.png")]
    for path in paths:
        cv2.imwrite(str(path), image if path.stem == "colour" else image[..., 1])
    with Image.open(photo) as clear:
        clear.putalpha(100)
        clear.save(folder / "clear.tif")
    return [*paths, folder / "clear.tif"]


def test_a_model_of_version_0_1_gets_the_same_answers_from_the_current_script(folder: Path, tmp_path: Path) -> None:
    """Its novelty test has a matrix for each class, so it is computed in another way."""
    old = tmp_path / "old"
    shutil.copytree(next((VERSION_0_1 / "drive/teachable").iterdir()), old)
    shutil.copy(folder / "classify.py", old / "classify.py")
    facts = json.loads((VERSION_0_1 / "answers.json").read_text(encoding="utf-8"))
    names = sorted(facts["answers"])
    done = subprocess.run(
        [sys.executable, "-I", str(old / "classify.py"), *(str(VERSION_0_1 / "pictures" / name) for name in names)],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for name, line in zip(names, done.stdout.splitlines(), strict=True):
        answer = facts["answers"][name]
        best = max(answer["probabilities"])
        known = answer["novelty"] <= 1 and best >= facts["threshold"]
        label = facts["labels"][answer["probabilities"].index(best)]
        assert line.startswith(f"{VERSION_0_1 / 'pictures' / name}: {label if known else 'not sure'}"), line


def test_a_model_without_a_novelty_test_is_used_without_it(folder: Path, shared_photos: Path, tmp_path: Path) -> None:
    older = tmp_path / "older"
    shutil.copytree(folder, older)
    model = older / json.loads((folder / "metadata.json").read_text())["model"]
    data = model.read_bytes()
    model.write_bytes(data[: data.index(b"PK\x03\x04")])
    photo = sorted((shared_photos / "sign-digits" / "0").iterdir())[-1]
    done = subprocess.run(
        [sys.executable, "-I", str(older / "classify.py"), str(photo)],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{photo}: sign 0: ")


def test_without_pictures_it_prints_its_usage(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", str(folder / "classify.py")], capture_output=True, text=True, timeout=100, check=False
    )
    assert "python classify.py picture.jpg" in done.stderr
    assert "Traceback" not in done.stderr


FAKE_CAMERA = """
import numpy as np, os, signal, threading, time
from PIL import Image

CAP_PROP_FPS = 5

def press_ctrl_c():  # after two seconds; again later, should foreign C code have swallowed the first one
    for wait_s in (2, 10, 10, 10):
        time.sleep(wait_s)
        os.kill(os.getpid(), signal.SIGINT)


class VideoCapture:
    def __init__(self, source):
        assert source == 0
        picture = np.asarray(Image.open(os.environ["PICTURE"]).convert("RGB"))
        width = picture.shape[1] + 40  # the sides are cropped again
        self.frame = np.zeros((picture.shape[0], width, 3), np.uint8)
        self.frame[:, 20:-20] = picture[..., ::-1]
        if not os.environ["CAMERA"]:
            threading.Thread(target=press_ctrl_c, daemon=True).start()
    def isOpened(self): return os.environ["CAMERA"] != "missing"
    def get(self, prop): return 30.0
    def read(self):
        time.sleep(1 / 60)
        return os.environ["CAMERA"] != "silent", self.frame
    def release(self): print("released")
"""


def watched(folder: Path, tmp_path: Path, picture: Path, camera: str = "") -> subprocess.CompletedProcess[str]:
    """Run the script with a module in the place of OpenCV whose camera shows a picture for two seconds."""
    (tmp_path / "cv2.py").write_text(FAKE_CAMERA)
    run = f"import sys, runpy; sys.path.insert(0, {str(tmp_path)!r}); sys.argv = sys.argv[1:]; "
    return subprocess.run(
        [sys.executable, "-I", "-c", run + "runpy.run_path(sys.argv[0])", str(folder / "classify.py"), "--camera", "0"],
        env={"PICTURE": str(picture), "CAMERA": camera},
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip


def square_photo(shared_photos: Path, tmp_path: Path) -> Path:
    picture = Image.open(sorted((shared_photos / "sign-digits" / "0").iterdir())[-1])
    ImageOps.fit(picture, (96, 96)).save(tmp_path / "square.png")
    return tmp_path / "square.png"


def test_a_camera_gets_the_answers_of_a_picture_about_five_times_a_second_until_ctrl_c(
    folder: Path, shared_photos: Path, tmp_path: Path
) -> None:
    photo = square_photo(shared_photos, tmp_path)
    script = [sys.executable, "-I", str(folder / "classify.py"), str(photo)]
    done = subprocess.run(script, capture_output=True, text=True, timeout=100, check=True)
    answer = done.stdout.strip().removeprefix(f"{photo}: ")
    watch = watched(folder, tmp_path, photo)
    assert watch.returncode == 0, watch.stderr
    *answers, last = watch.stdout.splitlines()
    assert last == "released"
    assert set(answers) == {answer}
    assert 2 <= len(answers) <= 61  # usually ten in two seconds; sixty if only the second Ctrl-C counted


@pytest.mark.parametrize(
    ("camera", "error"),
    [
        ("missing", "error: the camera 0 does not open. Plug it in, or name another one: --camera 1"),
        ("silent", "error: the camera 0 delivers no pictures. Plug it in again, or name another one: --camera 1"),
    ],
)
def test_a_camera_that_does_not_work_is_reported_in_one_line(
    folder: Path, shared_photos: Path, tmp_path: Path, camera: str, error: str
) -> None:
    done = watched(folder, tmp_path, square_photo(shared_photos, tmp_path), camera)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == error
    assert "Traceback" not in done.stderr


def test_a_video_file_is_watched_to_its_end(folder: Path, shared_photos: Path, tmp_path: Path) -> None:
    frame = cv2.resize(cv2.imread(str(square_photo(shared_photos, tmp_path))), (320, 240))
    video = cv2.VideoWriter(str(tmp_path / "video.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (320, 240))
    for _ in range(8):
        video.write(frame)
    video.release()
    done = subprocess.run(
        [sys.executable, "-I", str(folder / "classify.py"), "--camera", str(tmp_path / "video.avi")],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()
    assert all(re.fullmatch(r"(not sure \()?sign \d: [\d.]+ %\)?", line) for line in done.stdout.splitlines())


def test_without_opencv_a_camera_is_refused_in_one_line(folder: Path, tmp_path: Path) -> None:
    run = "import sys, runpy; sys.modules['cv2'] = None; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0])"
    done = subprocess.run(
        [sys.executable, "-I", "-c", run, str(folder / "classify.py"), "--camera", "0"],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (
        "error: import of cv2 halted; None in sys.modules. Install what a camera needs: pip install opencv-python\n"
    )


def test_a_float_model_gets_the_pixels_that_its_metadata_describes(shared_photos: Path, tmp_path: Path) -> None:
    (tmp_path / "foreign.tflite").write_bytes(
        with_normalization(tiny_extractor("float32", input_px=16, feature_dim=24), [0.0], [255.0])
    )
    data, photos = tmp_path / "data", []
    for digit in ("0", "2"):
        (data / f"sign {digit}").mkdir(parents=True)
        files = sorted((shared_photos / "sign-digits" / digit).iterdir())
        photos.append(files[-1])
        for path in files[:12]:
            shutil.copy(path, data / f"sign {digit}")
    options = ["--out", str(tmp_path / "out"), "--extractor", str(tmp_path / "foreign.tflite")]
    assert main(["train", str(data), *options]) == 0
    script = [sys.executable, "-I", str(tmp_path / "out" / "classify.py"), *map(str, photos)]
    done = subprocess.run(script, capture_output=True, text=True, timeout=100, check=True)
    report = tmp_path / "ours.json"
    assert main(["classify", str(tmp_path / "out"), *map(str, photos), "--json", str(report)]) == 0
    for line, answer in zip(done.stdout.splitlines(), json.loads(report.read_text()), strict=True):
        percent = float(re.search(r"([\d.]+) %", line)[1])
        assert abs(percent / 100 - max(answer["probabilities"].values())) < TOLERANCE


def enormous_png() -> bytes:
    """A picture of 40,000 × 40,000 pixels, without the pixels."""
    whole = io.BytesIO()
    Image.new("RGB", (20, 20)).save(whole, "PNG")
    header = b"IHDR" + struct.pack(">II", 40_000, 40_000) + whole.getvalue()[24:29]
    return whole.getvalue()[:12] + header + struct.pack(">I", zlib.crc32(header)) + whole.getvalue()[33:]


def test_files_that_are_no_pictures_are_named_in_one_line_each_and_the_others_are_classified(
    folder: Path, shared_photos: Path, tmp_path: Path
) -> None:
    photo = sorted((shared_photos / "sign-digits" / "2").iterdir())[-1]
    odd = tmp_path / os.fsdecode(b"zeichen\xe4.jpg")
    odd.write_bytes(photo.read_bytes())
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "huge.png").write_bytes(enormous_png())
    (tmp_path / "cut.jpg").write_bytes(photo.read_bytes()[:-2000])
    Image.new("LAB", (20, 20)).save(tmp_path / "lab.tif")  # the kiosk does not read it either
    Image.new("RGB", (20, 20)).save(tmp_path / "other.ppm")  # nor this
    os.mkfifo(tmp_path / "pipe.jpg")
    wrong = ["text.jpg", "huge.png", "cut.jpg", "lab.tif", "other.ppm", "pipe.jpg"]
    names = [str(tmp_path / name) for name in ("none.jpg", *wrong)]
    done = subprocess.run(
        [sys.executable, "-I", str(folder / "classify.py"), *names, str(odd), str(photo)],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if not line.startswith("INFO: ")] == [
        f"error: {name} cannot be read ({reason}). Name a JPEG, PNG or BMP file."
        for name, reason in zip(names, ["No such file or directory", *["not a picture"] * len(wrong)], strict=True)
    ]
    answers = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert list(answers) == [f"{tmp_path}/zeichen?.jpg", str(photo)]
    assert len(set(answers.values())) == 1


@pytest.mark.parametrize("program", ["head -1", "true"])
def test_a_reader_that_has_seen_enough_is_no_error(folder: Path, shared_photos: Path, program: str) -> None:
    photo = sorted((shared_photos / "sign-digits" / "2").iterdir())[-1]
    script = [sys.executable, "-u", "-I", str(folder / "classify.py"), *[str(photo)] * 40]
    line = f"{shlex.join(script)} | {program}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=100, check=False)
    assert [one for one in done.stderr.splitlines() if not one.startswith("INFO: ")] == []
    assert len(done.stdout.splitlines()) == (program == "head -1")


def test_without_its_packages_it_says_what_to_install(folder: Path) -> None:
    bare = [sys.executable, "-I", "-S", str(folder / "classify.py"), "picture.jpg"]  # -S: no site-packages
    done = subprocess.run(bare, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        "error: No module named 'numpy'. Install what is needed: pip install ai-edge-litert numpy pillow\n"
    )
