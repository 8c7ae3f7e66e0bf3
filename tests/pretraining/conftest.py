"""Settings for all tests of pretraining."""

from __future__ import annotations

import pytest

from pretraining import world


@pytest.fixture(autouse=True)
def few_backgrounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rendering hundreds of walls and rooms takes most of the time and is not what these tests are about."""
    monkeypatch.setattr(world, "WALLS", 8)
    monkeypatch.setattr(world, "ROOMS", 8)
    monkeypatch.setattr(world, "ROOMS_RENEWED", 1)
