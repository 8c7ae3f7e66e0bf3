"""The kiosk as systemd sees it: ready with the first frame, alive while frames are shown, silent when it hangs."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import PATIENCE_S, REPOSITORY, headless


class Manager:
    """systemd's end of the notification socket."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)

    def hear(self, timeout_s: float) -> str | None:
        self._socket.settimeout(timeout_s)
        try:
            return self._socket.recv(100).decode()
        except TimeoutError:
            return None

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(tmp_path / "notify")
    yield made
    made.close()


def test_the_manager_hears_of_the_start_of_life_of_a_hang_and_of_the_end(manager: Manager, tmp_path: Path) -> None:
    environment = {**headless(), "NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "1000000"}
    with (tmp_path / "errors").open("w") as errors:
        kiosk = subprocess.Popen(
            [sys.executable, "run_kiosk.py", "--headless", "--camera", "demo", "--data-dir", str(tmp_path / "data")],
            cwd=REPOSITORY, env=environment, stderr=errors,
        )  # fmt: skip
    try:
        assert manager.hear(PATIENCE_S) == "READY=1"
        assert [manager.hear(5) for _ in range(4)] == ["WATCHDOG=1"] * 4
        kiosk.send_signal(signal.SIGSTOP)
        while manager.hear(0.1) is not None:  # what was sent before
            pass
        assert manager.hear(1.5) is None
        kiosk.send_signal(signal.SIGCONT)
        assert manager.hear(5) == "WATCHDOG=1"
        kiosk.terminate()
        until_s = time.monotonic() + PATIENCE_S
        while (message := manager.hear(5)) != "STOPPING=1":
            assert message == "WATCHDOG=1"
            assert time.monotonic() < until_s
        assert kiosk.wait(PATIENCE_S) == 0
    finally:
        kiosk.kill()
        kiosk.wait()
    assert "Traceback" not in (tmp_path / "errors").read_text()
