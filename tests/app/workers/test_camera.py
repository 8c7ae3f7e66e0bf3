"""The camera worker: frames in order, cameras that are lost and found, and turned pictures."""

from __future__ import annotations

import math
import threading
import time
from itertools import count

import numpy as np
import pytest

from app.base.camera_faults import CameraCause
from app.base.errors import CameraUnavailable
from app.base.i18n import translated
from app.base.ports import Frame
from app.base.workers import Mailbox, StopSignal, Worker
from app.core import events as ev
from app.demo.camera import DemonstrationCamera
from app.workers.camera import turned, watch_camera
from tests.support.waiting import wait_until


def test_a_lost_camera_is_announced_once_and_opened_again_when_it_is_back() -> None:
    announced: list[ev.Event] = []
    frames: Mailbox[Frame] = Mailbox()
    table = DemonstrationCamera(frames_per_second=200)
    tries: list[None] = []

    def opened() -> DemonstrationCamera:
        tries.append(None)
        return table

    worker = Worker(
        "camera",
        lambda stop: watch_camera(opened, frames.put, announced.append, stop=stop),
        lambda _name, error: announced.append(error),
    ).start()
    wait_until(lambda: frames.take() is not None)
    table.unplug()
    wait_until(lambda: len(tries) == 3)  # so the second one has failed, too
    table.plug_in()
    wait_until(lambda: len(announced) == 3)
    frames.take()
    wait_until(lambda: frames.take() is not None)
    worker.stop()
    found, lost, found_again = announced
    assert found == found_again == ev.CameraFound("demonstration")
    assert isinstance(lost, ev.CameraLost)
    assert str(lost.reason) == "camera demonstration: it was unplugged. Plug it in again."
    assert translated(lost.reason, "de") == "Kamera demonstration: Sie wurde ausgesteckt. Steck sie wieder ein."


def test_a_camera_that_is_lost_for_another_reason_than_before_is_announced_again() -> None:
    announced: list[ev.Event] = []
    causes = iter([CameraCause.SILENT, CameraCause.SILENT, CameraCause.NOT_CONNECTED])
    tries = count()
    stop = StopSignal()

    def opened() -> DemonstrationCamera:
        cause = next(causes, None)
        if cause is None:
            stop.set()
        raise CameraUnavailable("C270", f"lost, try {next(tries)}", cause or CameraCause.NOT_CONNECTED)

    watch_camera(opened, lambda _frame: None, announced.append, stop=stop)
    assert [one.faults[0].cause for one in announced] == [CameraCause.SILENT, CameraCause.NOT_CONNECTED]


def test_frames_are_numbered_in_order_and_read_only() -> None:
    taken: list[Frame] = []
    done = threading.Event()

    def deliver(frame: Frame) -> None:
        taken.append(frame)
        if len(taken) == 5:
            done.set()

    table = DemonstrationCamera(sleep=lambda _s: None)
    worker = Worker(
        "camera", lambda stop: watch_camera(lambda: table, deliver, lambda _e: None, stop=stop), lambda *_: None
    ).start()
    assert done.wait(20)
    worker.stop()
    assert [frame.sequence for frame in taken[:5]] == [0, 1, 2, 3, 4]
    assert not any(frame.image.flags.writeable for frame in taken)


class Counter:
    """A camera that can skip, and takes 1/30 s of a clock for each picture; it stops its worker after `most`."""

    name = "counter"

    def __init__(self, stop: StopSignal, most: int) -> None:
        self.now_s, self.read_at_s, self._stop, self._left = 0.0, list[float](), stop, most

    def skip(self) -> None:
        self.now_s += 1 / 30
        self._left -= 1
        if self._left <= 0:
            self._stop.set()

    def read(self) -> np.ndarray:
        self.skip()
        self.read_at_s.append(self.now_s)
        return np.full((240, 320, 3), len(self.read_at_s) % 200 + 50, np.uint8)

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("rate_hz", "most_read"), [(math.inf, 300), (15.0, 150), (2.0, 25)])
def test_pictures_beyond_the_wanted_rate_are_skipped(rate_hz: float, most_read: int) -> None:
    stop, frames = StopSignal(), list[Frame]()
    camera = Counter(stop, 300)
    watch_camera(
        lambda: camera, frames.append, lambda _: None, stop=stop, rate_hz=lambda: rate_hz, clock=lambda: camera.now_s
    )
    assert len(frames) == len(camera.read_at_s)
    assert camera.read_at_s[0] == pytest.approx(1 / 30)
    assert most_read * 0.9 <= len(frames) <= most_read * 1.1
    gaps = np.diff(camera.read_at_s)
    assert gaps.max() - gaps.min() < 0.001  # evenly, so that motion does not stutter


def test_the_first_picture_after_a_pause_comes_as_soon_as_it_is_wanted() -> None:
    stop, frames = StopSignal(), list[Frame]()
    camera = Counter(stop, 100)
    watch_camera(
        lambda: camera, frames.append, lambda _: None, stop=stop, clock=lambda: camera.now_s,
        rate_hz=lambda: 2.0 if camera.now_s < 2.05 else math.inf,
    )  # fmt: skip
    assert min(at_s for at_s in camera.read_at_s if at_s > 2.05) < 2.05 + 2 / 30


def test_choosing_another_camera_opens_it_and_rotation_turns_the_pictures() -> None:
    wanted, degrees = ["left"], [0]
    opened: list[str] = []
    frames: Mailbox[Frame] = Mailbox()
    happened: list[ev.Event] = []

    class Eye:
        def __init__(self) -> None:
            self.name = wanted[0]
            opened.append(self.name)

        def read(self) -> np.ndarray:
            time.sleep(0.002)
            return np.arange(24, dtype=np.uint8).reshape(2, 4, 3)

        def close(self) -> None:
            opened.append(f"closed {self.name}")

    worker = Worker(
        "camera",
        lambda stop: watch_camera(
            Eye, frames.put, happened.append, stop=stop, wanted=lambda: wanted[0], rotation=lambda: degrees[0]
        ),
        lambda _name, error: pytest.fail(str(error)),
    ).start()
    wait_until(lambda: ev.CameraFound("left") in happened)
    assert frames.take(5.0).image.shape == (2, 4, 3)
    degrees[0] = 90
    wait_until(lambda: frames.take(5.0).image.shape == (4, 2, 3))
    wanted[0] = "right"
    wait_until(lambda: ev.CameraFound("right") in happened)
    worker.stop()
    assert opened == ["left", "closed left", "right", "closed right"]


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_rotation_is_clockwise(degrees: int) -> None:
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert np.array_equal(turned(image, degrees), turned_by_hand(image, degrees))


def turned_by_hand(image: np.ndarray, degrees: int) -> np.ndarray:
    """By hand: clockwise, the first row becomes the last column."""
    for _ in range(degrees // 90):
        height, width = image.shape[:2]
        image = np.array([[image[height - 1 - x, y] for x in range(height)] for y in range(width)])
    return image


def test_a_camera_that_can_keep_its_light_does_so_while_it_is_asked_to() -> None:
    said: list[bool] = []
    kept, frames = [False], Mailbox[Frame]()

    class Webcam(DemonstrationCamera):
        def keep_light(self, kept: bool) -> None:
            said.append(kept)

    camera = Webcam(frames_per_second=200)
    worker = Worker(
        "camera",
        lambda stop: watch_camera(lambda: camera, frames.put, lambda _: None, stop=stop, keeps_light=lambda: kept[0]),
        lambda *_: None,
    ).start()
    wait_until(lambda: frames.take() is not None)
    kept[0] = True
    wait_until(lambda: said == [True])
    kept[0] = False
    wait_until(lambda: said == [True, False])
    worker.stop()
