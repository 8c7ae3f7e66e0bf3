"""What happened (events, past tense) and what is to be done (commands, imperative).

Every device turns its world into events and puts them into one queue; `app.state.advance` turns an event
into a new state and commands; `app.kiosk` carries the commands out. All of them are frozen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from app.i18n import Text

if TYPE_CHECKING:
    from app.ui.view import Picture


class Action(Enum):
    """A button that is no class button."""

    TRAIN = "train"
    UNDO = "undo"
    SAVE = "save"
    RESET = "reset"
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
class SampleAdded:
    """A sample is durable on disk. `picture` is its thumbnail."""

    class_index: int
    sample_id: int
    picture: Picture


@dataclass(frozen=True)
class SampleRemoved:
    """The latest sample is gone from disk again."""

    class_index: int
    sample_id: int


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


@dataclass(frozen=True)
class SavingFailed:
    """Nothing half-written is left under its final name."""

    reason: Text


@dataclass(frozen=True)
class SessionErased:
    """All samples of the visitor are gone."""


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
    | SampleAdded
    | SampleRemoved
    | SampleRefused
    | SampleWithdrawn
    | UndoFailed
    | EraseFailed
    | TrainingFinished
    | TrainingFailed
    | SavingFinished
    | SavingFailed
    | SessionErased
    | CameraFound
    | CameraLost
    | VisionFailed
    | DrivesChanged
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
class StartTraining:
    """Train on a snapshot of the session, export, verify, go live."""


@dataclass(frozen=True)
class StartSaving:
    """Write the folder that the visitor takes away."""


@dataclass(frozen=True)
class EraseSession:
    """Forget every sample and the model trained from them."""


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
    AddSample | RemoveLastSample | StartTraining | StartSaving | EraseSession | ToggleFullscreen | PlaySound | Leave
)
