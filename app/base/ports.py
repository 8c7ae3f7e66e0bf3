"""The outside world as the kiosk needs it: protocols that real and simulated devices fulfil alike."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

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
"""Name of the camera that shows rendered things where there is no other."""


class Camera(Protocol):
    """A source of pictures. Opened by its constructor; a frame has arrived before that returns.

    Raises `app.base.errors.CameraUnavailable` from the constructor and from `read` when it cannot deliver.
    """

    @property
    def name(self) -> str:
        """What the status strip shows, such as "Logitech C270"; DEMONSTRATION is translated there."""

    def read(self) -> ImageArray:
        """Wait for the next picture: RGB, uint8, shape (H, W, 3), owned by the caller."""

    def close(self) -> None:
        """Release the device; a second call does nothing."""


@dataclass(frozen=True)
class Drive:
    """A removable disk that is mounted now.

    Attributes:
        name: Its label, or what its mount point is called.
        filesystem: As the kernel calls it, such as "vfat".
        device: Such as "/dev/sda1".
        total_bytes: 0 where the file system does not tell.
    """

    name: str
    path: Path
    free_bytes: int
    read_only: bool
    filesystem: str
    device: str = ""
    total_bytes: int = 0

    @property
    def identity(self) -> tuple[Path, str]:
        """Tells it from a drive that was mounted in its place, however its free space has changed."""
        return self.path, self.device


@dataclass(frozen=True)
class UnmountedDrive:
    """A removable disk that is plugged in but not mounted; `reason` says why, and what to do about it."""

    name: str
    device: str
    reason: Text


class Drives(Protocol):
    """The removable disks."""

    def present(self) -> tuple[Drive, ...]:
        """Those mounted at this moment, in the order of their mount points; what can be mounted is mounted first."""

    def unmounted(self) -> tuple[UnmountedDrive, ...]:
        """Those that stay unmounted."""

    def release(self, drive: Drive) -> Text:
        """Unmount the drive and switch it off, if it was mounted here.

        Returns:
            What is to be done before it may be pulled out; empty when it may be pulled now.
        """

    def hurry(self) -> None:
        """The kiosk closes: whoever waits for a drive in another thread waits no longer than moments."""


class Clock(Protocol):
    """Seconds that only grow."""

    def __call__(self) -> float:
        """Monotonic seconds."""
