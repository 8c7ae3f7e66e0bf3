"""The whole kiosk as a process: the scripted visitor, and a person's key presses in a real window."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE_S = 40.0


def headless() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}


def test_a_scripted_visitor_teaches_trains_recognises_and_saves(tmp_path: Path) -> None:
    report = tmp_path / "demo.json"
    done = subprocess.run(
        [sys.executable, "run_kiosk.py", "--demo", "--json", str(report)],
        cwd=REPOSITORY, env=headless(), capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(report.read_text())
    assert told["live"]["accuracy"] >= 0.95
    assert told["live"]["looked"] >= 50
    assert all(shots >= 5 for shots in told["shots"].values())
    folder = Path(told["export"])
    assert (folder / "converted_tflite_quantized/model.tflite").stat().st_size > 100_000
    assert (folder / "SHA256SUMS").is_file()
    assert all(Path(path).stat().st_size > 10_000 for path in told["screenshots"])


@pytest.fixture
def display(tmp_path: Path) -> Iterator[str]:
    """A virtual screen of its own."""
    for program, package in (("Xvfb", "xvfb"), ("xdotool", "xdotool")):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}: install it with `sudo apt install {package}`")
    read_end, write_end = os.pipe()
    with (tmp_path / "xvfb.log").open("w") as log:
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "1280x720x24", "-nolisten", "tcp"],
            pass_fds=[write_end], stdout=log, stderr=log,
        )  # fmt: skip
        os.close(write_end)
        with os.fdopen(read_end) as told:
            number = told.readline().strip()
        yield f":{number}"
        server.terminate()
        server.wait()


def wait_until(true: Callable[[], bool], what: str) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until_s, f"waited in vain until {what}"
        time.sleep(0.1)


def test_real_key_presses_teach_the_kiosk(display: str, shared_photos: Path, tmp_path: Path) -> None:
    data, export, report = tmp_path / "data", tmp_path / "export", tmp_path / "kiosk.json"
    environment = {**os.environ, "DISPLAY": display, "SDL_AUDIODRIVER": "dummy"}
    environment.pop("WAYLAND_DISPLAY", None)
    kiosk = subprocess.Popen(
        [
            sys.executable, "run_kiosk.py", "--camera", str(shared_photos / "sign-digits" / "3"), "--windowed",
            "--data-dir", str(data), "--export-dir", str(export), "--json", str(report),
        ],
        cwd=REPOSITORY, env=environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip

    def xdotool(*words: str) -> str:
        command = ["xdotool", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout.strip()

    def window_is_open() -> bool:
        windows = xdotool("search", "--class", "").split()
        return "Teachable Kiosk" in [xdotool("getwindowname", window) for window in windows]

    def shots() -> tuple[int, ...]:
        if not (data / "session.sqlite3").is_file():
            return (0, 0, 0)
        database = sqlite3.connect(f"file:{data / 'session.sqlite3'}?mode=ro", uri=True)
        try:
            rows = database.execute("SELECT class_index, count(*) FROM samples GROUP BY class_index").fetchall()
        except sqlite3.OperationalError:  # still being made, or being written to
            rows = []
        finally:
            database.close()
        return tuple(dict(rows).get(index, 0) for index in range(3))

    try:
        wait_until(window_is_open, "the window opens")
        time.sleep(1.5)
        for key, index in (("1", 0), ("2", 1)):
            for wanted in (1, 2, 3):

                def pressed(key: str = key, index: int = index, wanted: int = wanted) -> bool:
                    if shots()[index] < wanted:
                        xdotool("key", key)
                        time.sleep(0.3)
                    return shots()[index] >= wanted

                wait_until(pressed, f"key {key} has added sample {wanted}")
        before = shots()
        xdotool("key", "z")
        wait_until(lambda: sum(shots()) == sum(before) - 1, "Z takes one back")
        xdotool("key", "t")
        wait_until(lambda: bool(list((data / "models").glob("*.tflite"))), "T trains")
        time.sleep(1.0)
        xdotool("key", "s")
        wait_until(lambda: bool(list(export.glob("teachable/*/SHA256SUMS"))), "S saves")
        time.sleep(0.5)
        xdotool("key", "Escape")
        assert kiosk.wait(PATIENCE_S) == 0
    finally:
        kiosk.kill()
        _, errors = kiosk.communicate()
    assert "Traceback" not in errors
    told = json.loads(report.read_text())
    assert told["shots"] == dict(zip(("Red", "Blue", "Yellow"), shots(), strict=True))
    assert told["export"] is not None
