"""`models list`, `pull` and `verify`, and options that take a model's name."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from run_kiosk import main
from tests.support.pictures import painted
from tpu.errors import ModelNotDownloaded
from tpu.models import KNOWN_MODELS, default_extractor_path, extractor_path

pytestmark = pytest.mark.needs_runtime

PULLED = "efficientnet-edgetpu-S_quant_embedding_extractor.tflite"


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for pulled models, with one model in it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "teachable-kiosk/models"
    folder.mkdir(parents=True)
    pulled = folder / PULLED
    pulled.write_bytes(b"as it was pulled")
    pulled.with_name(f"{PULLED}.sha256").write_text(hashlib.sha256(b"as it was pulled").hexdigest())
    return folder


def test_verify_reports_the_state_of_every_model(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pulled = models / PULLED
    assert main(["models", "verify"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["built-in", *(model.name for model in KNOWN_MODELS)]
    assert lines[0] == f"built-in                 ok           {default_extractor_path()}"
    assert lines[1] == "mobilenet_v1             not pulled"
    assert lines[3] == f"efficientnet_s           ok           {pulled}"
    pulled.with_name(f"{PULLED}.sha256").write_bytes(b"\xff\xfe")
    assert main(["models", "verify"]) == 1
    assert capsys.readouterr().err == "error: damaged: efficientnet_s. Pull them again.\n"
    pulled.write_bytes(b"changed")
    assert main(["models", "verify"]) == 1
    output = capsys.readouterr()
    assert output.out.splitlines()[3] == f"efficientnet_s           DAMAGED      {pulled}"
    assert output.err == "error: damaged: efficientnet_s. Pull them again.\n"


def test_verify_with_a_name_reports_only_that_model(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    assert main(["models", "verify", "efficientnet_s", "--json", str(report)]) == 0
    assert capsys.readouterr().out == f"efficientnet_s           ok           {models / PULLED}\n"
    assert [facts["name"] for facts in json.loads(report.read_text())] == ["efficientnet_s"]
    assert main(["models", "verify", "built-in"]) == 0
    assert capsys.readouterr().out == f"built-in                 ok           {default_extractor_path()}\n"
    assert main(["models", "verify", "mobilenet_v1"]) == 1
    assert capsys.readouterr().err == (
        "error: the model mobilenet_v1 cannot be used: it is not on this machine. "
        "Download it: run_kiosk.py models pull mobilenet_v1\n"
    )


@pytest.mark.parametrize("action", ["pull", "verify"])
def test_an_unknown_model_name_is_refused(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", action, "nosuch"]) == 1
    names = ", ".join(model.name for model in KNOWN_MODELS)
    assert capsys.readouterr() == ("", f"error: there is no known model 'nosuch'. There are: {names}.\n")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["pull"], "pull needs the NAME of a model. To list them: run_kiosk.py models"),
        (["list", "mobilenet_v1"], "list takes no NAME: it always lists all models"),
    ],
)
def test_a_missing_or_superfluous_name_is_a_usage_error(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["models", *arguments])
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"run_kiosk.py models: error: {reason}"


def test_an_extractor_can_be_given_by_its_name_in_the_list(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert extractor_path("efficientnet_s") == models / PULLED
    assert extractor_path("built-in") == extractor_path("") == default_extractor_path()
    assert extractor_path("else/where.tflite") == Path("else/where.tflite")
    shutil.copyfile(default_extractor_path(), models / PULLED)  # any that opens
    assert main(["doctor", "--camera", "demo", "--extractor", "efficientnet_s"]) == 1
    assert f"ok   model: {Path(PULLED).stem} on " in capsys.readouterr().out


def test_the_error_for_an_extractor_that_was_not_pulled_names_the_command_that_pulls_it(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reason = (
        "the model mobilenet_v1 cannot be used: it is not on this machine. "
        "Download it: run_kiosk.py models pull mobilenet_v1"
    )
    with pytest.raises(ModelNotDownloaded) as refused:
        extractor_path("mobilenet_v1")
    assert str(refused.value) == (
        "the model mobilenet_v1 cannot be used: it is not on this machine. Download it with `pull` of tpu.models."
    )
    named = ["--extractor", "mobilenet_v1"]
    assert main(["train", str(tmp_path), "--out", str(tmp_path / "out"), *named]) == 1
    assert capsys.readouterr().err == f"error: {reason}\n"
    assert main(["--headless", "--data-dir", str(tmp_path / "data"), *named]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == f"error: {reason}"
    assert main(["doctor", "--camera", "demo", *named]) == 1
    assert f"FIX  model: {reason}" in capsys.readouterr().out.splitlines()


def test_an_extractor_that_is_neither_a_file_nor_a_known_name_is_refused_with_the_known_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = painted(tmp_path / "data")
    assert main(["train", str(data), "--out", str(tmp_path / "out"), "--extractor", "nope"]) == 1
    names = ", ".join(model.name for model in KNOWN_MODELS)
    assert capsys.readouterr().err == (
        f"error: there is neither a file nor a known model 'nope'. Known models: built-in, {names}.\n"
    )


def test_the_list_as_json_starts_with_the_built_in_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--json", "-"]) == 0
    listed = json.loads(capsys.readouterr().out)
    path = default_extractor_path()
    assert [facts["name"] for facts in listed] == ["built-in", *(model.name for model in KNOWN_MODELS)]
    assert listed[0] == {
        "name": "built-in",
        "state": "intact",
        "path": str(path),
        "licence": "Apache-2.0",
        "bytes": path.stat().st_size,
    }
