"""Protocols for the devices that the kiosk needs; real and simulated devices implement them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from app.base.i18n import Text

ImageArray = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Frame:
    """One camera picture.

    Attributes:
        image: RGB, uint8, shape (H, W, 3), read-only; shared between threads, never copied.
        sequence: 0, 1, 2, … in the order of capture; unique for the life of the program.
        captured_at_s: Monotonic seconds.
    """

    image: ImageArray
    sequence: int
    captured_at_s: float


DEMONSTRATION = "demonstration"
"""Name of the camera that shows rendered things if no other camera is found."""


class Camera(Protocol):
    """A source of pictures. The constructor opens it and returns after the first frame has arrived.

    The constructor and `read` raise `app.base.errors.CameraUnavailable` if it delivers no pictures.
    """

    @property
    def name(self) -> str:
        """The name for the status strip, such as "Logitech C270"; DEMONSTRATION is translated there."""

    def read(self) -> ImageArray:
        """Wait for the next picture: RGB, uint8, shape (H, W, 3), owned by the caller."""

    def close(self) -> None:
        """Release the device; a second call does nothing."""


@runtime_checkable
class SkipsPictures(Protocol):
    """A camera that can drop a picture with less work than reading it takes."""

    def skip(self) -> None:
        """Wait for the next picture and drop it.

        Raises:
            app.base.errors.CameraUnavailable: If the camera delivers no pictures.
        """


def skip_picture(camera: Camera) -> None:
    """Wait for the next picture of a camera and drop it, in the cheapest way that it has.

    Raises:
        app.base.errors.CameraUnavailable: If the camera delivers no pictures.
    """
    if isinstance(camera, SkipsPictures):
        camera.skip()
    else:
        camera.read()


@runtime_checkable
class KeepsLight(Protocol):
    """A camera whose exposure and white balance can be kept as they are."""

    def keep_light(self, kept: bool) -> None:
        """Stop adjusting exposure and white balance, or go on with it."""


@dataclass(frozen=True)
class Drive:
    """A removable disk that is mounted now.

    Attributes:
        name: Its label, or the name of its mount point.
        filesystem: The kernel's name of it, such as "vfat".
        device: Such as "/dev/sda1".
    """

    name: str
    path: Path
    free_bytes: int
    read_only: bool
    filesystem: str
    device: str = ""

    @property
    def identity(self) -> tuple[Path, str]:
        """Differs from that of any other drive, also one that is mounted in the same place later."""
        return self.path, self.device


@dataclass(frozen=True)
class UnmountedDrive:
    """A removable disk that is plugged in but not mounted; `reason` says why and what to do."""

    name: str
    device: str
    reason: Text


class Drives(Protocol):
    """The removable disks."""

    def present(self) -> tuple[Drive, ...]:
        """Mount what can be mounted, and return the mounted drives in the order of their mount points."""

    def unmounted(self) -> tuple[UnmountedDrive, ...]:
        """Return the drives that could not be mounted."""

    def release(self, drive: Drive) -> Text:
        """Unmount the drive and switch it off, if the kiosk mounted it.

        Returns:
            What to do before pulling it out; empty if it can be pulled out now.
        """

    def hurry(self) -> None:
        """End all waits for drives in other threads soon, because the kiosk closes."""


class Clock(Protocol):
    """A monotonic clock."""

    def __call__(self) -> float:
        """Return monotonic seconds."""
