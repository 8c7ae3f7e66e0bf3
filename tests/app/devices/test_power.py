"""Switching the computer off."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.base.errors import PowerRefused
from app.devices.power import switch_off


def test_without_systemd_switching_off_fails_with_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PowerRefused, match=r"^The machine cannot be switched off from here: .*systemctl.*\.$"):
        switch_off(False)
