"""Presses wait for frames of their own; UNDO takes back those of the newest hold alone."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from app.base.ports import Frame
from app.core import events as ev
from app.jobs.presses import Presses
from app.jobs.running import JobQueue

NEVER_USED = cast(Any, None)


def presses_of(*holds: int) -> tuple[Presses, list[ev.Event]]:
    """Presses of class 0 in these holds that wait for a frame, and what is announced."""
    announced: list[ev.Event] = []
    presses = Presses(NEVER_USED, announced.append, JobQueue(), JobQueue(), NEVER_USED, NEVER_USED)
    for hold in holds:
        presses.add(ev.AddSample(0, hold), Frame(np.zeros((4, 4, 3), np.uint8), 1, 0.0))
    return presses, announced


def test_undo_withdraws_the_presses_of_the_newest_hold_and_those_before_wait_on() -> None:
    presses, announced = presses_of(1, 2, 2)
    assert presses.withdraw_newest_hold() == 2
    assert announced == [ev.SampleWithdrawn(0, 2)]
    assert presses.waiting
    assert presses.withdraw_newest_hold() == 1
    assert announced[1:] == [ev.SampleWithdrawn(0, 1)]
    assert not presses.waiting
    assert presses.withdraw_newest_hold() is None


def test_without_a_camera_every_press_that_waits_is_refused() -> None:
    presses, announced = presses_of(1, 2)
    presses.refuse()
    assert [type(event) for event in announced] == [ev.SampleRefused] * 2
    assert not presses.waiting
