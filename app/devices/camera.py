"""Cameras by OpenCV: webcams, streams, video files, and folders of images that play a camera."""

from __future__ import annotations

import logging
import os
import re
import time
import zlib
from collections.abc import Callable
from pathlib import Path

# V4L2 waits ten seconds for a frame unless told otherwise before its first use; the number is whole seconds.
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")

import cv2
import numpy as np

from app.base.errors import CameraUnavailable
from app.base.i18n import message
from app.base.ports import Camera, ImageArray

logger = logging.getLogger(__name__)

WIDTH_PX, HEIGHT_PX, RATE_HZ = 640, 480, 30
MAX_INDEX = 10
LOOK_EVERY_S = 2.0  # for cameras, while there is none
FAILED_READS, SILENT_S, FROZEN_S = 5, 3.0, 3.0
STREAM_LIMITS = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 5000, cv2.CAP_PROP_READ_TIMEOUT_MSEC, 3000]  # FFmpeg's own are 30 s
BY_ID = Path("/dev/v4l/by-id")
ENDINGS = {".jpg", ".jpeg", ".png", ".bmp"}
IMAGE_S, FOLDER_HZ = 1.0, 15
CHECK_CABLE = message("Check its cable, or name another one with --camera.")
CHECK_ADDRESS = message("Check the address and the network, or name another one with --camera.")
CHECK_NAME = message("Check how it is written, or name another one with --camera.")


def silence_libraries() -> None:
    """Keep OpenCV and FFmpeg from writing to the terminal at every try that a camera is away: its error says it once.

    Levels that the environment sets already hold. May be called after cv2's import, but before the first camera.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET; read when FFmpeg is first used
    if os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT") == "SILENT":  # read at cv2's import
        (cv2.utils.logging if hasattr(cv2.utils, "logging") else cv2).setLogLevel(0)  # OpenCV 5, and 4


def open_camera(source: str) -> Camera:
    """Open what `--camera` names; a picture has arrived when this returns.

    Args:
        source: "auto" or "", an index, a device, a video file, a folder of images, or an http(s)/rtsp address.

    Raises:
        CameraUnavailable: If it cannot be opened or delivers nothing.
    """
    if source in ("", "auto"):
        return _first_camera()
    if re.match(r"(https?|rtsps?)://", source):
        return OpenCVCamera(source, _without_password(source), cv2.CAP_FFMPEG)
    if source.isdecimal():
        return OpenCVCamera(int(source), f"video{int(source)}", cv2.CAP_V4L2)
    path = Path(source)
    if path.is_dir():
        return FolderCamera(path)
    if source.startswith("/dev/"):
        return OpenCVCamera(source, path.name, cv2.CAP_V4L2)
    if path.is_file():
        return VideoFileCamera(path)
    raise CameraUnavailable(source, message("there is no such device, file or folder. {step}", step=CHECK_NAME))


def check_source(source: str) -> None:
    """Refuse at once what no plugging in will ever make a camera.

    Raises:
        CameraUnavailable: If it is neither a number, a device, an address, nor an existing file or folder.
    """
    address = re.match(r"(https?|rtsps?)://", source)
    if not (address or source.isdecimal() or source.startswith("/dev/") or Path(source).exists()):
        raise CameraUnavailable(source, message("there is no such device, file or folder. {step}", step=CHECK_NAME))


class AutoCamera:
    """The first camera that delivers. Until one ever did, a stand-in, which gives way as soon as one appears."""

    def __init__(
        self,
        stand_in: Camera,
        *,
        find: Callable[[], Camera] | None = None,
        list_candidates: Callable[[], list[str]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stand_in = stand_in
        self._find = find or _first_camera
        self._list = list_candidates or candidates
        self._clock = clock
        self._found_one = False

    def open(self) -> Camera:
        """Open the camera, or the stand-in.

        Raises:
            CameraUnavailable: If there was a camera once and it is gone: a visitor's things are never mixed with
                the stand-in's.
        """
        known = set(self._list())
        try:
            camera = self._find()
        except CameraUnavailable as error:
            if self._found_one:
                raise
            logger.info("%s; showing the demonstration camera", error)
            return _GivesWay(self._stand_in, lambda: not set(self._list()) <= known, self._clock)
        self._found_one = True
        return camera


class _GivesWay:
    """A camera that ends when something better may have come."""

    def __init__(self, camera: Camera, better: Callable[[], bool], clock: Callable[[], float]) -> None:
        self._camera, self._better, self._clock = camera, better, clock
        self._next_look_s = clock() + LOOK_EVERY_S

    @property
    def name(self) -> str:
        return self._camera.name

    def read(self) -> ImageArray:
        if self._clock() >= self._next_look_s:
            self._next_look_s = self._clock() + LOOK_EVERY_S
            if self._better():
                raise CameraUnavailable(self.name, message("a camera was plugged in."))
        return self._camera.read()

    def close(self) -> None:
        self._camera.close()


def candidates() -> list[str]:
    """Devices that may be cameras: stable names first, then /dev/videoN."""
    stable = sorted(str(path) for path in BY_ID.glob("*-video-index0")) if BY_ID.is_dir() else []
    return stable or [f"/dev/video{n}" for n in range(MAX_INDEX) if Path(f"/dev/video{n}").exists()]


def _first_camera() -> Camera:
    for device in candidates():
        try:
            return open_camera(device)
        except CameraUnavailable as error:
            logger.info("%s", error)
    raise CameraUnavailable("auto", message("no camera was found. Plug one in, or name a video with --camera."))


class OpenCVCamera:
    """A webcam or a stream. The last frame for ever, silence and a frozen picture all count as lost."""

    def __init__(
        self, source: int | str, name: str, backend: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = name
        self._source = _without_password(str(source))
        self._clock = clock
        self._live = backend == cv2.CAP_V4L2
        self._capture = cv2.VideoCapture(source, backend, STREAM_LIMITS if backend == cv2.CAP_FFMPEG else [])
        if self._live:
            for setting, value in (
                (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
                (cv2.CAP_PROP_FRAME_WIDTH, WIDTH_PX),
                (cv2.CAP_PROP_FRAME_HEIGHT, HEIGHT_PX),
                (cv2.CAP_PROP_FPS, RATE_HZ),
                (cv2.CAP_PROP_BUFFERSIZE, 1),
            ):
                self._capture.set(setting, value)
        self._checksum, self._changed_at_s = 0, clock()
        try:
            self.read()
        except CameraUnavailable:
            self.close()
            raise

    def read(self) -> ImageArray:
        """Wait for the next picture."""
        since_s = self._clock()
        for attempt in range(FAILED_READS):
            delivered, image = self._capture.read()
            if delivered and image is not None:
                self._refuse_frozen(image)
                return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
            if not self._capture.isOpened() or self._clock() - since_s > SILENT_S:
                break
            time.sleep(0.02 * (attempt + 1))
        step = CHECK_CABLE if self._live else CHECK_ADDRESS
        raise CameraUnavailable(self._source, message("it delivers no pictures. {step}", step=step))

    def close(self) -> None:
        """Release the device."""
        self._capture.release()

    def _refuse_frozen(self, image: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> None:
        """A sensor's noise makes two pictures differ; the same one for seconds is a dead driver's."""
        checksum = zlib.crc32(np.ascontiguousarray(image[::16, ::16]).tobytes())
        if not self._live or checksum != self._checksum:
            self._checksum, self._changed_at_s = checksum, self._clock()
        elif self._clock() - self._changed_at_s > FROZEN_S:
            raise CameraUnavailable(self._source, message("its picture is frozen. {step}", step=CHECK_CABLE))


class VideoFileCamera:
    """A video file that loops at its own rate."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._path = path
        self._capture = cv2.VideoCapture(str(path))
        if not self._capture.isOpened():
            raise CameraUnavailable(
                str(path), message("it is no video that can be played. Name another with --camera.")
            )
        rate_hz = self._capture.get(cv2.CAP_PROP_FPS)
        self._pace = _Pace(rate_hz if 1 <= rate_hz <= 240 else RATE_HZ)
        self._pending: ImageArray | None = self._next()

    def read(self) -> ImageArray:
        """Wait for the next picture."""
        self._pace.wait()
        image, self._pending = self._pending, None
        return image if image is not None else self._next()

    def close(self) -> None:
        """Close the file."""
        self._capture.release()

    def _next(self) -> ImageArray:
        for _ in range(2):
            delivered, image = self._capture.read()
            if delivered and image is not None:
                return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
            self._capture.release()
            self._capture = cv2.VideoCapture(str(self._path))
        raise CameraUnavailable(str(self._path), message("the video has no pictures. Name another with --camera."))


class FolderCamera:
    """A folder of images, sorted, each shown for a second, over and over."""

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self._images = [image for path in sorted(folder.iterdir()) if (image := _image(path)) is not None]
        if not self._images:
            raise CameraUnavailable(str(folder), message("it holds no pictures. Put JPEG, PNG or BMP files into it."))
        self._pace = _Pace(FOLDER_HZ)
        self._count = 0

    def read(self) -> ImageArray:
        """Wait for the next picture."""
        self._pace.wait()
        image = self._images[int(self._count / FOLDER_HZ / IMAGE_S) % len(self._images)]
        self._count += 1
        return image.copy()

    def close(self) -> None:
        """Nothing is held open."""


class _Pace:
    """Waits so that calls return at a steady rate."""

    def __init__(self, rate_hz: float) -> None:
        self._period_s = 1 / rate_hz
        self._next_s = time.monotonic()

    def wait(self) -> None:
        now_s = time.monotonic()
        if self._next_s > now_s:
            time.sleep(self._next_s - now_s)
        self._next_s = max(self._next_s + self._period_s, now_s)


def _image(path: Path) -> ImageArray | None:
    if path.suffix.lower() not in ENDINGS:
        return None
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        logger.warning("skipped %s: it is not a readable picture", path)
        return None
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def _without_password(address: str) -> str:
    return re.sub(r"//[^/@]*@", "//", address)
