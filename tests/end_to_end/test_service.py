"""The kiosk notifies systemd: ready with the first frame, alive while frames are shown, nothing when it hangs."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import REPOSITORY, TIMEOUT_S, headless


class Systemd:
    """The end of the notification socket that systemd reads."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)

    def receive(self, timeout_s: float) -> str | None:
        self._socket.settimeout(timeout_s)
        try:
            return self._socket.recv(100).decode()
        except TimeoutError:
            return None

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    made = Systemd(tmp_path / "notify")
    yield made
    made.close()


def test_systemd_is_notified_of_start_and_end_and_not_during_a_hang(systemd: Systemd, tmp_path: Path) -> None:
    environment = {**headless(), "NOTIFY_SOCKET": systemd.address, "WATCHDOG_USEC": "1000000"}
    with (tmp_path / "errors").open("w") as errors:
        kiosk = subprocess.Popen(
            [sys.executable, "run_kiosk.py", "--headless", "--camera", "demo", "--data-dir", str(tmp_path / "data")],
            cwd=REPOSITORY, env=environment, stderr=errors,
        )  # fmt: skip
    try:
        assert systemd.receive(TIMEOUT_S) == "READY=1"
        assert [systemd.receive(5) for _ in range(4)] == ["WATCHDOG=1"] * 4
        kiosk.send_signal(signal.SIGSTOP)
        while systemd.receive(0.1) is not None:  # what was sent before
            pass
        assert systemd.receive(1.5) is None
        kiosk.send_signal(signal.SIGCONT)
        assert systemd.receive(5) == "WATCHDOG=1"
        kiosk.terminate()
        until_s = time.monotonic() + TIMEOUT_S
        while (message := systemd.receive(5)) != "STOPPING=1":
            assert message == "WATCHDOG=1"
            assert time.monotonic() < until_s
        assert kiosk.wait(TIMEOUT_S) == 0
    finally:
        kiosk.kill()
        kiosk.wait()
    lines = (tmp_path / "errors").read_text().splitlines()
    assert lines[0] == "The kiosk runs without a window. Ctrl-C stops it."
    assert not any("Traceback" in line for line in lines)


def test_without_a_screen_one_line_says_what_to_do(tmp_path: Path) -> None:
    nowhere = {name: value for name, value in headless().items() if name not in ("XDG_RUNTIME_DIR", "XAUTHORITY")}
    done = subprocess.run(
        [sys.executable, "run_kiosk.py", "--data-dir", str(tmp_path / "data")],
        cwd=REPOSITORY, env={**nowhere, "HOME": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (
        1,
        "error: no window can be opened: there is no screen. Start it from a desktop session, or with --headless.\n",
    )
