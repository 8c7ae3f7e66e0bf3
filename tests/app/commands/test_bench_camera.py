"""The simulated webcam of the benchmarks hands out pictures by the rule of OpenCV and V4L2."""

from __future__ import annotations

import numpy as np
import pytest

from app.commands.bench.v4l import OPENCV_BUFFERS, V4lCamera

PERIOD_S = 0.25  # a power of two, so that sums are exact
PICTURES = [np.full((2, 2, 3), number, np.uint8) for number in range(3)]


class Time:
    """A clock that stands still except while somebody works or sleeps."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def pass_(self, seconds: float) -> None:
        self.now_s += seconds


def ages_read(buffers: int, works_s: float, count: int = 8) -> tuple[list[float], float]:
    """How old the pictures of a loop are when it gets them, in frames; and how long a round takes, in frames."""
    time = Time()
    camera = V4lCamera(PICTURES, buffers, rate_hz=1 / PERIOD_S, clock=lambda: time.now_s, sleep=time.pass_)
    ages, before_s = [], 0.0
    for _ in range(count):
        before_s = time.now_s
        camera.read()
        ages.append((time.now_s - camera.captured_s) / PERIOD_S)
        time.pass_(works_s * PERIOD_S)
    return ages, (time.now_s - before_s) / PERIOD_S


@pytest.mark.parametrize("buffers", [2, OPENCV_BUFFERS])
def test_a_loop_that_is_faster_than_the_camera_gets_every_picture_at_once(buffers: int) -> None:
    assert ages_read(buffers, 0.5) == ([0.0] * 8, 1.0)


def test_a_slow_loop_reads_the_oldest_of_three_pictures_that_wait_in_four_buffers() -> None:
    ages, round_frames = ages_read(OPENCV_BUFFERS, 2.5)
    assert ages[:5] == [0.0, 1.5, 3.0, 4.5, 6.0]  # pictures 0 to 4; picture 5 found no buffer
    assert round_frames == 2.5
    assert all(
        3 * 2.5 - 1 <= age <= 3 * 2.5 for age in ages[5:]
    )  # each came within a frame after the third read before


def test_with_two_buffers_a_picture_waits_for_less_than_a_round() -> None:
    ages, round_frames = ages_read(2, 2.5)
    assert round_frames == 2.5
    assert all(2.5 - 1 <= age <= 2.5 for age in ages[1:])


def test_with_a_single_buffer_a_loop_waits_for_a_new_picture_every_time() -> None:
    ages, round_frames = ages_read(1, 2.5)
    assert ages == [0.0] * 8
    assert round_frames == 3.0


def test_pictures_are_copies_that_the_reader_may_change() -> None:
    time = Time()
    camera = V4lCamera(PICTURES, 2, rate_hz=1 / PERIOD_S, clock=lambda: time.now_s, sleep=time.pass_)
    for _ in range(6):
        camera.read()[:] = 9
    assert [int(picture.max()) for picture in PICTURES] == [0, 1, 2]
