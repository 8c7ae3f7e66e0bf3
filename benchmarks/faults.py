"""What goes wrong with an Edge TPU, in everything that a visitor does; prints the table of docs/faults.md.

python benchmarks/faults.py COMPILED_edgetpu.tflite [--write docs/faults.md]

The CPU file lies beside the compiled extractor. Every cell is a whole kiosk, headless, with a stick that is a driver
library of our own (tests/support/edge_tpu); gcc makes it. Takes about five minutes.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._photographs import machine
from tests.support.edge_tpu.faults import FAULTS
from tests.support.edge_tpu.matrix import MODES, WATCHED_S, Cell, run_cell

MOST_PICTURE_MS, MOST_ANSWER_MS = 100, 500


def main() -> None:
    """Run every cell, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("extractor", type=Path)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    cells = []
    for fault in FAULTS:
        for mode in MODES:
            with tempfile.TemporaryDirectory() as folder:
                cells.append(run_cell(fault, mode, options.extractor.resolve(), Path(folder)))
            print(_row(cells[-1]), flush=True)
    if options.write is not None:
        options.write.write_text(page(cells), encoding="utf-8")
    if any(_wrong(cell) for cell in cells):
        sys.exit(1)


def page(cells: Sequence[Cell]) -> str:
    """The whole page, in Markdown."""
    rows = "\n".join(_row(cell) for cell in cells)
    good = sum(not _wrong(cell) for cell in cells)
    return f"""# When the Edge TPU fails

Every fault of a stick, in everything that a visitor does. Each row is a whole kiosk with its real threads, child
process, time limits and database; the stick is a driver library of our own (`tests/support/edge_tpu/libedgetpu.c`) that
opens Google's compiled MobileNet v1 through the real load path and computes with its CPU file.
No Edge TPU was available.

- **samples**: pressed for, and found in the database after the kiosk has closed.
- **picture**: the longest that an event could wait for the picture that shows what follows from it; wanted: below
  {MOST_PICTURE_MS} ms.
- **answer**: the oldest answer, from the camera's picture to what was seen in it; wanted: below {MOST_ANSWER_MS} ms.
- **back**: from the fault until the stick answers (again); "CPU" where it cannot, and the CPU goes on.

Measured from the fault until {WATCHED_S:g} s later, or until the stick is back. {good} of {len(cells)} rows are as
wanted; compare with the rows of no fault, which hold what the screen, the training and the machine itself cost.

| fault | while | samples | picture, ms | answer, ms | back, s | |
|---|---|---|---|---|---|---|
{rows}

Measured on: {machine().removeprefix("# ")}; {os.cpu_count()} cores with a load of {os.getloadavg()[0]:.1f}. A
load beyond the number of cores means that other programs took part: then measure again. Made by

```sh
.venv/bin/python run_kiosk.py models pull mobilenet_v1 && .venv/bin/python run_kiosk.py models pull mobilenet_v1_edgetpu
.venv/bin/python benchmarks/faults.py COMPILED_edgetpu.tflite --write docs/faults.md    # the path that pull printed
```
"""


def _row(cell: Cell) -> str:
    back = "–" if cell.fault == "none" else "CPU" if cell.back_s is None else f"{cell.back_s:.1f}"
    return (
        f"| {cell.fault} | {cell.mode} | {cell.kept} of {cell.pressed} | {cell.picture_ms:.0f} | {cell.answer_ms:.0f} "
        f"| {back} | {_wrong(cell) or 'ok'} |"
    )


def _wrong(cell: Cell) -> str:
    """What is not as it should be; empty when all is."""
    found = [cell.problem] if cell.problem else []
    if cell.kept != cell.pressed:
        found.append("samples lost")
    if cell.picture_ms >= MOST_PICTURE_MS:
        found.append("slow picture")
    if cell.answer_ms >= MOST_ANSWER_MS:
        found.append("late answer")
    return ", ".join(found)


if __name__ == "__main__":
    main()
