"""Provoke every fault that the kiosk is tested with, and print the tables of docs/faults.md.

python benchmarks/faults.py [COMPILED_edgetpu.tflite] [--only TEXT] [--write docs/faults.md] [--missing]

The rows of the first table are in benchmarks/fault_rows, which says how to add one. Each names a test; this program
runs these tests and shows what they measured. With a compiled extractor, whose CPU file lies beside it, it also tries
the faults of a simulated Edge TPU stick. Otherwise the page keeps the section on the Edge TPU that it has. With
`--missing` the page also keeps the figures of all tests that it has, and only the others run.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._edge_tpu_faults import HEADING, run_cells, section, what_is_wrong
from benchmarks._fault_tests import Outcome, outcomes_in, outcomes_on
from benchmarks._shared import measured_on, option_parser
from benchmarks.fault_rows import FaultRow, all_rows

REPOSITORY = Path(__file__).resolve().parents[1]
IN_GREAT_NUMBERS = "## In great numbers"


def main() -> None:
    """Run the tests of the rows, and the Edge TPU's faults if an extractor is named; write the page."""
    parser = option_parser(__doc__)
    parser.add_argument("extractor", type=Path, nargs="?")
    parser.add_argument("--only", default="", metavar="TEXT", help="only rows with this text; writes nothing")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--missing", action="store_true", help="only run tests that the page has no figures of")
    options = parser.parse_args()
    rows = [row for row in all_rows() if options.only in f"{row.fault} {row.test}"]
    outcomes = outcomes_on(options.write.read_text(encoding="utf-8"), rows) if options.missing else {}
    outcomes |= run_tests([row for row in rows if row.test not in outcomes])
    for row in rows:
        print(line(row, outcomes), flush=True)
    cells = run_cells(options.extractor) if options.extractor is not None else []
    if options.write is not None and not options.only:
        before = options.write.read_text(encoding="utf-8") if options.write.exists() else HEADING
        edge_tpu = before.index(HEADING)
        kept = before[before.index(IN_GREAT_NUMBERS) : edge_tpu] if IN_GREAT_NUMBERS in before else ""
        last = section(cells) if cells else before[edge_tpu:]
        options.write.write_text(page(rows, outcomes) + kept + last, encoding="utf-8")
    if any(outcome.problem for outcome in outcomes.values()) or any(what_is_wrong(cell) for cell in cells):
        sys.exit(1)


def run_tests(rows: Sequence[FaultRow]) -> dict[str, Outcome]:
    """Run the tests of some rows; return what came of each, by its id in the row."""
    tests = sorted({row.test for row in rows})
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-m",
                "",
                "-o",
                "junit_family=xunit1",
                f"--junitxml={report}",
                *tests,
            ],
            cwd=REPOSITORY,
            check=False,
        )
        return outcomes_in(report.read_text(encoding="utf-8"), tests)


def page(rows: Sequence[FaultRow], outcomes: dict[str, Outcome]) -> str:
    """The page up to the section on the Edge TPU, in Markdown."""
    table = "\n".join(line(row, outcomes) for row in rows)
    return f"""# What happens when something fails

Each row is a fault, what a visitor sees (or what the command line prints), and what is kept. The test in the row
provokes the fault, and the last columns show what it measured. "At once" means that nothing stopped working. This
program runs the tests and makes the table:

```sh
.venv/bin/python benchmarks/faults.py --write docs/faults.md
```

| fault | what the visitor sees | what is kept | recovery, s | measured | test |
|---|---|---|---|---|---|
{table}

{measured_on()}

"""


def line(row: FaultRow, outcomes: dict[str, Outcome]) -> str:
    """One line of the table."""
    outcome = outcomes[row.test]
    cells = (row.fault, row.seen, row.kept, outcome.recovery, outcome.measured, f"`{row.test.removeprefix('tests/')}`")
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


if __name__ == "__main__":
    main()
