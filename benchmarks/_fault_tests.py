"""What came of the tests of the table of faults, from the report that pytest writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from benchmarks.fault_rows import FaultRow

RECOVERY = "recovery_s"  # the property that becomes a column of its own


@dataclass(frozen=True)
class Outcome:
    """What came of one test and all its cases.

    Attributes:
        problem: Why it has no figures: "failed", "skipped" or "did not run"; empty if all cases passed.
        recovery: The longest recovery time in seconds, or "at once".
        measured: All other figures.
    """

    problem: str
    recovery: str
    measured: str


def outcomes_in(report: str, tests: Sequence[str]) -> dict[str, Outcome]:
    """Read a report in pytest's xunit1 format; return the outcome of each test by its id.

    Args:
        report: The XML text.
        tests: Ids as in `FaultRow.test`.
    """
    cases = list(ElementTree.fromstring(report).iter("testcase"))
    return {test: _outcome([case for case in cases if _belongs(case, test)]) for test in tests}


def outcomes_on(page: str, rows: Sequence[FaultRow]) -> dict[str, Outcome]:
    """Read the figures of earlier runs from the page; return them by the test's id, without tests that failed."""
    cells = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    found = {row[5].strip("`"): Outcome("", row[3], row[4]) for row in cells if len(row) == 6}
    return {
        row.test: outcome
        for row in rows
        if (outcome := found.get(row.test.removeprefix("tests/"))) is not None and outcome.recovery != "–"
    }


def _belongs(case: ElementTree.Element, test: str) -> bool:
    file, _, name = test.partition("::")
    found = case.get("name", "").partition("[")[0]
    return case.get("file") == file and name.rpartition("::")[2] in ("", found)


def _outcome(cases: Sequence[ElementTree.Element]) -> Outcome:
    problem = "" if cases else "did not run"
    figures: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        if case.find("failure") is not None or case.find("error") is not None:
            problem = "failed"
        elif case.find("skipped") is not None:
            problem = problem or "skipped"
        for one in case.iter("property"):
            figures[one.get("name", "")].append(one.get("value", ""))
    if problem:
        return Outcome(problem, "–", problem)
    recovery = figures.pop(RECOVERY, [])
    measured = "; ".join(f"{name}: {_range(values)}" for name, values in figures.items())
    return Outcome("", f"{max(map(float, recovery)):.1f}" if recovery else "at once", measured or "passed")


def _range(values: Sequence[str]) -> str:
    """The smallest to the largest of some numbers, or the texts that differ."""
    try:
        numbers = sorted(map(float, values))
    except ValueError:
        return ", ".join(dict.fromkeys(values))
    low, high = f"{numbers[0]:.3g}", f"{numbers[-1]:.3g}"
    return low if low == high else f"{low} to {high}"
