"""What is to be done, in the imperative."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.base.ports import Drive
    from app.base.privacy import Privacy


@dataclass(frozen=True)
class AddSample:
    """Keep the frame that is on the screen as a sample of this class."""

    class_index: int


@dataclass(frozen=True)
class RemoveLastSample:
    """Take back the latest press, or the latest sample of all."""


@dataclass(frozen=True)
class RemoveSample:
    """Take one sample out; `RestoreSample` brings back the one that was taken out last."""

    sample_id: int


@dataclass(frozen=True)
class RestoreSample:
    """Bring back the sample that was taken out last."""


@dataclass(frozen=True)
class LoadGallery:
    """Fetch a page of the pictures of a class, newest first."""

    class_index: int
    page: int
    size: int


@dataclass(frozen=True)
class LoadPictures:
    """Fetch the pictures of samples for the results."""

    sample_ids: tuple[int, ...]


@dataclass(frozen=True)
class EndSession:
    """The visitor is gone: archive what `privacy` keeps of the session, and erase the rest."""

    privacy: Privacy


@dataclass(frozen=True)
class LoadStarter:
    """Let the model answer that is there before anybody taught, if there is one."""


@dataclass(frozen=True)
class DropStarter:
    """A visitor begins to teach: it answers no more."""


@dataclass(frozen=True)
class ChangeSettings:
    """Keep settings that were changed on the screen and let them hold at once. `changes` is by "section.name"."""

    changes: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class NameClasses:
    """The classes are called so now: in the session, and in the model that answers."""

    labels: tuple[str, ...]


@dataclass(frozen=True)
class LookAtSystem:
    """Gather what the staff pages tell."""


@dataclass(frozen=True)
class RestoreSession:
    """Bring back a session from the archive; the one at hand is archived first, as `privacy` says."""

    name: str
    privacy: Privacy


@dataclass(frozen=True)
class ExportSessions:
    """Write all sessions of the archive to a drive, or to the export directory."""


@dataclass(frozen=True)
class PowerOff:
    """Shut the machine down, or start it anew."""

    restart: bool


@dataclass(frozen=True)
class StartTraining:
    """Train on a snapshot of the session, export, verify, go live."""


@dataclass(frozen=True)
class StartSaving:
    """Write the folder that the visitor takes away.

    `drive` is the one that was chosen, or the only one; None for the first one that takes it.
    """

    drive: Drive | None = None


@dataclass(frozen=True)
class EraseSession:
    """Forget every sample and the model trained from them."""


@dataclass(frozen=True)
class ImportSession:
    """Carry on with the session in this folder of a drive; the current one is archived first, as `privacy` says."""

    folder: Path
    privacy: Privacy


@dataclass(frozen=True)
class ShowModel:
    """Let the model in this folder of a drive answer, without touching the session."""

    folder: Path
    drive: str


@dataclass(frozen=True)
class EndShow:
    """Back from a model that was shown to the kiosk's own session."""


@dataclass(frozen=True)
class CheckSamples:
    """Bring the samples up to date with what embeds now."""


@dataclass(frozen=True)
class ToggleFullscreen:
    """Window to full screen, or back."""


@dataclass(frozen=True)
class PlaySound:
    """One of the short sounds by name: see `app.ui.sounds`."""

    name: str


@dataclass(frozen=True)
class Leave:
    """End the program."""


Command = (
    AddSample
    | RemoveLastSample
    | RemoveSample
    | RestoreSample
    | LoadGallery
    | LoadPictures
    | EndSession
    | LoadStarter
    | DropStarter
    | ChangeSettings
    | NameClasses
    | LookAtSystem
    | RestoreSession
    | ExportSessions
    | PowerOff
    | StartTraining
    | StartSaving
    | EraseSession
    | CheckSamples
    | ImportSession
    | ShowModel
    | EndShow
    | ToggleFullscreen
    | PlaySound
    | Leave
)
