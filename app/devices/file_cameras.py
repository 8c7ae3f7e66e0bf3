"""Cameras that play files: a video, or a folder of pictures."""

from __future__ import annotations

import logging
import os
import time
from bisect import bisect_right
from pathlib import Path

import cv2
import numpy as np

from app.base.camera_faults import CameraCause
from app.base.error_texts import system_error_text
from app.base.errors import CameraUnavailable
from app.base.i18n import message
from app.base.ports import ImageArray
from app.base.shown_paths import shown_path
from tpu.errors import PictureUnreadable
from tpu.tensors import PICTURE_ENDINGS, read_picture

logger = logging.getLogger(__name__)

SUFFIXES = PICTURE_ENDINGS
LONGEST_EDGE_PX = 1600  # of a picture of a folder: as large as a camera's
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
        self._file = -1
        self._capture = self._opened()
        if not self._capture.isOpened():
            self.close()
            raise CameraUnavailable(
                str(path), message("it is no video that can be played. Name another with --camera."), CameraCause.FILE
            )
        rate_hz = self._capture.get(cv2.CAP_PROP_FPS)
        self._pace = _Pace(rate_hz if 1 <= rate_hz <= 240 else DEFAULT_RATE_HZ)
        self._pending: ImageArray | None = self._next()

    def read(self) -> ImageArray:
        """Wait for the next picture."""
        self._pace.wait()
        image, self._pending = self._pending, None
        return image if image is not None else self._next()

    def skip(self) -> None:
        """Wait for the next picture and drop it without converting it."""
        self._pace.wait()
        if self._pending is not None or not self._capture.grab():
            self._pending = self._next() if self._pending is None else None

    def close(self) -> None:
        """Close the file."""
        self._capture.release()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _opened(self) -> cv2.VideoCapture:
        """Open the file; under another name if its own is not UTF-8, which OpenCV cannot take."""
        name = str(self._path)
        try:
            name.encode()
        except UnicodeEncodeError:
            if self._file < 0:
                self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            os.lseek(self._file, 0, os.SEEK_SET)
            name = f"/proc/self/fd/{self._file}"
        return cv2.VideoCapture(name)

    def _next(self) -> ImageArray:
        for _ in range(2):
            delivered, image = self._capture.read()
            if delivered and image is not None:
                return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
            self._capture.release()
            self._capture = self._opened()
        reason = message("the video has no pictures. Name another with --camera.")
        raise CameraUnavailable(str(self._path), reason, CameraCause.FILE)


class FolderCamera:
    """The pictures of a folder, sorted by name and shown for PICTURE_S each, over and over, while the folder has some.

    One picture at a time is in memory, at most LONGEST_EDGE_PX long. The folder is listed again for every picture, so
    pictures may come and go.

    Raises:
        CameraUnavailable: If the folder cannot be read or contains no pictures.
    """

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self._folder, self._shown, self._skipped = folder, "", set[str]()
        self._image = self._next()
        self._pace = _Pace(FOLDER_RATE_HZ)
        self._count = 0

    def read(self) -> ImageArray:
        """Wait for the next picture.

        Raises:
            CameraUnavailable: If the folder contains no pictures any more.
        """
        self._pace.wait()
        if self._count == round(FOLDER_RATE_HZ * PICTURE_S):
            self._image, self._count = self._next(), 0
        self._count += 1
        return self._image.copy()

    def close(self) -> None:
        """Do nothing: no file is open."""

    def _next(self) -> ImageArray:
        """Read the picture after the one that is shown; pictures that cannot be read are skipped."""
        try:
            names = sorted(path.name for path in self._folder.iterdir() if path.suffix.lower() in SUFFIXES)
        except OSError as error:
            raise camera_unreadable(str(self._folder), error) from error
        place = bisect_right(names, self._shown)
        for name in (*names[place:], *names[:place]):
            if (image := self._read(name)) is not None:
                self._shown = name
                return image
        raise CameraUnavailable(str(self._folder), NO_PICTURES, CameraCause.FILE)

    def _read(self, name: str) -> ImageArray | None:
        try:
            image = read_picture(self._folder / name)
        except PictureUnreadable as error:
            if name not in self._skipped:
                logger.warning("skipped %s: %s", shown_path(error.path), error.reason or "it is not a readable picture")
                self._skipped.add(name)
            return None
        longest = max(image.shape[:2])
        if longest <= LONGEST_EDGE_PX:
            return image
        scale = LONGEST_EDGE_PX / longest
        return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def camera_unreadable(source: str, error: OSError) -> CameraUnavailable:
    """Return the error for a file or folder that the system refuses to read."""
    reason = system_error_text(error)
    text = message("it cannot be read: {reason}. Name another with --camera.", reason=reason)
    return CameraUnavailable(source, text, CameraCause.FILE)


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
