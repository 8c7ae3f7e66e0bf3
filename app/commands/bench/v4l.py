"""A simulated webcam that hands out pictures as OpenCV and a V4L2 driver do, so that loops wait for what they wait for.

The rule is that of OpenCV (`modules/videoio/src/cap_v4l.cpp`: DEFAULT_V4L_BUFFERS, `grabFrame`, `read_frame_v4l2`) and
of V4L2 (VIDIOC_QBUF, VIDIOC_DQBUF). The driver fills the buffers in the order in which it gets them, and drops a
picture that comes while it has none. `read` first returns the buffer of the read before to the driver, and then takes
the oldest filled one, or waits for it. So a loop that is slower than the camera reads the oldest of three pictures that
wait in OpenCV's four buffers, and one that asks for a single buffer waits for a new picture every time.

A picture arrives here as a whole. A USB camera sends it over most of a frame, and what it sends while the driver has no
buffer is lost, so a real loop with a single buffer may wait for one frame more.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence

from app.base.ports import Clock, ImageArray

OPENCV_BUFFERS = 4  # what OpenCV asks for unless CAP_PROP_BUFFERSIZE is set


class V4lCamera:
    """A camera with a steady rate and a queue of buffers.

    Args:
        pictures: What it sees, over and over.
        buffers: How many the program has asked for.
        rate_hz: Pictures per second.
        clock: Monotonic seconds.
        sleep: Waits for so many seconds.

    Attributes:
        captured_s: When the picture that was read last was taken.
    """

    name = "simulated webcam"

    def __init__(
        self,
        pictures: Sequence[ImageArray],
        buffers: int,
        *,
        rate_hz: float,
        clock: Clock = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pictures, self._period_s = pictures, 1 / rate_hz
        self._clock, self._sleep = clock, sleep
        self._empty, self._filled, self._holds_one = buffers, deque[float](), False
        self._next_s = self.captured_s = clock()
        self._count = 0

    def read(self) -> ImageArray:
        """Return the oldest picture that waits; wait for the next one if there is none."""
        self._fill(self._clock())
        if self._holds_one:
            self._empty += 1
        if not self._filled:
            self._sleep(max(0.0, self._next_s - self._clock()))
            self._fill(self._next_s)
        self.captured_s, self._holds_one = self._filled.popleft(), True
        self._count += 1
        return self._pictures[self._count % len(self._pictures)].copy()

    def close(self) -> None:
        """Do nothing: nothing is open."""

    def _fill(self, until_s: float) -> None:
        """Let the driver have its way until then."""
        while self._next_s <= until_s:
            if self._empty:
                self._filled.append(self._next_s)
                self._empty -= 1
            self._next_s += self._period_s
