"""The X server goes away while the kiosk runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.devices.display import LOST
from tests.support.processes import REPOSITORY, virtual_screen, wait_for, window_is_open, with_screen


def test_the_kiosk_ends_with_one_line_when_its_x_server_ends(tmp_path: Path) -> None:
    with virtual_screen(tmp_path) as display:
        environment = with_screen(display)
        kiosk = subprocess.Popen(
            [sys.executable, "run_kiosk.py", "--camera", "demo", "--windowed", "--data-dir", str(tmp_path / "data")],
            cwd=REPOSITORY, env=environment, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        stored = tmp_path / "data" / "session.sqlite3"  # opened after the window
        wait_for(lambda: (window_is_open(environment) and stored.exists()) or kiosk.poll() is not None, "it runs")
        assert kiosk.poll() is None
    _, said = kiosk.communicate(timeout=60)
    lines = [line for line in said.splitlines(keepends=True) if line.startswith("error") or "Traceback" in line]
    assert lines == [LOST]
    assert kiosk.returncode == 1


@pytest.mark.parametrize("number", ["SIGHUP", "SIGTERM", "SIGINT"])
def test_the_kiosk_ends_in_order_when_it_is_told_to(number: str, tmp_path: Path) -> None:
    import signal

    kiosk = subprocess.Popen(
        [sys.executable, "run_kiosk.py", "--headless", "--camera", "demo", "--data-dir", str(tmp_path / "data")],
        cwd=REPOSITORY, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert kiosk.stderr is not None
    for line in kiosk.stderr:
        if "Ctrl-C stops it" in line:
            break
    kiosk.send_signal(getattr(signal, number))
    _, said = kiosk.communicate(timeout=60)
    assert (kiosk.returncode, said) == (0, "")
