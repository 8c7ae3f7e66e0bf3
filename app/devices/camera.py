"""Open a camera by the name that `--camera` takes: webcam, camera module, network stream, video, or folder.

A camera that is lost raises `CameraUnavailable` from `read`; the camera worker then opens it again.
"""

from __future__ import annotations

import logging
import math
import os
import re
import time
from pathlib import Path

# How long OpenCV waits for a frame of V4L2, in whole seconds; its default is 10. Must be set before the first use.
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")

import cv2
import numpy as np

from app.base.camera_faults import CameraCause, CameraFault
from app.base.errors import CameraUnavailable
from app.base.i18n import message
from app.base.ports import Camera, Clock, ImageArray
from app.base.redaction import host_of, redacted
from app.base.shown_paths import shown_path
from app.config.schema import CameraSettings
from app.devices import pi_camera
from app.devices.file_cameras import FolderCamera, VideoFileCamera, camera_unreadable
from app.devices.freezing import FreezeGuard
from app.devices.quiet_libraries import silence_libraries

logger = logging.getLogger(__name__)

AUTOMATIC, FIXED = {"exposure": 3, "white balance": 1}, {"exposure": 1, "white balance": 0}  # V4L2's values
STREAM = re.compile(r"(https?|rtsps?)://", re.IGNORECASE)
# One is read while the driver fills the other. With a single one the driver loses what arrives meanwhile, often every
# second picture; more could hold pictures that are older than the next one.
V4L_BUFFERS = 2
MAX_INDEX = 10  # /dev/video0 to 9 are tried
FOCUSES_S = 3.0  # how long a webcam that focuses once may look for its focus
FAILED_READS, SILENT_S = 5, 2.5  # after which a camera is lost
# Milliseconds; FFmpeg's defaults are 30 s.
STREAM_LIMITS = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 5000, cv2.CAP_PROP_READ_TIMEOUT_MSEC, 2500]
BY_ID = Path("/dev/v4l/by-id")
NO_CAMERA = message("no camera was found. Plug one in, or name a video with --camera.")
CHECK_ADDRESS = message("Check the address and the network, or name another one with --camera.")
CHECK_NAME = message("Check how it is written, or name another one with --camera.")


def open_camera(source: str, settings: CameraSettings = pi_camera.USUAL) -> Camera:
    """Open a camera; its first picture has arrived when this returns.

    Args:
        source: "auto" or "" for the first camera, "rpicam" or "rpicam:N" for a camera module, an index, a device, a
            video file, a folder of pictures, or the http(s) or rtsp address of a stream.
        settings: Size, rate, autofocus and light, for webcams and camera modules.

    Raises:
        CameraUnavailable: If it cannot be opened or delivers no pictures.
    """
    if source in ("", "auto"):
        return first_camera(settings)
    if is_camera_module(source):
        return pi_camera.PiCamera(source, settings)
    if address := STREAM.match(source):
        source = address[0].lower() + _as_utf_8(source[address.end() :])  # FFmpeg knows small letters only
        if redacted(source) != source:
            silence_libraries()  # FFmpeg would print the address with its password
        return OpenCVCamera(source, redacted(source), cv2.CAP_FFMPEG)
    if source.isdecimal():
        _refuse_unconnected(source, Path(f"/dev/video{int(source)}"))
        return OpenCVCamera(int(source), f"video{int(source)}", cv2.CAP_V4L2, settings)
    path = Path(source)
    try:
        if path.is_dir():
            return FolderCamera(path)
        if source.startswith("/dev/"):
            _refuse_unconnected(source, path)
            return OpenCVCamera(_readable_device(path), shown_path(path.name), cv2.CAP_V4L2, settings)
        if path.is_file():
            return VideoFileCamera(path)
    except OSError as error:
        raise camera_unreadable(source, error) from error
    reason = message("there is no such device, file or folder. {step}", step=CHECK_NAME)
    raise CameraUnavailable(source, reason, CameraCause.FILE)


def _as_utf_8(rest: str) -> str:
    """Write the bytes of an address that are not UTF-8 as %XX: OpenCV crashes over them."""
    return re.sub("[\udc80-\udcff]", lambda found: f"%{ord(found[0]) - 0xDC00:02X}", rest)


def _readable_device(path: Path) -> str:
    """Return the name of a device for OpenCV, which crashes over names that are not UTF-8.

    Raises:
        CameraUnavailable: If neither its name nor that of the device behind the link is UTF-8.
    """
    for name in (str(path), str(path.resolve())):
        if name.isascii() or shown_path(name) == name:
            return name
    raise CameraUnavailable(str(path), message("there is no such device, file or folder. {step}", step=CHECK_NAME))


def is_camera_module(source: str) -> bool:
    """Whether a name means the camera module of a Raspberry Pi."""
    return source.partition(":")[0] == pi_camera.PREFIX


def _refuse_unconnected(source: str, device: Path) -> None:
    if device.exists():
        return
    if connected := candidates():
        names = ", ".join(connected)
        reason = message("it is not connected. Plug it in, or name another one with --camera: {names}.", names=names)
    else:
        reason = NO_CAMERA
    raise CameraUnavailable(source, reason, CameraCause.NOT_CONNECTED)


def check_source(source: str) -> None:
    """Check that a name can become a camera later, even if nothing is plugged in now.

    Raises:
        CameraUnavailable: If it is neither a number, a device, a camera module, an address, nor an existing file or
            folder that this user may see.
    """
    if is_camera_module(source):
        pi_camera.number_of(source)
        return
    if STREAM.match(source):
        if not host_of(redacted(source)):  # a password may hold what no address may
            raise CameraUnavailable(source, message("this address names no camera. {step}", step=CHECK_NAME))
        return
    if source.isdecimal() or source.startswith("/dev/"):
        return
    try:
        found = Path(source).exists()
    except OSError as error:
        raise camera_unreadable(source, error) from error
    if not found:
        raise CameraUnavailable(source, message("there is no such device, file or folder. {step}", step=CHECK_NAME))


def candidates() -> list[str]:
    """List what may be a camera: webcams with a stable name and camera modules if there are any, else /dev/videoN.

    The /dev/videoN of a camera module deliver raw sensor data, which OpenCV cannot show.
    """
    stable = sorted(str(path) for path in BY_ID.glob("*-video-index0")) if BY_ID.is_dir() else []
    named = [*stable, *pi_camera.connected.sources()]
    return named or [f"/dev/video{n}" for n in range(MAX_INDEX) if Path(f"/dev/video{n}").exists()]


def first_camera(settings: CameraSettings = pi_camera.USUAL) -> Camera:
    """Open the first device that delivers pictures.

    Raises:
        CameraUnavailable: If none does.
    """
    of_modules: list[CameraUnavailable] = []
    faults: list[CameraFault] = []
    for device in candidates():
        try:
            return open_camera(device, settings)
        except CameraUnavailable as error:
            logger.info("%s", error)
            faults += error.faults
            of_modules += [error] if is_camera_module(device) else []
    if of_modules:  # that a module is connected is certain, so why it fails says more than that no camera was found
        first = of_modules[0]
        raise CameraUnavailable(first.source, first.reason, first.cause, tuple(faults))
    raise CameraUnavailable("auto", NO_CAMERA, CameraCause.OTHER if faults else CameraCause.NONE, tuple(faults))


class OpenCVCamera:
    """A webcam or a network stream. It counts as lost if it fails, is silent, or repeats one picture for seconds."""

    def __init__(
        self,
        source: int | str,
        name: str,
        backend: int,
        settings: CameraSettings = pi_camera.USUAL,
        *,
        clock: Clock = time.monotonic,
    ) -> None:
        self.name = name
        self._source = redacted(str(source))
        self._clock = clock
        self._live = backend == cv2.CAP_V4L2
        self._device = Path(f"/dev/video{source}" if isinstance(source, int) else source) if self._live else None
        self._capture = cv2.VideoCapture(source, backend, STREAM_LIMITS if backend == cv2.CAP_FFMPEG else [])
        if self._live:
            for setting, value in (
                (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
                (cv2.CAP_PROP_FRAME_WIDTH, settings.width_px),
                (cv2.CAP_PROP_FRAME_HEIGHT, settings.height_px),
                (cv2.CAP_PROP_FPS, settings.rate_hz),
                (cv2.CAP_PROP_BUFFERSIZE, V4L_BUFFERS),
                (cv2.CAP_PROP_AUTOFOCUS, int(settings.autofocus != "off")),
            ):
                self._capture.set(setting, value)
        self._keeps_focus_at_s = math.inf
        self._step = pi_camera.CHECK_CABLE if self._live else CHECK_ADDRESS
        self._freezing = FreezeGuard(self._source, clock, self._step, may_be_still=not self._live)
        try:
            self.read()
            while self._freezing.was_frozen:  # it is well again only once its picture changes
                self.read()
        except CameraUnavailable:
            self.close()
            raise
        if self._live and settings.autofocus == "once":
            self._keeps_focus_at_s = clock() + FOCUSES_S

    def read(self) -> ImageArray:
        """Wait for the next picture."""
        since_s = self._clock()
        self._keep_focus(since_s)
        for attempt in range(FAILED_READS):
            delivered, image = self._capture.read()
            if delivered and image is not None:
                self._freezing.check(image)
                return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
            if not self._capture.isOpened() or self._clock() - since_s > SILENT_S:
                break
            time.sleep(0.02 * (attempt + 1))
        reason = message("it delivers no pictures. {step}", step=self._step)
        raise CameraUnavailable(self._source, reason, self._cause())

    def skip(self) -> None:
        """Wait for the next picture and drop it without decoding it."""
        self._keep_focus(self._clock())
        if not self._capture.grab():
            self.read()  # tries again, and says what is wrong

    def keep_light(self, kept: bool) -> None:
        """Stop a webcam from adjusting exposure and white balance, or let it go on."""
        if self._live:
            values = FIXED if kept else AUTOMATIC
            self._capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, values["exposure"])
            self._capture.set(cv2.CAP_PROP_AUTO_WB, values["white balance"])

    def _keep_focus(self, now_s: float) -> None:
        """Let a webcam that focuses once keep the focus that it has found."""
        if now_s >= self._keeps_focus_at_s:
            self._keeps_focus_at_s = math.inf
            self._capture.set(cv2.CAP_PROP_AUTOFOCUS, 0)

    def close(self) -> None:
        """Release the device."""
        self._capture.release()

    def _cause(self) -> CameraCause:
        """Why there are no pictures, as far as the system tells."""
        if self._device is None:
            return CameraCause.NETWORK
        if not self._device.exists():
            return CameraCause.NOT_CONNECTED
        if not os.access(self._device, os.R_OK | os.W_OK):
            return CameraCause.FORBIDDEN
        return CameraCause.SILENT if self._capture.isOpened() else CameraCause.NOT_OPENED
