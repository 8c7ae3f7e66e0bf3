"""The camera worker: reads the pictures that are wanted, and passes on every one as a frame.

When the camera is lost, it says so once and tries to open it again until that works.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from itertools import count

import numpy as np

from app.base.camera_faults import CameraFault
from app.base.errors import CameraUnavailable
from app.base.i18n import Text
from app.base.ports import DEMONSTRATION, Camera, Clock, Frame, ImageArray, KeepsLight, skip_picture
from app.base.workers import StopSignal
from app.core.events import CameraFound, CameraLost, Event, PicturesJudged
from app.devices.file_cameras import FolderCamera
from app.workers.picture_quality import PictureQuality

logger = logging.getLogger(__name__)

FIRST_RETRY_S, LONGEST_RETRY_S = 0.5, 5.0  # the time between tries doubles from the first to the longest
EARLY = 0.75  # a picture may come after this part of the wanted time: cameras are not punctual


def watch_camera(
    open_camera: Callable[[], Camera],
    deliver: Callable[[Frame], None],
    announce: Callable[[Event], None],
    *,
    stop: StopSignal,
    wanted: Callable[[], object] = lambda: None,
    rotation: Callable[[], int] = lambda: 0,
    keeps_light: Callable[[], bool] = lambda: False,
    rate_hz: Callable[[], float] = lambda: math.inf,
    clock: Clock = time.monotonic,
    numbers: Iterator[int] | None = None,
) -> None:
    """Read frames until `stop` is set.

    Args:
        open_camera: Opens the camera that is wanted now; raises CameraUnavailable.
        deliver: Receives every frame; its image is read-only.
        announce: Receives CameraFound with the first frame, CameraLost when there are no more, or for another reason
            than before, and PicturesJudged when the pictures begin or cease to be of no use.
        stop: Ends the loop.
        wanted: Returns which camera is wanted; when the value changes, `open_camera` is called again.
        rotation: Returns by how many degrees pictures are turned clockwise: 0, 90, 180 or 270.
        keeps_light: Returns whether a camera that can keep exposure and white balance must do so now.
        rate_hz: Returns how many pictures per second are wanted at most; the others are dropped.
        clock: Monotonic seconds for `Frame.captured_at_s`.
        numbers: The numbers of the frames; a worker that replaces another one goes on with its numbers.
    """
    sequence = numbers if numbers is not None else count()
    retry_s = FIRST_RETRY_S
    announced: tuple[CameraFault, ...] = ()
    while not stop.is_set():
        chosen = wanted()
        try:
            camera = open_camera()
            try:
                delivers = kept = False
                thinning = _Thinning()
                quality = PictureQuality(one_size=not isinstance(camera, FolderCamera))
                problem: Text | None = None
                while not stop.is_set() and wanted() == chosen:
                    if isinstance(camera, KeepsLight) and keeps_light() != kept:
                        kept = not kept
                        camera.keep_light(kept)
                    if not thinning.wants_next(rate_hz()):
                        skip_picture(camera)
                        thinning.skipped(clock())
                        continue
                    image = turned(camera.read(), rotation())
                    image.flags.writeable = False
                    if not delivers:  # some drivers open a camera that is gone: only a picture is proof
                        announce(CameraFound(camera.name))
                        delivers, announced, retry_s = True, (), FIRST_RETRY_S
                    taken_at_s = clock()
                    thinning.taken(taken_at_s)
                    before, problem = problem, quality.problem(image, taken_at_s) if judged(camera) else None
                    if problem != before:
                        announce(PicturesJudged(problem))
                    deliver(Frame(image, next(sequence), taken_at_s))
            finally:
                camera.close()
        except CameraUnavailable as error:
            if announced != error.faults:  # lost, or for another reason than before
                logger.log(logging.INFO if announced else logging.WARNING, "%s", error)
                announce(CameraLost(error.message, error.faults))
                announced = error.faults
            stop.wait(retry_s)
            retry_s = min(retry_s * 2, LONGEST_RETRY_S)


class _Thinning:
    """Which pictures of a camera to take so that they come evenly, and no more often than they are wanted."""

    def __init__(self) -> None:
        self._arrived_s: float | None = None
        self._taken_s = 0.0
        self._period_s = 0.0  # from picture to picture

    def wants_next(self, rate_hz: float) -> bool:
        """Whether to take the picture that the camera delivers next."""
        return self._arrived_s is None or self._arrived_s + self._period_s - self._taken_s >= EARLY / rate_hz

    def taken(self, now_s: float) -> None:
        """A picture was taken."""
        self.skipped(now_s)
        self._taken_s = now_s

    def skipped(self, now_s: float) -> None:
        """A picture was dropped."""
        if self._arrived_s is not None:
            self._period_s = now_s - self._arrived_s
        self._arrived_s = now_s


def judged(camera: Camera) -> bool:
    """Whether black or tiny pictures of this camera are a fault."""
    return camera.name != DEMONSTRATION


def turned(image: ImageArray, degrees: int) -> ImageArray:
    """Turn a picture clockwise by 0, 90, 180 or 270 degrees."""
    return image if degrees == 0 else np.ascontiguousarray(np.rot90(image, -degrees // 90))
