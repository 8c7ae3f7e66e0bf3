"""`doctor` tells what is missing and how to mend it; `bench` names its topics."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.commands.doctor import run_doctor
from app.config import Config
from run_kiosk import main


def doctor(data_dir: Path) -> tuple[bool, dict[str, str]]:
    lines: list[str] = []
    settings = Config()
    fine = run_doctor(replace(settings, storage=replace(settings.storage, data_dir=str(data_dir))), lines.append)
    return fine, {line[4:].split(":")[0].strip(): line for line in lines}


def test_the_doctor_looks_at_everything_a_kiosk_uses(tmp_path: Path) -> None:
    fine, lines = doctor(tmp_path / "not" / "made" / "yet")
    assert fine
    assert set(lines) == {"model", "disk", "display", "camera", "accelerator", "drives"}
    assert lines["model"].startswith("ok  ")
    assert "kiosk_extractor on litert" in lines["model"]
    assert not (tmp_path / "not").exists()


def test_a_missing_display_is_a_thing_to_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    _, lines = doctor(tmp_path)
    assert lines["display"] == "FIX  display: none. Start the kiosk from a desktop session, or with --headless."


def test_an_unknown_benchmark_is_answered_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "warp-drive"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("error: there is no benchmark 'warp-drive'. Choose from: ")
    assert "train-to-live" in told
