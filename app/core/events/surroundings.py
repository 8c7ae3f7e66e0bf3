"""Events of the surroundings: camera, drives, accelerator, staff, workers, and time."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.base.i18n import Text

if TYPE_CHECKING:
    from app.base.camera_faults import CameraFault
    from app.base.ports import Drive, UnmountedDrive
    from app.core.facts import FoundLesson


GIVE_UP_AFTER = 3  # failures in a row; a model from a drive is then no longer shown


@dataclass(frozen=True)
class CameraFound:
    """Frames arrive from the camera `name`."""

    name: str


@dataclass(frozen=True)
class CameraLost:
    """No frames arrive any more; the camera worker keeps looking for a camera. `faults` names those that were tried."""

    reason: Text
    faults: tuple[CameraFault, ...] = ()


@dataclass(frozen=True)
class PicturesJudged:
    """The camera's pictures are black or tiny, as `problem` says; None if they are good again."""

    problem: Text | None


@dataclass(frozen=True)
class VisionFailed:
    """The model failed on a frame.

    Attributes:
        reason: Why.
        in_a_row: How many frames it failed on, one after the other: 1 or GIVE_UP_AFTER.
    """

    reason: Text
    in_a_row: int = 1


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
    """A drive was plugged in that has a folder of SAVE or `train`; this is the newest one that can be used.

    Attributes:
        drive: Name of the drive.
        folder: Path of the folder.
        labels: Class labels, cleaned for the screen.
        has_session: A visitor can carry on with its session.
        has_model: Its model can be shown.
    """

    drive: str
    folder: Path
    labels: tuple[str, ...]
    has_session: bool
    has_model: bool


@dataclass(frozen=True)
class BackendChanged:
    """Another device computes the answers.

    Attributes:
        name: For the status strip.
        problem: Why the accelerator does not answer; None if it does, or if none is configured.
        blind: Nothing can answer until the problem is solved.
        device: "cpu", "usb:N" or "pci:N".
    """

    name: Text
    problem: Text | None = None
    blind: bool = False
    device: str = "cpu"


@dataclass(frozen=True)
class SystemLooked:
    """What the staff pages show of the system.

    Attributes:
        cameras: Cameras that can be chosen.
        starters: The starter that was made here, and that of `--config`.
        archive: Name and description of every archived session.
        lines: Diagnostics: name, value, and whether it needs attention.
        saved: Numbers of the models that wait on this machine for their visitors, the newest first.
        starter_waits: Whether a newer starter is there that staff must take, because it is not signed.
    """

    cameras: tuple[str, ...] = ()
    archive: tuple[tuple[str, str], ...] = ()
    lines: tuple[tuple[Text, Text, bool], ...] = ()
    saved: tuple[int, ...] = ()
    starter_waits: bool = False
    starters: tuple[str, ...] = ()


@dataclass(frozen=True)
class LessonsFound:
    """The lesson sets that can be chosen, and one line for each file that cannot be used."""

    lessons: tuple[FoundLesson, ...] = ()
    problems: tuple[Text, ...] = ()


@dataclass(frozen=True)
class ReadyToStartAgain:
    """Everything is stored that the next start needs.

    Attributes:
        visit_over: A visit has ended, and nobody agreed to a restart: it waits until nobody is there.
    """

    visit_over: bool = False


@dataclass(frozen=True)
class VisitLessonLeft:
    """The lesson of a visit that has ended is still on the disk: it could not be forgotten."""


@dataclass(frozen=True)
class StaffFailed:
    """Something that was asked for on the staff pages failed."""

    reason: Text


@dataclass(frozen=True)
class StaffDone:
    """Something that was asked for on the staff pages is done; `text` says what."""

    text: Text


@dataclass(frozen=True)
class StarterMade:
    """The model of this session was written as the starter."""


@dataclass(frozen=True)
class SettingsRead:
    """Settings of another station were read from a drive: (section.name, value)."""

    changes: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class StaffPinSet:
    """The staff pages have another PIN: `stored` as `app.base.pin` stores it, or empty for none."""

    stored: str = field(repr=False)


@dataclass(frozen=True)
class WorkerFailed:
    """A worker thread stopped because of an error and will not come back."""

    worker: str
    reason: Text


@dataclass(frozen=True)
class WorkerReplaced:
    """A worker thread was stuck, and another one has taken its place."""

    worker: str


@dataclass(frozen=True)
class DiskWaits:
    """The disk does not answer, or answers again."""

    waits: bool


@dataclass(frozen=True)
class StartProblem:
    """Something did not hold at the start, and the kiosk uses a default in its place."""

    text: Text


@dataclass(frozen=True)
class TimePassed:
    """One tick of the frame loop. `now_s` is monotonic."""

    now_s: float


SurroundingsEvent = (
    CameraFound
    | CameraLost
    | PicturesJudged
    | VisionFailed
    | DrivesChanged
    | FolderFound
    | BackendChanged
    | SystemLooked
    | LessonsFound
    | ReadyToStartAgain
    | VisitLessonLeft
    | StaffFailed
    | StaffDone
    | StaffPinSet
    | SettingsRead
    | StarterMade
    | WorkerFailed
    | WorkerReplaced
    | DiskWaits
    | StartProblem
    | TimePassed
)
