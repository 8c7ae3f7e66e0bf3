"""How soon after its start the kiosk shows something: the splash, and then the ready kiosk.

python benchmarks/splash.py [--runs 5]

Starts the kiosk in a window on the present display, or in memory without one, and stops it when it is ready. Prints the
median seconds from the start of the process, and the share of the splash: the part of the start after which a visitor
sees that the kiosk is alive. The share does not depend on how busy the machine is.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.devices.display import screen_chosen
from benchmarks._shared import machine_line, option_parser

ROOT = Path(__file__).resolve().parents[1]
SPLASH = re.compile(r"the splash is shown ([\d.]+) s after")
READY = re.compile(r"the kiosk is ready ([\d.]+) s after")


def measured(folder: str) -> tuple[float, float]:
    """Start a kiosk; return the seconds to the splash and to the ready kiosk."""
    command = [sys.executable, "run_kiosk.py", "--verbose", "--camera", "demo", "--data-dir", folder]
    command.append("--windowed" if screen_chosen(os.environ) else "--headless")
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as kiosk:
        assert kiosk.stderr is not None
        splash_s, lines = 0.0, []
        for line in kiosk.stderr:
            lines.append(line)
            if found := SPLASH.search(line):
                splash_s = float(found[1])
            if found := READY.search(line):
                kiosk.terminate()
                kiosk.stderr.read()
                return splash_s, float(found[1])
    raise SystemExit("".join(lines))


def main() -> None:
    """Print the medians."""
    options = option_parser(__doc__)
    options.add_argument("--runs", type=int, default=5)
    runs = options.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        measured(folder)  # the first run reads everything from the disk
        times = [measured(folder) for _ in range(runs)]
    splash_s, ready_s = (statistics.median(column) for column in zip(*times, strict=True))
    print(machine_line())
    print("what,seconds")
    print(f"splash,{splash_s:.2f}")
    print(f"ready,{ready_s:.2f}")
    print(f"share of the splash,{statistics.median(one / other for one, other in times):.2f}")


if __name__ == "__main__":
    main()
