"""What happened (events, past tense) and what is to be done (commands, imperative).

Every device turns its world into events and puts them into one queue; `app.state.advance` turns an event
into a new state and commands; `app.kiosk` carries the commands out. All of them are frozen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.i18n import Text

if TYPE_CHECKING:
    from app.ports import Drive, UnmountedDrive
    from app.ui.view import Picture


class Action(Enum):
    """A button that is no class button."""

    TRAIN = "train"
    UNDO = "undo"
    SAVE = "save"
    RESET = "reset"
    RESULTS = "results"
    LANGUAGE = "language"
    CONFIRM = "confirm"
    CANCEL = "cancel"
    FULLSCREEN = "fullscreen"
    LEAVE = "leave"


@dataclass(frozen=True)
class OnScreen:
    """Something to touch that is no physical button: `what` names it, `which` says which of several."""

    what: str
    which: int | str = ""


Button = int | Action | OnScreen
"""A class button by its label index (0 is the first), an action, or something on the screen."""


# --- events ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ButtonPressed:
    """A button went down, on whatever device."""

    button: Button


@dataclass(frozen=True)
class ButtonReleased:
    """A button came up again."""

    button: Button


@dataclass(frozen=True)
class InputPressed:
    """A key, pad or pin went down, whatever it means. `source` names it: "key:space", "pad:0:button:3", "gpio:17"."""

    source: str


@dataclass(frozen=True)
class InputReleased:
    """It came up again, or it is gone."""

    source: str


@dataclass(frozen=True)
class InputStuck:
    """It is down and may not count as a press: it was down already when the kiosk started."""

    source: str


@dataclass(frozen=True)
class PinChanged:
    """A pin changed its level, bounces and all: `app.presses` decides what was a press. `at_s` is monotonic."""

    source: str
    active: bool
    at_s: float


@dataclass(frozen=True)
class ScreenTouched:
    """A finger or the mouse touched the screen where no button is."""


@dataclass(frozen=True)
class CharacterTyped:
    """A real keyboard wrote something while a keyboard is on the screen."""

    text: str


@dataclass(frozen=True)
class TypingEdited:
    """A real keyboard's "backspace", "done" or "cancel" while a keyboard is on the screen."""

    what: str


@dataclass(frozen=True)
class SampleAdded:
    """A sample is durable on disk. `picture` is its thumbnail."""

    class_index: int
    sample_id: int
    picture: Picture


@dataclass(frozen=True)
class SampleRemoved:
    """A sample is gone from disk again."""

    class_index: int
    sample_id: int


@dataclass(frozen=True)
class SampleRestored:
    """A sample that was taken out of a gallery is back."""

    class_index: int
    sample_id: int
    picture: Picture


@dataclass(frozen=True)
class PicturesLoaded:
    """Thumbnails of stored samples by sample id; `purpose` is "gallery" or "results"."""

    purpose: str
    pictures: tuple[tuple[int, Picture], ...]


@dataclass(frozen=True)
class SampleRefused:
    """A sample could not be taken or kept; `reason` is for the visitor."""

    class_index: int
    reason: Text


@dataclass(frozen=True)
class SampleWithdrawn:
    """A press was taken back before its frame came; nothing was stored."""

    class_index: int


@dataclass(frozen=True)
class UndoFailed:
    """The latest sample could not be taken back."""

    reason: Text


@dataclass(frozen=True)
class EraseFailed:
    """The session could not be erased; all of it is still there."""

    reason: Text


@dataclass(frozen=True)
class TrainingFinished:
    """The exported model has been verified and answers from now on. `shots` is what it was made from."""

    model_path: Path
    shots: tuple[int, ...]
    validation_accuracy: float
    threshold: float
    seconds: Mapping[str, float] = field(default_factory=dict)
    report: Mapping[str, Any] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class TrainingFailed:
    """No new model; the one before it goes on answering."""

    reason: Text


@dataclass(frozen=True)
class SavingFinished:
    """The folder is complete, on the medium and read back."""

    folder: Path
    removable: bool
    seconds: float = 0.0
    drive: str = ""
    note: Text = ""  # what is to be done before the drive may be pulled; empty: it may be pulled now


@dataclass(frozen=True)
class SavingFailed:
    """Nothing half-written is left under its final name."""

    reason: Text


@dataclass(frozen=True)
class SessionErased:
    """All samples of the visitor are gone."""


@dataclass(frozen=True)
class StarterReady:
    """A model that answers before anybody taught is live. `threshold` is its own."""

    labels: tuple[str, ...]
    threshold: float


@dataclass(frozen=True)
class SessionRestored:
    """A session from the archive is the one at hand again; its model is trained anew from it."""

    labels: tuple[str, ...]
    shots: tuple[int, ...]
    thumbnails: tuple[tuple[Picture, ...], ...]


@dataclass(frozen=True)
class StaffFailed:
    """Something that was asked for on the staff pages did not happen."""

    reason: Text


@dataclass(frozen=True)
class StaffDone:
    """It did."""

    told: Text


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
    """The removable drives that are there now, by name; `writable` are those that SAVE may use."""

    names: tuple[str, ...]
    writable: tuple[str, ...] = ()
    drives: tuple[Drive, ...] = ()  # all that is known of those in `names`
    unmounted: tuple[UnmountedDrive, ...] = ()  # plugged in, yet no folder of this system


SAVING_STEPS = ("write", "read_back", "name", "release")
"""What saving does, in order: the files, reading them back from the medium, the folder's name, letting the drive go."""


@dataclass(frozen=True)
class SavingStarted:
    """Writing begins. `drive` is its name, or empty where none is there; `steps` are those that will follow."""

    drive: str
    folder: Path
    steps: tuple[str, ...] = SAVING_STEPS


@dataclass(frozen=True)
class SavingStep:
    """A step of saving begins (`done` is False) or is done; `name` is one of `SavingStarted.steps`."""

    name: str
    done: bool


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
class SessionImported:
    """The session is the one of the drive now; the one before is archived. `thumbnails` are the newest by class."""

    labels: tuple[str, ...]
    shots: tuple[int, ...]
    thumbnails: tuple[tuple[Picture, ...], ...]


@dataclass(frozen=True)
class ImportFailed:
    """What is on the drive is not used; the session and the model are what they were."""

    reason: Text


@dataclass(frozen=True)
class ModelShown:
    """A model from a drive answers now. The session waits untouched behind it."""

    labels: tuple[str, ...]
    threshold: float
    drive: str


@dataclass(frozen=True)
class ShowEnded:
    """The kiosk's own model, if there is one, answers again; labels, shots and thumbnails are the session's."""

    labels: tuple[str, ...]
    shots: tuple[int, ...]
    thumbnails: tuple[tuple[Picture, ...], ...]
    validation_accuracy: float | None = None  # of the model that answers; None where there is none
    threshold: float = 0.0
    trained_shots: tuple[int, ...] = ()


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
class SamplesReEmbedded:
    """Another sample has the embedding of the extractor in use; `left` wait for theirs.

    `dropped` are the classes of samples whose picture was damaged: they are gone.
    """

    left: int
    dropped: tuple[int, ...] = ()


@dataclass(frozen=True)
class WorkerFailed:
    """A worker stopped for good; nothing that it did happens any more."""

    worker: str
    reason: Text


@dataclass(frozen=True)
class TimePassed:
    """One tick of the frame loop. `now_s` is monotonic."""

    now_s: float


Event = (
    ButtonPressed
    | ButtonReleased
    | InputPressed
    | InputReleased
    | InputStuck
    | PinChanged
    | ScreenTouched
    | CharacterTyped
    | TypingEdited
    | SampleAdded
    | SampleRemoved
    | SampleRestored
    | PicturesLoaded
    | SampleRefused
    | SampleWithdrawn
    | UndoFailed
    | EraseFailed
    | TrainingFinished
    | TrainingFailed
    | SavingFinished
    | SavingFailed
    | SessionErased
    | StarterReady
    | SessionRestored
    | StaffFailed
    | StaffDone
    | SystemLooked
    | CameraFound
    | CameraLost
    | VisionFailed
    | DrivesChanged
    | SavingStarted
    | SavingStep
    | FolderFound
    | SessionImported
    | ImportFailed
    | ModelShown
    | ShowEnded
    | BackendChanged
    | SamplesReEmbedded
    | WorkerFailed
    | TimePassed
)


# --- commands -------------------------------------------------------------------------------------------


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
    """The visitor is gone: keep of the session what `privacy` says ("keep", "embeddings", "erase"), erase the rest."""

    privacy: str


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
    privacy: str


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
    """Write the folder that the visitor takes away."""


@dataclass(frozen=True)
class EraseSession:
    """Forget every sample and the model trained from them."""


@dataclass(frozen=True)
class ImportSession:
    """Read the session in this folder of a drive and carry on with it."""

    folder: Path


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
