"""The scripted visitor is as patient as the machine is slow."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.core.state import Mode
from app.demo.visitor import DemoFailed, ScriptedVisitor

STUCK = SimpleNamespace(shown=None, observation=None, state=SimpleNamespace(mode=Mode.TEACH))


def waits(ticks: int, tick_s: float) -> None:
    """Let the visitor wait for a kiosk that does nothing, for so many ticks of so many seconds."""
    now_s = 0.0
    nothing = cast(Any, None)
    visitor = ScriptedVisitor(
        cast(Any, STUCK), nothing, nothing, clock=lambda: now_s, take_screenshot=nothing, skip=nothing
    )
    for tick in range(ticks):
        now_s = tick * tick_s
        visitor.step()


def test_the_visitor_waits_for_some_hundred_ticks_however_long_they_take() -> None:
    waits(500, 20.0)
    with pytest.raises(DemoFailed) as failed:
        waits(1300, 1 / 30)
    assert str(failed.value) == (
        "the demonstration waited 40 s without an effect while the kiosk was in mode 'teach'. "
        "Run it with --verbose to see why."
    )
    waits(1100, 1 / 30)
