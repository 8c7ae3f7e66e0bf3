"""Switching the computer off."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.base.errors import PowerRefused
from app.devices.power import switch_off


def test_without_systemd_switching_off_fails_with_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PowerRefused, match=r"^The machine cannot be switched off from here: .*systemctl.*\.$"):
        switch_off(False)


def test_what_the_system_answers_in_another_encoding_is_said_as_far_as_it_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "systemctl"
    program.write_text("#!/bin/sh\nprintf 'nicht m\\366glich\\n' >&2; exit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(PowerRefused) as caught:
        switch_off(False)
    assert str(caught.value) == "The machine cannot be switched off from here: nicht m\ufffdglich."
