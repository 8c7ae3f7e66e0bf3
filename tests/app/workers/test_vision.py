"""The vision worker: always the newest frame, and one report for failures in a row."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from app.base.i18n import message
from app.base.ports import Frame
from app.base.workers import Mailbox, Worker
from app.core import events as ev
from app.model.observation import Observation
from app.workers.vision import watch_frames
from tests.support.waiting import wait_until
from tpu.errors import InferenceFailed

pytestmark = pytest.mark.needs_runtime


def picture(seed: int = 0) -> np.ndarray:
    image = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8)
    image.flags.writeable = False
    return image


def test_a_slow_model_skips_to_the_newest_frame() -> None:
    class Slow:
        def observe(self, frame: Frame) -> Observation:
            busy.set()
            go_on.wait(20)
            return Observation(frame)

    busy, go_on = threading.Event(), threading.Event()
    frames: Mailbox[Frame] = Mailbox()
    seen: list[int] = []
    worker = Worker(
        "vision",
        lambda stop: watch_frames(
            Slow(), frames, lambda one: seen.append(one.frame.sequence), lambda _e: None, stop=stop
        ),
        lambda *_: None,
    ).start()
    frames.put(Frame(picture(), 0, 0.0))
    assert busy.wait(20)
    for number in range(1, 8):
        frames.put(Frame(picture(), number, 0.0))
    go_on.set()
    wait_until(lambda: len(seen) == 2)
    worker.stop()
    assert seen == [0, 7]


def test_failures_in_a_row_are_announced_once() -> None:
    class Flaky:
        def observe(self, frame: Frame) -> Observation:
            asked.append(frame.sequence)
            if frame.sequence in (1, 2, 4):
                raise InferenceFailed("model", "the stick was pulled")
            return Observation(frame)

    frames: Mailbox[Frame] = Mailbox()
    announced: list[ev.Event] = []
    asked: list[int] = []
    worker = Worker(
        "vision",
        lambda stop: watch_frames(Flaky(), frames, lambda _o: None, announced.append, stop=stop),
        lambda *_: None,
    ).start()
    for number in range(6):
        frames.put(Frame(picture(), number, 0.0))
        wait_until(lambda number=number: number in asked)
    worker.stop()
    reason = message("The model gave no answer. Try again, or call a member of staff.")
    assert announced == [ev.VisionFailed(reason)] * 2


def test_a_model_that_keeps_failing_is_announced_once_more_when_it_is_time_to_give_up() -> None:
    class Broken:
        def observe(self, frame: Frame) -> Observation:
            asked.append(frame.sequence)
            raise InferenceFailed("model", "it is broken")

    frames: Mailbox[Frame] = Mailbox()
    announced: list[ev.Event] = []
    asked: list[int] = []
    worker = Worker(
        "vision",
        lambda stop: watch_frames(Broken(), frames, lambda _o: None, announced.append, stop=stop),
        lambda *_: None,
    ).start()
    for number in range(5):
        frames.put(Frame(picture(), number, 0.0))
        wait_until(lambda number=number: number in asked)
    worker.stop()
    assert [one.in_a_row for one in announced] == [1, 3]
