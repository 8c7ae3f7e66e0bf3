"""The scripted visitor is as patient as the machine is slow."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.config.schema import Config
from app.core.events import TimePassed
from app.core.state import Mode
from app.core.transitions import advance
from app.demo.setup import Demo, demo_config
from app.demo.visitor import DemoFailed, ScriptedVisitor
from tests.support.states import kiosk


def waits(ticks: int, tick_s: float, *, ticks_per_answer: int) -> None:
    """Let the visitor wait for a kiosk that does nothing but look, for so many ticks of so many seconds."""
    now_s = 0.0
    nothing = cast(Any, None)
    stuck = SimpleNamespace(shown=None, observation=None, state=SimpleNamespace(mode=Mode.TEACH))
    visitor = ScriptedVisitor(
        cast(Any, stuck), nothing, nothing, clock=lambda: now_s, take_screenshot=nothing, skip=nothing
    )
    for tick in range(ticks):
        now_s = tick * tick_s
        if tick % ticks_per_answer == 0:
            stuck.observation = object()
        visitor.step()


def test_the_visitor_waits_for_some_hundred_ticks_however_long_they_take() -> None:
    waits(500, 20.0, ticks_per_answer=1)
    with pytest.raises(DemoFailed) as failed:
        waits(1300, 1 / 30, ticks_per_answer=2)
    assert str(failed.value) == (
        "the demonstration waited 40 s without an effect while the kiosk was in mode 'teach'. "
        "Run it with --verbose to see why."
    )
    waits(1100, 1 / 30, ticks_per_answer=2)


def test_where_answers_are_rarer_than_ticks_the_visitor_waits_for_a_hundred_answers() -> None:
    waits(5000, 0.2, ticks_per_answer=50)
    with pytest.raises(DemoFailed):
        waits(5200, 0.2, ticks_per_answer=50)


def test_the_visitor_does_not_wait_for_ever_for_a_kiosk_that_looks_at_nothing() -> None:
    waits(6000, 1 / 60, ticks_per_answer=10_000)
    with pytest.raises(DemoFailed):
        waits(6100, 1 / 60, ticks_per_answer=10_000)


def test_the_kiosk_does_not_ask_a_visitor_who_watches_for_a_quarter_of_an_hour_whether_he_is_there(
    tmp_path: Path,
) -> None:
    demo = Demo(tmp_path, None, cast(Any, None))
    with ExitStack() as stack:
        config = demo_config(Config(), demo, stack)
    state = replace(kiosk(3, 3, mode=Mode.LIVE), config=config, last_input_s=0.0)
    assert advance(state, TimePassed(900.0))[0].mode is Mode.LIVE
    assert advance(state, TimePassed(3600.0))[0].mode is Mode.STILL_THERE
