"""Test the kiosk with a simulated Edge TPU stick that fails; prints the table of docs/faults.md.

python benchmarks/faults.py COMPILED_edgetpu.tflite [--write docs/faults.md]

Put the extractor's CPU file beside the compiled one. Every row of the table is one run of a whole kiosk without a
window. The stick is a simulated driver library (tests/support/edge_tpu), which gcc compiles. Takes about five minutes.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._shared import machine_line, option_parser
from tests.support.edge_tpu.faults import FAULTS
from tests.support.edge_tpu.matrix import MODES, WATCHED_S, Cell, run_cell

MOST_PICTURE_MS, MOST_ANSWER_MS = 100, 500


def main() -> None:
    """Run every cell, and write the page."""
    parser = option_parser(__doc__)
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

This page shows how the kiosk behaves for a visitor when an Edge TPU stick fails. Every fault is tried in everything
that a visitor does. Each row of the table is one run of a whole kiosk, with its real threads, child process, time
limits and database. The stick is simulated: a driver library (`tests/support/edge_tpu/libedgetpu.c`) loads Google's
compiled MobileNet v1 in the same way as the real driver, and computes with the model's CPU file. **Not tried on
hardware:** no Edge TPU was available.

| column | meaning | limit |
|---|---|---|
| fault | what goes wrong with the stick | |
| during | what the visitor is doing; "attract" is the visit that plays when nobody is there | |
| samples | samples in the database after the kiosk has closed, of those that a button was pressed for | all |
| screen, ms | the longest time from an event until the screen shows its effect | below {MOST_PICTURE_MS} |
| answer, ms | the longest time from a camera picture until its answer | below {MOST_ANSWER_MS} |
| back, s | time from the fault until the stick answers (again); "CPU" if it does not, and the CPU goes on answering | |

Each run is measured from the fault until {WATCHED_S:g} s later, or until the stick is back. {good} of {len(cells)} runs
stay within the limits. The rows with the fault "none" show how long screen, training and machine take without a fault.

| fault | during | samples | screen, ms | answer, ms | back, s | |
|---|---|---|---|---|---|---|
{rows}

Measured on: {machine_line().removeprefix("# ")}; {os.cpu_count()} cores with a load of {os.getloadavg()[0]:.1f}. If the
load is higher than the number of cores, other programs were running too: measure again. To make this page:

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
