"""`pin` sets the PIN of the staff pages from a shell; the PIN is in no argument, output or file."""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
from pathlib import Path

import pytest

from app.base.errors import PinRefused
from app.base.pin import matches
from app.commands.pin import ask_pin, run
from app.config.pin_lock import FILE as LOCK
from app.config.pin_lock import PinLock, write_pin_lock
from app.config.schema import Config
from app.config.settings_file import FILE, SettingsFile

RUN_KIOSK = Path(__file__).resolve().parents[3] / "run_kiosk.py"


def run_pin(folder: Path, typed: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(RUN_KIOSK), "pin", "--data-dir", str(folder)]
    return subprocess.run(command, input=typed, capture_output=True, text=True, check=False)


def test_the_pin_is_read_from_standard_input_and_stored_without_itself(tmp_path: Path) -> None:
    write_pin_lock(tmp_path, PinLock(7, 300.0))
    done = run_pin(tmp_path, "48213\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(
        f"The new PIN is stored in {tmp_path / FILE}. It holds when the kiosk starts again.\n"
    )
    assert matches("48213", SettingsFile(Config(), tmp_path).config.staff.pin)
    assert "48213" not in done.stdout + (tmp_path / FILE).read_text()
    assert not (tmp_path / LOCK).exists()


@pytest.mark.parametrize("typed", ["12\n", "", "abcd\n", "1234567890123\n"])
def test_another_form_is_refused_and_changes_nothing(typed: str, tmp_path: Path) -> None:
    done = run_pin(tmp_path, typed)
    assert (done.returncode, done.stderr) == (1, "error: A PIN has 4 to 12 digits, and nothing else.\n")
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("settings", ["[screen]\npalette = 'puce'\n", "no settings at all", "[staff]\npin = 3\n"])
def test_a_pin_can_be_set_whatever_is_wrong_with_the_settings(
    settings: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "kiosk.toml"
    config.write_text(settings)
    monkeypatch.setattr("sys.stdin", io.StringIO("48213\n"))
    assert run(argparse.Namespace(config=config, data_dir=tmp_path)) == 0
    assert matches("48213", SettingsFile(Config(), tmp_path).config.staff.pin)
    printed = capsys.readouterr()
    assert printed.out == f"The new PIN is stored in {tmp_path / FILE}. It holds when the kiosk starts again.\n"
    assert printed.err.startswith("note: ")
    assert str(config) in printed.err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_at_a_terminal_it_is_typed_twice() -> None:
    typed = iter(["2580", "2580"])
    assert ask_pin(Terminal(), lambda _: next(typed)) == "2580"
    typed = iter(["2580", "2581"])
    with pytest.raises(PinRefused) as caught:
        ask_pin(Terminal(), lambda _: next(typed))
    assert str(caught.value) == "these two PINs differ, so nothing was changed. Try again."


def test_the_end_of_the_input_changes_nothing() -> None:
    def ask(_: str) -> str:
        raise EOFError

    with pytest.raises(PinRefused) as caught:
        ask_pin(Terminal(), ask)
    assert str(caught.value) == "no PIN was typed, so nothing was changed. Try again."
