"""What happened around the visit: camera, drives, what answers, what staff asked for, and time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.base.i18n import Text

if TYPE_CHECKING:
    from app.base.ports import Drive, UnmountedDrive


@dataclass(frozen=True)
class CameraFound:
    """Frames arrive."""

    name: str


@dataclass(frozen=True)
class CameraLost:
    """No frames any more; the camera worker goes on looking for one."""

    reason: Text


@dataclass(frozen=True)
class VisionFailed:
    """A frame could not be turned into an observation."""

    reason: Text


@dataclass(frozen=True)
class DrivesChanged:
    """A removable drive was plugged in or pulled out, or its free space changed.

    Attributes:
        drives: All mounted drives, in the order of their mount points.
        unmounted: Drives that are plugged in but could not be mounted.
    """

    drives: tuple[Drive, ...] = ()
    unmounted: tuple[UnmountedDrive, ...] = ()


@dataclass(frozen=True)
class FolderFound:
    """A drive was plugged in that holds a folder of SAVE: the newest one that can be used for anything.

    Attributes:
        labels: What it was taught, cleaned for the screen.
        has_session: It can be carried on with.
        has_model: Its model can be shown.
    """

    drive: str
    folder: Path
    labels: tuple[str, ...]
    has_session: bool
    has_model: bool


@dataclass(frozen=True)
class BackendChanged:
    """Something else answers now: `name` for the status strip, `problem` says why not the accelerator.

    `blind` if nothing can answer at all until the problem is mended; `device` is "cpu", "usb:N" or "pci:N".
    """

    name: Text
    problem: Text | None = None
    blind: bool = False
    device: str = "cpu"


@dataclass(frozen=True)
class SystemLooked:
    """What the staff pages tell of the system.

    Attributes:
        cameras: That can be chosen.
        archive: Name of every session kept, and what is in it.
        lines: Diagnostics: what, how it is, and whether it wants attention.
    """

    cameras: tuple[str, ...] = ()
    archive: tuple[tuple[str, str], ...] = ()
    lines: tuple[tuple[Text, Text, bool], ...] = ()


@dataclass(frozen=True)
class StaffFailed:
    """Something that was asked for on the staff pages did not happen."""

    reason: Text


@dataclass(frozen=True)
class StaffDone:
    """It did."""

    told: Text


@dataclass(frozen=True)
class WorkerFailed:
    """A worker stopped for good; nothing that it did happens any more."""

    worker: str
    reason: Text


@dataclass(frozen=True)
class TimePassed:
    """One tick of the frame loop. `now_s` is monotonic."""

    now_s: float
