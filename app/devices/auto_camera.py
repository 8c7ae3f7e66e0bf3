"""The camera of `--camera auto`: a stand-in until a camera is plugged in for the first time, then only cameras."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from app.base.camera_faults import CameraCause
from app.base.errors import CameraUnavailable
from app.base.i18n import message
from app.base.ports import Camera, Clock, ImageArray, skip_picture
from app.devices.camera import candidates, first_camera

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0  # for a camera, while the stand-in is shown


class AutoCamera:
    """Opens the first camera that delivers pictures, or a stand-in until there was one.

    The stand-in ends when a new device appears, so that its user opens the camera again. Once a real camera was found,
    the stand-in is never shown again: a visitor's pictures must not be mixed with its pictures.

    Args:
        stand_in: The camera to show until there is a real one.
        find: Opens the first camera that delivers pictures.
        list_candidates: Lists the devices that may be cameras.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        stand_in: Camera,
        *,
        find: Callable[[], Camera] | None = None,
        list_candidates: Callable[[], list[str]] | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._stand_in = stand_in
        self._find = find or first_camera
        self._list = list_candidates or candidates
        self._clock = clock
        self._found = ""  # the name of the last real camera

    def open(self) -> Camera:
        """Open the camera, or the stand-in.

        Raises:
            CameraUnavailable: If there was a real camera and it is gone.
        """
        known = set(self._list())
        try:
            camera = self._find()
        except CameraUnavailable as error:
            if self._found and error.cause is CameraCause.NONE:
                reason = message("it was unplugged. Plug it in again.")
                raise CameraUnavailable(self._found, reason, CameraCause.NOT_CONNECTED) from error
            if self._found:
                raise
            logger.info("%s; showing the demonstration camera", error)
            return _StandIn(self._stand_in, lambda: not set(self._list()) <= known, self._clock)
        self._found = camera.name
        return camera


class _StandIn:
    """The stand-in, which fails as soon as there may be a real camera."""

    def __init__(self, camera: Camera, new_device: Callable[[], bool], clock: Clock) -> None:
        self._camera, self._new_device, self._clock = camera, new_device, clock
        self._next_look_s = clock() + LOOK_EVERY_S

    @property
    def name(self) -> str:
        return self._camera.name

    def read(self) -> ImageArray:
        self._look()
        return self._camera.read()

    def skip(self) -> None:
        self._look()
        skip_picture(self._camera)

    def close(self) -> None:
        self._camera.close()

    def _look(self) -> None:
        if self._clock() >= self._next_look_s:
            self._next_look_s = self._clock() + LOOK_EVERY_S
            if self._new_device():
                raise CameraUnavailable(self.name, message("a camera was plugged in."))
