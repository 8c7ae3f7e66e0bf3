"""Fixtures of the kiosk's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.disks import Sticks, sticks
from tests.support.kiosks import Station


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    """A whole kiosk with a table before its camera, driven step by step."""
    made = Station(tmp_path)
    yield made
    made.close()


@pytest.fixture
def socket(tmp_path: Path) -> Iterator[Sticks]:
    """Where real file systems on loop devices are plugged in."""
    with sticks(tmp_path / "usb") as socket:
        yield socket
