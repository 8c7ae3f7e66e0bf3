"""The demonstration as a process: the scripted visitor uses the whole kiosk and reports what it found."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.base.buttons import StaffPage
from tests.support.processes import REPOSITORY, SMALL, headless, virtual_screen, wait_for, window_is_open, with_screen
from tpu.runtime import available_runtimes

pytestmark = pytest.mark.needs_runtime

EVERY_SCREEN = {
    "teach", "training", "live", "saved", "gallery", "results", "live_de", "confirm", "why", "trick", "pin", "typing",
    "fault", *(f"staff_{page.value}" for page in StaffPage), "still_there", "attract",
}  # fmt: skip
RUNTIME = [name for name in available_runtimes() if name != "pycoral"][-1]  # what this environment is for
SLOW_DISK = "ERROR app.kiosk: the disk does not answer"  # true where other programs keep the disk busy


def test_a_scripted_visitor_teaches_trains_recognises_and_saves(tmp_path: Path) -> None:
    report, config = tmp_path / "demo.json", tmp_path / "small.toml"
    config.write_text(SMALL)
    done = subprocess.run(
        [sys.executable, "run_kiosk.py", "--demo", "--runtime", RUNTIME, "--json", report, "--config", config],
        cwd=REPOSITORY, env=headless(), capture_output=True, text=True, timeout=350, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(report.read_text())
    assert result["live"]["accuracy"] >= 0.95
    assert result["live"]["looked"] >= 50
    assert all(shots >= 5 for shots in result["shots"].values())
    folder = Path(result["export"])
    assert (folder / "converted_tflite_quantized/model.tflite").stat().st_size > 100_000
    assert (folder / "SHA256SUMS").is_file()
    pictures = {Path(path).stem: Path(path) for path in result["screenshots"]}
    assert set(pictures) >= EVERY_SCREEN
    assert {path.parent for path in pictures.values()} == {tmp_path / "demo-screens"}
    assert not list(tmp_path.glob("*.png"))
    assert all(path.stat().st_size > 10_000 for path in pictures.values())
    assert len({path.read_bytes() for path in pictures.values()}) == len(pictures)


def test_with_a_display_the_demonstration_opens_a_window_and_can_be_interrupted(tmp_path: Path) -> None:
    report, config = tmp_path / "demo.json", tmp_path / "small.toml"
    config.write_text(SMALL)
    with virtual_screen(tmp_path) as display:
        environment = with_screen(display)
        demo = subprocess.Popen(
            [sys.executable, "run_kiosk.py", "--demo", "--json", report, "--config", config],
            cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            wait_for(lambda: window_is_open(environment), "the window opens")
            wait_for((tmp_path / "demo-screens/teach.png").is_file, "the visitor teaches")
            assert demo.poll() is None
            demo.send_signal(signal.SIGINT)
            _, errors = demo.communicate(timeout=60)
        finally:
            demo.kill()
            demo.wait()
    said = [line for line in errors.splitlines() if line != SLOW_DISK]
    assert (demo.returncode, said) == (130, ["The demonstration was interrupted, so there is no report."])
    assert not report.exists()
