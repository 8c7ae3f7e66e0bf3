"""A whole run leaves no password, token or PIN in its logs, its output or its data."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.base.pin import matches
from app.config.schema import Config
from app.config.settings_file import SettingsFile
from tests.support.processes import REPOSITORY, TIMEOUT_S, headless, wait_for

pytestmark = pytest.mark.needs_runtime

SECRETS = ("geheim-pass", "geheim-token", "48213905")
SETTINGS = """
[camera]
source = "http://anna:{0}@127.0.0.1:{port}/live?token={1}"
[staff]
pin = "{2}"
"""


def refusing_camera(port_of: list[int], ready: threading.Event, stop: threading.Event) -> None:
    """A camera that asks for another password, and repeats the address in its answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port_of.append(server.getsockname()[1])
        server.settimeout(0.2)
        ready.set()
        while not stop.is_set():
            try:
                client, _ = server.accept()
            except TimeoutError:
                continue
            with client:
                asked = client.recv(4096)
                client.sendall(b"HTTP/1.0 401 Unauthorized\r\nContent-Length: %d\r\n\r\n" % len(asked) + asked)


@pytest.mark.parametrize("verbose", [False, True])
def test_a_run_with_a_password_a_token_and_a_pin_shows_none_of_them(verbose: bool, tmp_path: Path) -> None:
    port_of: list[int] = []
    ready, stop = threading.Event(), threading.Event()
    camera = threading.Thread(target=refusing_camera, args=(port_of, ready, stop))
    camera.start()
    assert ready.wait(20)
    config, data, log = tmp_path / "kiosk.toml", tmp_path / "data", tmp_path / "log"
    config.write_text(SETTINGS.format(*SECRETS, port=port_of[0]))
    command = [sys.executable, "run_kiosk.py", "--headless", "--config", str(config), "--data-dir", str(data)]
    more = ["--verbose"] if verbose else []
    environment = {**headless(), "KIOSK_LOCKED_IN": "1"}
    with log.open("w") as output:
        kiosk = subprocess.Popen([*command, *more], cwd=REPOSITORY, env=environment, stdout=output, stderr=output)
        try:
            wait_for(lambda: "it delivers no pictures" in log.read_text(), "the camera is refused")
            kiosk.send_signal(signal.SIGTERM)
            assert kiosk.wait(TIMEOUT_S) == 0
        finally:
            kiosk.kill()
            kiosk.wait()
    stop.set()
    camera.join()
    assert f"camera http://…@127.0.0.1:{port_of[0]}/live?…: it delivers no pictures." in log.read_text()
    for path in [log, *(path for path in data.rglob("*") if path.is_file())]:
        for secret in SECRETS:
            assert secret.encode() not in path.read_bytes(), path
    assert matches(SECRETS[2], SettingsFile(Config(), data).config.staff.pin)


def test_doctor_shows_no_password(tmp_path: Path) -> None:
    config = tmp_path / "kiosk.toml"
    config.write_text(SETTINGS.format(*SECRETS, port=9))
    report = tmp_path / "doctor.json"
    done = subprocess.run(
        [sys.executable, "run_kiosk.py", "doctor", "--config", str(config), "--data-dir", str(tmp_path / "data"),
         "--json", str(report)],
        cwd=REPOSITORY, env=headless(), capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    written = done.stdout + done.stderr + report.read_text()
    assert "http://…@127.0.0.1:9/live?…" in written
    for secret in SECRETS:
        assert secret not in written
