"""Cameras that play files: a video, or a folder of pictures."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import cv2
import numpy as np

from app.base.error_texts import system_error_text
from app.base.errors import CameraUnavailable
from app.base.i18n import message
from app.base.ports import ImageArray

logger = logging.getLogger(__name__)

SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp"}
DEFAULT_RATE_HZ = 30.0  # for a video that names none, or an impossible one
FOLDER_RATE_HZ = 15.0
NO_PICTURES = message("it holds no pictures. Put JPEG, PNG or BMP files into it.")
PICTURE_S = 1.0  # how long each picture of a folder is shown


class VideoFileCamera:
    """A video file that is played at its own rate, over and over.

    Raises:
        CameraUnavailable: If the file is not a video, or contains no pictures.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._path = path
        self._capture = cv2.VideoCapture(str(path))
        if not self._capture.isOpened():
            raise CameraUnavailable(
                str(path), message("it is no video that can be played. Name another with --camera.")
            )
        rate_hz = self._capture.get(cv2.CAP_PROP_FPS)
        self._pace = _Pace(rate_hz if 1 <= rate_hz <= 240 else DEFAULT_RATE_HZ)
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
    """The pictures of a folder, sorted by name and shown for PICTURE_S each, over and over, while the folder has some.

    Raises:
        CameraUnavailable: If the folder cannot be read or contains no pictures.
    """

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self._folder = folder
        self._images = [image for path in self._paths() if (image := _image(path)) is not None]
        if not self._images:
            raise CameraUnavailable(str(folder), NO_PICTURES)
        self._pace = _Pace(FOLDER_RATE_HZ)
        self._count = 0

    def read(self) -> ImageArray:
        """Wait for the next picture."""
        self._pace.wait()
        if self._count % FOLDER_RATE_HZ == 0:
            self._paths()
        image = self._images[int(self._count / FOLDER_RATE_HZ / PICTURE_S) % len(self._images)]
        self._count += 1
        return image.copy()

    def close(self) -> None:
        """Do nothing: no file is open."""

    def _paths(self) -> list[Path]:
        """The pictures that the folder holds now."""
        try:
            paths = sorted(path for path in self._folder.iterdir() if path.suffix.lower() in SUFFIXES)
        except OSError as error:
            raise camera_unreadable(str(self._folder), error) from error
        if not paths:
            raise CameraUnavailable(str(self._folder), NO_PICTURES)
        return paths


def camera_unreadable(source: str, error: OSError) -> CameraUnavailable:
    """Return the error for a file or folder that the system refuses to read."""
    reason = system_error_text(error)
    return CameraUnavailable(source, message("it cannot be read: {reason}. Name another with --camera.", reason=reason))


class _Pace:
    """Waits so that calls of `wait` return at a steady rate."""

    def __init__(self, rate_hz: float) -> None:
        self._period_s = 1 / rate_hz
        self._next_s = time.monotonic()

    def wait(self) -> None:
        now_s = time.monotonic()
        if self._next_s > now_s:
            time.sleep(self._next_s - now_s)
        self._next_s = max(self._next_s + self._period_s, now_s)


def _image(path: Path) -> ImageArray | None:
    if path.suffix.lower() not in SUFFIXES:
        return None
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        logger.warning("skipped %s: it is not a readable picture", path)
        return None
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
