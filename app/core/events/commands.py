"""Commands: what the kiosk should do next. `app.kiosk` carries them out, most of them on a worker thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.base.picture import Picture
    from app.base.ports import Drive
    from app.base.privacy import Privacy
    from app.config.lesson import Lesson
    from app.core.facts import NameFrom


@dataclass(frozen=True)
class AddSample:
    """Store the frame that is on the screen as a sample of this class, taken in the hold with this number."""

    class_index: int
    hold: int


@dataclass(frozen=True)
class UndoLastAct:
    """Take back what the visitor last did with pictures: see `app.jobs.samples.RemovedSamples`.

    A hold goes as a whole, with the samples that still wait for their frame.
    """


@dataclass(frozen=True)
class RemoveSample:
    """Remove one sample."""

    sample_id: int


@dataclass(frozen=True)
class RemoveSamplesOf:
    """Remove all samples of a class."""

    class_index: int


@dataclass(frozen=True)
class RestoreSamples:
    """Restore the samples that were removed last, of this class or, if it is None, of any. All come back together."""

    class_index: int | None = None


@dataclass(frozen=True)
class ForgetRemoved:
    """Forget the removed samples of this class and of those after it: nothing can bring them back."""

    first_class: int = 0


@dataclass(frozen=True)
class LoadGallery:
    """Fetch a page of the pictures of a class, newest first."""

    class_index: int
    page: int
    size: int


@dataclass(frozen=True)
class LoadPictures:
    """Fetch the pictures of these samples for the results."""

    sample_ids: tuple[int, ...]


@dataclass(frozen=True)
class EndSession:
    """The visitor is gone: archive what `privacy` keeps of the session, and erase the rest."""

    privacy: Privacy


@dataclass(frozen=True)
class LoadStarter:
    """Let the starter answer, if one is configured."""


@dataclass(frozen=True)
class ExportSettings:
    """Write the settings of this station to a drive, without the PIN."""


@dataclass(frozen=True)
class ImportSettings:
    """Read the settings of another station from a drive."""


@dataclass(frozen=True)
class MakeStarter:
    """Write the model of this session as the starter."""


@dataclass(frozen=True)
class DropStarter:
    """Stop the starter: a visitor begins to teach."""


@dataclass(frozen=True)
class ChangeSettings:
    """Save settings that were changed on the screen, and use them at once. `changes` are (section.name, value)."""

    changes: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class SetPin:
    """Store a new PIN for the staff pages; an empty one removes it."""

    pin: str = field(repr=False)


@dataclass(frozen=True)
class RememberPinLock:
    """Keep the number of wrong PINs, and for how many seconds the number pad is locked, over a restart."""

    wrong: int
    locked_s: float


@dataclass(frozen=True)
class NameClasses:
    """Give the classes new names, in the session and in the model that answers; their number may change."""

    labels: tuple[str, ...]


@dataclass(frozen=True)
class DropClass:
    """Remove a class with its samples and the model; the classes after it move up by one.

    `labels` are those of the classes that are left, and `names_from` says where these come from.
    """

    class_index: int
    labels: tuple[str, ...]
    label: str
    names_from: tuple[NameFrom | int | None, ...] = ()


@dataclass(frozen=True)
class LookAtSystem:
    """Collect what the staff pages show of the system."""


@dataclass(frozen=True)
class LookForLessons:
    """Look for lesson sets, here and on the drives."""


@dataclass(frozen=True)
class KeepLesson:
    """Copy a lesson set to this machine, so that it is there without the drive."""

    lesson: Lesson


@dataclass(frozen=True)
class WriteLessonCards:
    """Write a card to print for each of these lesson sets to a drive, in a language."""

    lessons: tuple[Lesson, ...]
    language: str


@dataclass(frozen=True)
class StartWithLesson:
    """Store what the next start needs to go on with a lesson set, whose extractor is another one.

    Attributes:
        lesson: The lesson set; None for none.
        labels: The names of its classes.
        extractor: The extractor that the kiosk will open, as the settings write it.
        for_good: The settings name it from now on; else it is there until the visit ends.
    """

    lesson: Lesson | None
    labels: tuple[str, ...]
    extractor: str
    for_good: bool


@dataclass(frozen=True)
class KeepVisitLesson:
    """Another lesson set, or none, is to be there until this visit ends, also after a power cut."""

    lesson: Lesson | None


@dataclass(frozen=True)
class EndVisitLesson:
    """Forget the lesson set that was kept over a restart for one visit, and start again if `restart` says so."""

    restart: bool


@dataclass(frozen=True)
class RestoreSession:
    """Bring back a session from the archive; the current one is archived first, as `privacy` says."""

    name: str
    privacy: Privacy


@dataclass(frozen=True)
class ExportSessions:
    """Write all sessions of the archive to a drive, or to the export directory."""


@dataclass(frozen=True)
class TakeStarter:
    """Take the new starter that is not signed, because staff said so."""


@dataclass(frozen=True)
class CopySaved:
    """Copy the model with this number, which SAVE wrote to this machine, to a drive."""

    number: int


@dataclass(frozen=True)
class PowerOff:
    """Shut the computer down, or restart it."""

    restart: bool


@dataclass(frozen=True)
class StartTraining:
    """Train on a snapshot of the session, export, verify, go live."""


@dataclass(frozen=True)
class StartSaving:
    """Write the folder that the visitor takes home.

    `drive` is the chosen or the only drive; None writes to the first drive that takes it.
    """

    drive: Drive | None = None


@dataclass(frozen=True)
class EraseSession:
    """Erase every sample, and the model that was trained from them."""


@dataclass(frozen=True)
class ImportSession:
    """Carry on with the session in this folder of a drive; the current one is archived first, as `privacy` says."""

    folder: Path
    privacy: Privacy


@dataclass(frozen=True)
class ShowModel:
    """Let the model in this folder of a drive answer; the session stays as it is."""

    folder: Path
    drive: str


@dataclass(frozen=True)
class EndShow:
    """Return from a drive's model to the kiosk's own session."""


@dataclass(frozen=True)
class CheckSamples:
    """Make sure that all samples are embedded by the extractor in use."""


@dataclass(frozen=True)
class AskAgain:
    """Let the current model answer this frame, in memory: does the trick of a game still work?"""

    picture: Picture


@dataclass(frozen=True)
class ToggleFullscreen:
    """Switch between window and full screen."""


@dataclass(frozen=True)
class PlaySound:
    """Play one of the short sounds of `app.ui.sounds`."""

    name: str


@dataclass(frozen=True)
class Leave:
    """End the program; with `again` it starts again by itself."""

    again: bool = False


Command = (
    AddSample
    | UndoLastAct
    | RemoveSample
    | RemoveSamplesOf
    | RestoreSamples
    | ForgetRemoved
    | LoadGallery
    | LoadPictures
    | EndSession
    | LoadStarter
    | DropStarter
    | MakeStarter
    | ExportSettings
    | ImportSettings
    | ChangeSettings
    | SetPin
    | RememberPinLock
    | NameClasses
    | DropClass
    | LookAtSystem
    | LookForLessons
    | KeepLesson
    | StartWithLesson
    | WriteLessonCards
    | EndVisitLesson
    | KeepVisitLesson
    | RestoreSession
    | ExportSessions
    | TakeStarter
    | CopySaved
    | PowerOff
    | StartTraining
    | StartSaving
    | EraseSession
    | CheckSamples
    | ImportSession
    | ShowModel
    | EndShow
    | AskAgain
    | ToggleFullscreen
    | PlaySound
    | Leave
)
