"""How soon after its start a kiosk shows something: the splash, and then the camera's picture.

How to run: python run_kiosk.py bench start

Prints medians. The reference is a process that imports the same modules, opens the same model, and opens a window.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile

from app.base.errors import BenchmarkUnavailable
from app.base.paths import import_folder
from app.commands.bench.figures import Figure, line_of
from app.commands.bench.machine import machine_line
from app.commands.streams import print_line
from app.devices.display import screen_chosen

RUNS = 3
SPLASH_GOAL_S, RATIO_GOAL = 0.5, 1.8
SPLASH = re.compile(r"the splash is shown ([\d.]+) s after")
PICTURE = re.compile(r"the first picture is shown ([\d.]+) s after")
REFERENCE = """
import sys
import pygame
import app.compose
from app.base.process_age import process_age_s
from app.ui.window import Window
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path
window = Window((1280, 720), fullscreen=False, headless=sys.argv[1] == "headless")
EmbeddingExtractor(default_extractor_path())
print(process_age_s())
"""


def main() -> None:
    """Print the figures."""
    print_line(machine_line())
    headless = not screen_chosen(os.environ)
    splashes, pictures, references = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for run in range(RUNS + 1):  # the first one reads everything from the disk
            splash_s, picture_s = _kiosk(folder, headless=headless)
            reference_s = _reference(headless=headless)
            if run:
                splashes.append(splash_s)
                pictures.append(picture_s)
                references.append(reference_s)
    ratio = statistics.median(one / other for one, other in zip(pictures, references, strict=True))
    for figure in (
        Figure("start", "splash", statistics.median(splashes), "s", SPLASH_GOAL_S),
        Figure("start", "first picture", statistics.median(pictures), "s"),
        Figure("start", "imports, model and window", statistics.median(references), "s"),
        Figure("start", "first picture against imports, model and window", ratio, "×", RATIO_GOAL),
    ):
        print_line(line_of(figure))


def _kiosk(folder: str, *, headless: bool) -> tuple[float, float]:
    """Start a kiosk; return the seconds to the splash and to the first picture."""
    command = [sys.executable, "-m", "run_kiosk", "--verbose", "--camera", "demo", "--data-dir", folder]
    command.append("--headless" if headless else "--windowed")
    with subprocess.Popen(command, cwd=import_folder(), stderr=subprocess.PIPE, text=True) as kiosk:
        assert kiosk.stderr is not None
        splash_s, lines = 0.0, []
        for line in kiosk.stderr:
            lines.append(line)
            if found := SPLASH.search(line):
                splash_s = float(found[1])
            if found := PICTURE.search(line):
                kiosk.terminate()
                kiosk.stderr.read()
                return splash_s, float(found[1])
    raise BenchmarkUnavailable(f"the kiosk did not start: {''.join(lines[-3:]).strip()}")


def _reference(*, headless: bool) -> float:
    command = [sys.executable, "-c", REFERENCE, "headless" if headless else "windowed"]
    done = subprocess.run(command, cwd=import_folder(), capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


if __name__ == "__main__":
    main()
