"""The record of what was tried on another processor, and the modules that its tests find there."""

from __future__ import annotations

from pathlib import Path

from distribution.arm64 import SOURCES, Part, Record, Station
from distribution.deb.build import REPOSITORY
from distribution.roots import Root


def test_a_part_that_failed_runs_again_and_then_leaves_no_output(tmp_path: Path) -> None:
    results = iter([(1, "1 failed"), (0, "1 passed")])
    part = Part("tests/test_x.py", lambda: next(results))
    Record(tmp_path / "state.json").run(part)
    log = tmp_path / "tests.test_x.py.log"
    assert log.read_text() == "1 failed"
    assert not Record(tmp_path / "state.json").passed(part.name)
    Record(tmp_path / "state.json").run(part)
    assert not log.exists()
    assert Record(tmp_path / "state.json").passed(part.name)


def test_two_calls_side_by_side_keep_what_the_other_recorded(tmp_path: Path) -> None:
    first, second = Record(tmp_path / "state.json"), Record(tmp_path / "state.json")
    first.run(Part("one", lambda: (0, "")))
    second.run(Part("two", lambda: (0, "")))
    third = Record(tmp_path / "state.json")
    assert third.passed("one")
    assert third.passed("two")


def test_a_module_that_the_project_no_longer_has_is_not_there_either(tmp_path: Path) -> None:
    root = Root(tmp_path / "root")
    old = root.path(SOURCES) / "app/removed_long_ago.py"
    old.parent.mkdir(parents=True)
    old.touch()
    Station(root, tmp_path, "3.11", None)
    assert not old.exists()
    assert (root.path(SOURCES) / "app/loop.py").read_bytes() == (REPOSITORY / "app/loop.py").read_bytes()
