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


class SlowPanel:
    """A button at a kiosk that takes one sample of each press, and takes it late."""

    def __init__(self, shots: list[int], late_s: float) -> None:
        self.shots, self.late_s, self.now_s = shots, late_s, 0.0
        self.held_since_s = self.longest_s = 0.0
        self.takes_at_s: float | None = None

    def press(self, _button: object) -> None:
        self.held_since_s, self.takes_at_s = self.now_s, self.now_s + self.late_s

    def release(self, _button: object) -> None:
        self.longest_s = max(self.longest_s, self.now_s - self.held_since_s)

    def tick(self) -> None:
        self.now_s += 0.5
        if self.takes_at_s is not None and self.now_s > self.takes_at_s:
            self.shots[0], self.takes_at_s = self.shots[0] + 1, None


def teaches(late_s: float, ticks: int) -> tuple[SlowPanel, list[int]]:
    shots = [0, 0, 0]
    seen = SimpleNamespace(shown=1, observation=1, state=SimpleNamespace(mode=Mode.TEACH, shots=shots))
    panel = SlowPanel(shots, late_s)
    nothing = SimpleNamespace(kinds=("apple", "cup", "duck"), show=lambda _kind: None, new_view=lambda: None)
    visitor = ScriptedVisitor(
        cast(Any, seen),
        cast(Any, panel),
        cast(Any, nothing),
        clock=lambda: panel.now_s,
        take_screenshot=cast(Any, None),
        skip=cast(Any, None),
    )
    for _ in range(ticks):
        panel.tick()
        visitor.step()
        if shots[0] >= 10:
            break
    return panel, shots


def test_a_button_is_pressed_anew_before_it_counts_as_stuck() -> None:
    panel, shots = teaches(late_s=8.0, ticks=2000)
    assert shots[0] >= 10
    assert panel.longest_s < Config().buttons.stuck_after_s


def test_a_visitor_whose_presses_never_take_a_picture_gives_up() -> None:
    with pytest.raises(DemoFailed):
        teaches(late_s=1e9, ticks=100_000)
