"""The part of docs/faults.md on the Edge TPU: each fault of a simulated stick, in everything that a visitor does.

Every row is one run of a whole kiosk without a window. The stick is a simulated driver library
(tests/support/edge_tpu), which gcc compiles. Takes about five minutes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks._shared import measured_on
from tests.support.edge_tpu.faults import FAULTS
from tests.support.edge_tpu.matrix import MODES, WATCHED_S, Cell, run_cell

HEADING = "## When the Edge TPU fails"
MOST_PICTURE_MS, MOST_ANSWER_MS = 100, 500


def run_cells(extractor: Path) -> list[Cell]:
    """Run every cell with a compiled extractor, and print its row."""
    cells = []
    for fault in FAULTS:
        for mode in MODES:
            with tempfile.TemporaryDirectory() as folder:
                cells.append(run_cell(fault, mode, extractor.resolve(), Path(folder)))
            print(_row(cells[-1]), flush=True)
    return cells


def section(cells: Sequence[Cell]) -> str:
    """The section of the page, in Markdown."""
    rows = "\n".join(_row(cell) for cell in cells)
    good = sum(not what_is_wrong(cell) for cell in cells)
    return f"""{HEADING}

Every fault of an Edge TPU stick is tried in everything that a visitor does. Each row of this table is one run of a
whole kiosk, with its real threads, child process, time limits and database. The stick is simulated: a driver library
(`tests/support/edge_tpu/libedgetpu.c`) loads Google's compiled MobileNet v1 in the same way as the real driver, and
computes with the model's CPU file. **Not tried on hardware:** no Edge TPU was available.

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

{measured_on()} To make this section again:

```sh
.venv/bin/python run_kiosk.py models pull mobilenet_v1 && .venv/bin/python run_kiosk.py models pull mobilenet_v1_edgetpu
.venv/bin/python benchmarks/faults.py COMPILED_edgetpu.tflite --write docs/faults.md    # the path that pull printed
```
"""


def _row(cell: Cell) -> str:
    back = "–" if cell.fault == "none" else "CPU" if cell.back_s is None else f"{cell.back_s:.1f}"
    return (
        f"| {cell.fault} | {cell.mode} | {cell.kept} of {cell.pressed} | {cell.picture_ms:.0f} | {cell.answer_ms:.0f} "
        f"| {back} | {what_is_wrong(cell) or 'ok'} |"
    )


def what_is_wrong(cell: Cell) -> str:
    """What is not as it should be; empty when all is."""
    found = [cell.problem] if cell.problem else []
    if cell.kept != cell.pressed:
        found.append("samples lost")
    if cell.picture_ms >= MOST_PICTURE_MS:
        found.append("slow picture")
    if cell.answer_ms >= MOST_ANSWER_MS:
        found.append("late answer")
    return ", ".join(found)
