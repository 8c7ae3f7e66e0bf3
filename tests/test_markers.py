"""Markers decide which tests run in which environment, so no file may lack its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
OTHER_ENVIRONMENTS = {"needs_browser", "needs_dask", "needs_index", "needs_mediapipe", "needs_torch"}


@cache
def modules() -> tuple[tuple[str, str, set[str], set[str]], ...]:
    """Name, source, top-level names of imported packages, and markers of every test module."""
    return tuple(_modules())


def _modules() -> Iterator[tuple[str, str, set[str], set[str]]]:
    for path in sorted(TESTS.rglob("test_*.py")):
        source = path.read_text(encoding="utf-8")
        imported: set[str] = set()
        marks: set[str] = set()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and node.module:
                imported |= {node.module.split(".")[0], ".".join(node.module.split(".")[:2])}
            elif isinstance(node, ast.Import):
                imported.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark":
                marks.update(re.findall(r"pytest\.mark\.(\w+)", ast.unparse(node.value)))
        yield str(path.relative_to(TESTS)), source, imported, marks


def test_every_test_that_uses_a_model_runs_again_with_the_older_runtime() -> None:
    """Except for windows and services in end_to_end/, which are slow and the same with any runtime."""
    unmarked = [
        name
        for name, source, imported, marks in modules()
        if not name.startswith("end_to_end/")
        and (imported & {"learning", "tpu"} or re.search(r"\bstation\b", source))
        and not marks & {"needs_runtime", *OTHER_ENVIRONMENTS}
    ]
    assert unmarked == [], "add `pytestmark = pytest.mark.needs_runtime`"


@pytest.mark.parametrize(
    ("package", "marker"),
    [
        ("torch", "needs_torch"),
        ("tensorflow", "needs_torch"),
        ("mediapipe", "needs_mediapipe"),
        ("tests.browser", "needs_browser"),
    ],
)
def test_every_test_that_imports_a_large_framework_has_its_marker(package: str, marker: str) -> None:
    importing = [(name, marks) for name, _source, imported, marks in modules() if package in imported]
    assert importing
    assert [name for name, marks in importing if marker not in marks] == []


@pytest.mark.parametrize(
    ("marker", "folder"),
    [
        ("needs_browser", "browser/"),
        ("needs_dask", "hub/"),
        ("needs_index", "package/"),
        ("needs_mediapipe", "clients/"),
        ("needs_torch", "pretraining/"),
    ],
)
def test_tests_of_another_environment_are_in_the_folder_that_the_makefile_runs(marker: str, folder: str) -> None:
    marked = [name for name, _source, _imported, marks in modules() if marker in marks]
    assert marked
    assert [name for name in marked if not name.startswith(folder)] == []
