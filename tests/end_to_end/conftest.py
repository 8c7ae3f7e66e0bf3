"""A virtual screen for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import virtual_screen


@pytest.fixture
def display(tmp_path: Path) -> Iterator[str]:
    """The name of an X display with an empty virtual screen."""
    with virtual_screen(tmp_path) as name:
        yield name
