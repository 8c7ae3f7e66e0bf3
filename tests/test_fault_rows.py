"""The table of faults names tests that exist, and shows what they measured."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from benchmarks._fault_tests import Outcome, outcomes_in
from benchmarks.fault_rows import FaultRow, all_rows

REPOSITORY = Path(__file__).resolve().parents[1]
REPORT = """<testsuites><testsuite>
<testcase file="tests/test_x.py" classname="tests.test_x" name="test_it_recovers[a]"><properties>
<property name="recovery_s" value="0.52" /><property name="kept" value="7" /></properties></testcase>
<testcase file="tests/test_x.py" classname="tests.test_x" name="test_it_recovers[b]"><properties>
<property name="recovery_s" value="1.26" /><property name="kept" value="12" /></properties></testcase>
<testcase file="tests/test_x.py" classname="tests.test_x" name="test_it_fails"><failure message="x" /></testcase>
<testcase file="tests/test_y.py" classname="tests.test_y" name="test_it_skips"><skipped message="x" /></testcase>
<testcase file="tests/test_y.py" classname="tests.test_y" name="test_it_goes_on" />
</testsuite></testsuites>"""


@pytest.mark.parametrize("row", all_rows(), ids=lambda row: row.fault)
def test_every_row_names_a_test_that_exists_and_says_what_is_seen_and_kept(row: FaultRow) -> None:
    file, _, name = row.test.partition("::")
    tree = ast.parse((REPOSITORY / file).read_text(encoding="utf-8"))
    assert not name or name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert row.fault
    assert row.seen
    assert row.kept


def test_a_row_shows_what_all_cases_of_its_test_recorded() -> None:
    found = outcomes_in(REPORT, ["tests/test_x.py::test_it_recovers", "tests/test_y.py::test_it_goes_on"])
    assert found["tests/test_x.py::test_it_recovers"] == Outcome("", "1.3", "kept: 7 to 12")
    assert found["tests/test_y.py::test_it_goes_on"] == Outcome("", "at once", "passed")


def test_a_row_whose_test_failed_skipped_or_did_not_run_says_so() -> None:
    tests = {
        "tests/test_x.py::test_it_fails": "failed",
        "tests/test_x.py": "failed",
        "tests/test_y.py": "skipped",
        "tests/test_z.py": "did not run",
    }
    assert {test: outcome.problem for test, outcome in outcomes_in(REPORT, list(tests)).items()} == tests
