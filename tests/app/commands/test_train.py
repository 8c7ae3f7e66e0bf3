"""`train`: which pictures it reads, what it reports about them, and both forms of the model."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from app.base.ports import ImageArray
from app.embedding.work import picture_at, read_edge_px
from app.model import turned_pictures
from app.model.saved_folder.facts import EDGE_TPU_FILE, PLAIN_FILE
from run_kiosk import main
from tests.support.pictures import discs, painted
from tpu.extractor import EmbeddingExtractor
from tpu.made_views import quarter_turns
from tpu.models import default_extractor_path
from tpu.runtime import EDGE_TPU_OPERATOR

pytestmark = pytest.mark.needs_runtime

PLAIN = "mobilenet_v1_1.0_224_quant_embedding_extractor.tflite"
COMPILED = "mobilenet_v1_1.0_224_quant_embedding_extractor_edgetpu.tflite"


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name.startswith("app.commands")]


@pytest.mark.parametrize(
    ("named", "device", "why"),
    [
        (PLAIN, "auto", None),
        (COMPILED, "auto", "because no Edge TPU answered"),
        (COMPILED, "cpu", "because of --device cpu"),
    ],
)
def test_both_models_are_written_whichever_extractor_is_named_and_it_is_said_if_the_cpu_s_embedded_the_pictures(
    named: str, device: str, why: str | None, shared_models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = painted(tmp_path / "data"), tmp_path / "out"
    words = ["train", str(data), "--out", str(out), "--device", device, "--extractor", str(shared_models / named)]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "were embedded on the CPU" in line] == (
        [f"8 of them were embedded on the CPU with {shared_models / PLAIN}, {why}"] if why else []
    )
    assert f"model: {out / PLAIN_FILE}" in lines
    assert f"model for the Edge TPU: {out / EDGE_TPU_FILE}" in lines
    assert EDGE_TPU_OPERATOR not in (out / PLAIN_FILE).read_bytes()
    assert EDGE_TPU_OPERATOR in (out / EDGE_TPU_FILE).read_bytes()
    assert json.loads((out / "metadata.json").read_text())["model"] == PLAIN_FILE
    assert sorted(json.loads((out / "metadata.json").read_text())["models"]) == sorted([PLAIN_FILE, EDGE_TPU_FILE])
    assert main(["classify", str(out), str(data / "red/0.png"), "--json", str(tmp_path / "answers.json")]) == 0
    assert json.loads((tmp_path / "answers.json").read_text())[0]["label"] == "red"


def test_every_documented_picture_format_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    endings = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
    data, report = painted(tmp_path / "data", endings, each=1), tmp_path / "report.json"
    assert main(["train", str(data), "--out", str(tmp_path / "out"), "--json", str(report)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "pictures used: 14, in 2 classes; files skipped: 0"
    assert json.loads(report.read_text())["samples"] == {"blue": 7, "red": 7}


def test_files_in_other_formats_are_skipped_with_one_warning_for_each_class(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    data = painted(tmp_path / "data")
    for name in ("a.heic", "b.HEIC", "c.gif", ".DS_Store"):
        (data / "red" / name).write_bytes(b"x")
    (data / "blue/broken.png").write_bytes(b"x")
    report = tmp_path / "report.json"
    assert main(["train", str(data), "--out", str(tmp_path / "out"), "--json", str(report)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "pictures used: 8, in 2 classes; files skipped: 4"
    assert json.loads(report.read_text())["skipped"] == 4
    assert warnings(caplog) == [
        "skipped 3 of 7 files of the class 'red', which end in .gif, .heic: "
        "pictures must end in one of .jpg, .jpeg, .png, .bmp, .webp, .tif, .tiff",
        f"skipped {data / 'blue/broken.png'}: it is not a readable picture",
    ]


def test_a_class_with_files_in_other_formats_only_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = painted(tmp_path / "data")
    (data / "cup").mkdir()
    (data / "cup/a.heic").write_bytes(b"x")
    assert main(["train", str(data), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        "error: the class 'cup' has no pictures in JPEG, PNG, BMP, WebP or TIFF format. Add some, or remove its folder."
    )


@pytest.mark.parametrize("broken", [False, True])
def test_the_error_for_too_few_pictures_names_class_folder_and_how_many_are_missing(
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
        f"error: the class 'red' has 1 readable picture in {data / 'red'}, but needs 2. "
        "Add 1 more, or remove the folder."
    )
    assert not (tmp_path / "out").exists()


def test_an_earlier_result_is_replaced_and_a_line_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["train", str(painted(tmp_path / "data")), "--out", str(tmp_path / "out")]
    line = f"replaced the earlier result in {tmp_path / 'out'}"
    assert main(arguments) == 0
    assert line not in capsys.readouterr().out.splitlines()
    assert main(arguments) == 0
    assert line in capsys.readouterr().out.splitlines()


def test_training_and_the_kiosk_import_nothing_of_dask(tmp_path: Path) -> None:
    data = painted(tmp_path / "data")
    program = (
        "import sys, run_kiosk, app.compose\n"
        f"code = run_kiosk.main(['train', {str(data)!r}, '--out', {str(tmp_path / 'out')!r}])\n"
        "print(code, [name for name in sys.modules if name.split('.')[0] in ('dask', 'distributed')])\n"
    )
    repository = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", program], cwd=repository, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"


def test_without_dask_the_error_names_the_package(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    data = painted(tmp_path / "data")
    assert main(["train", str(data), "--out", str(tmp_path / "out"), "--dask", "local"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "error: --dask needs Dask, which is not installed. Install it: pip install 'teachable-kiosk[hub]'"
    ]


def test_above_the_memory_limit_all_pictures_count_and_few_are_in_memory(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.INFO, "app.model.train")
    monkeypatch.setattr("app.commands.train.KEPT_OF_CLASS", 3)
    data, out, report = painted(tmp_path / "data", (".png",), each=7), tmp_path / "out", tmp_path / "report.json"
    assert main(["train", str(data), "--out", str(out), "--memory-mib", "0", "--json", str(report)]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        "pictures used: 14, in 2 classes; files skipped: 0",
        "6 of them are in memory; the others count in the sums of each class",
    ]
    assert "trained on 6 samples, no made views: " in caplog.text  # the sums are of pictures alone
    facts = json.loads(report.read_text())
    assert (facts["from_sums"], facts["samples"]) == (True, {"blue": 7, "red": 7})
    assert main(["classify", str(out), str(data / "red/0.png"), "--json", str(tmp_path / "answers.json")]) == 0
    assert json.loads((tmp_path / "answers.json").read_text())[0]["label"] == "red"


def test_quarter_turns_are_made_of_the_pictures_as_the_samples_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not of whole photographs, and not of the smaller copies for the report."""
    data, out = discs(tmp_path / "data", 8, 700), tmp_path / "out"
    turned: list[tuple[int, ...]] = []

    def turns_of(picture: ImageArray) -> list[ImageArray]:
        turned.append(picture.shape)
        return quarter_turns(picture)

    monkeypatch.setattr(turned_pictures, "quarter_turns", turns_of)
    assert main(["train", str(data), "--out", str(out)]) == 0
    with EmbeddingExtractor(default_extractor_path()) as extractor:
        input_px = extractor.input_size_px
    read = picture_at(str(data / "0.5/0.jpg"), read_edge_px(input_px))
    assert turned == [read.shape] * 24 == [(350, 350, 3)] * 24
    assert json.loads((out / "report.json").read_text())["quarter_turns"] == 3 * 24


@pytest.mark.parametrize("inside", ["", "samples", "samples/deep"])
def test_a_folder_is_never_replaced_by_what_is_trained_on_its_own_pictures(
    inside: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    data = painted(out / inside)
    before = sorted(path for path in out.rglob("*"))
    assert main(["train", str(data), "--out", str(out)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"error: {data} is in {out}, which would be replaced. Name another folder with --out."
    ]
    assert sorted(path for path in out.rglob("*")) == before


@pytest.mark.parametrize("named", [".", "", "..", "../new"])
def test_the_folder_where_the_command_runs_is_never_replaced(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, here = painted(tmp_path / "data"), tmp_path / "old" / "new"
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    assert main(["train", str(data), "--out", named]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"error: the command runs in {(here / named).resolve()}, which would be replaced. Name a new folder in it."
    ]
