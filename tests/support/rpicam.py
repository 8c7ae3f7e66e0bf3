"""A program named rpicam-vid that does what a test wants: it lists cameras, writes pictures, hangs, fails or dies."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

ORANGE = (230, 120, 20)
LIST = """Available cameras
-----------------
0 : imx708 [4608x2592 10-bit RGGB] (/base/soc/i2c0mux/i2c@1/imx708@1a)
    Modes: 'SRGGB10_CSI2P' : 1536x864 [120.13 fps - (768, 432)/3072x1728 crop]
                             2304x1296 [56.03 fps - (0, 0)/4608x2592 crop]
1 : imx219 [3280x2464 10-bit RGGB] (/base/soc/i2c0mux/i2c@0/imx219@10)
    Modes: 'SRGGB10_CSI2P' : 640x480 [206.65 fps - (1000, 752)/1280x960 crop]
"""
METADATA = """{{
    "SensorTimestamp": 8145211000,
    "ExposureTime": {exposure},
    "AnalogueGain": 1.5,
    "ColourGains": [ 1.75, 1.25 ],
    "Lux": 400.0
}},
"""
PROGRAM = """#!{python}
import json, sys, time
from pathlib import Path
folder = Path({folder!r})
plan = json.loads((folder / "plan.json").read_text())
with (folder / "calls.txt").open("a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + chr(10))
if "--list-cameras" in sys.argv:
    time.sleep(plan["lists_after_s"])
    sys.stdout.write(plan["list"])
    sys.exit()
sys.stderr.write(plan["error"])
sys.stderr.flush()
metadata = None
if "--metadata" in sys.argv:
    metadata = open(sys.argv[sys.argv.index("--metadata") + 1], "w", buffering=1)
    metadata.write("[")
pictures = [(folder / name).read_bytes() for name in plan["pictures"]]
for number in range(plan["count"]):
    if metadata:
        metadata.write({metadata!r}.format(exposure=1000 + number))
    sys.stdout.buffer.write(pictures[number % len(pictures)])
    sys.stdout.buffer.flush()
    time.sleep(0.01)
if plan["then"] == "hang":
    time.sleep(3600)
sys.exit(plan["then"])
"""


class FakeRpicam:
    """The program's folder, which is the first of PATH.

    Args:
        folder: Where the program is written.
        monkeypatch: Changes PATH until the test ends.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        program = folder / "rpicam-vid"
        program.write_text(PROGRAM.format(python=sys.executable, folder=str(folder), metadata=METADATA))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        self.plan: dict[str, Any] = {"list": LIST, "lists_after_s": 0, "error": "", "count": 10**6, "then": "hang"}
        self.shows(ORANGE)

    def does(self, **plan: Any) -> None:
        """Change what the next call does: `list`, `error`, `count` of pictures, and `then` "hang" or an exit code."""
        self.plan.update(plan)
        (self.folder / "plan.json").write_text(json.dumps(self.plan))

    def shows(self, *colours: tuple[int, int, int]) -> None:
        """Write pictures of these colours (RGB), in turn."""
        self.writes(*(jpeg(colour) for colour in colours))

    def writes(self, *pieces: bytes) -> None:
        """Write these bytes, in turn."""
        names = [f"piece{number}" for number, _ in enumerate(pieces)]
        for name, piece in zip(names, pieces, strict=True):
            (self.folder / name).write_bytes(piece)
        self.does(pictures=names)

    def calls(self) -> list[list[str]]:
        """The arguments of all calls so far."""
        path = self.folder / "calls.txt"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def jpeg(colour: tuple[int, int, int], edge_px: int = 48) -> bytes:
    """A picture of one colour (RGB), as JPEG."""
    return cv2.imencode(".jpg", np.full((edge_px, edge_px, 3), colour[::-1], np.uint8))[1].tobytes()
