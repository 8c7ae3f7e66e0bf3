"""Events (past tense: what happened) and commands (imperative: what to do), all frozen.

Devices and workers put events into one queue. `app.core.transitions.advance` makes a new state and commands from each
event, and `app.kiosk` carries the commands out. Import this package as `from app.core import events as ev`.

To add an event: define it in one of the modules below, list it in `Event`, and give it a row in
`app.core.transitions.TRANSITIONS`. To add a command: list it in `Command`; mypy then names the dispatcher that must
handle it.
"""

from app.core.events.commands import (
    AddSample,
    ChangeSettings,
    CheckSamples,
    Command,
    DropStarter,
    EndSession,
    EndShow,
    EraseSession,
    ExportSessions,
    ImportSession,
    Leave,
    LoadGallery,
    LoadPictures,
    LoadStarter,
    LookAtSystem,
    NameClasses,
    PlaySound,
    PowerOff,
    RemoveLastSample,
    RemoveSample,
    RestoreSample,
    RestoreSession,
    ShowModel,
    StartSaving,
    StartTraining,
    ToggleFullscreen,
)
from app.core.events.inputs import (
    ButtonPressed,
    ButtonReleased,
    CharacterTyped,
    InputPressed,
    InputReleased,
    InputStuck,
    PinChanged,
    ScreenTouched,
    TypingEdited,
    at_time,
)
from app.core.events.session import (
    EraseFailed,
    GalleryLoaded,
    ImportFailed,
    ModelShown,
    PicturesLoaded,
    SampleAdded,
    SampleRefused,
    SampleRemoved,
    SampleRestored,
    SamplesReEmbedded,
    SampleWithdrawn,
    SavingAdvanced,
    SavingFailed,
    SavingFinished,
    SavingStage,
    SavingStarted,
    SessionErased,
    SessionImported,
    SessionRestored,
    ShowEnded,
    StarterReady,
    TrainingFailed,
    TrainingFinished,
    UndoFailed,
)
from app.core.events.surroundings import (
    BackendChanged,
    CameraFound,
    CameraLost,
    DrivesChanged,
    FolderFound,
    StaffDone,
    StaffFailed,
    SystemLooked,
    TimePassed,
    VisionFailed,
    WorkerFailed,
)

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
    | GalleryLoaded
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
    | SavingAdvanced
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

__all__ = [
    "AddSample",
    "BackendChanged",
    "ButtonPressed",
    "ButtonReleased",
    "CameraFound",
    "CameraLost",
    "ChangeSettings",
    "CharacterTyped",
    "CheckSamples",
    "Command",
    "DrivesChanged",
    "DropStarter",
    "EndSession",
    "EndShow",
    "EraseFailed",
    "EraseSession",
    "Event",
    "ExportSessions",
    "FolderFound",
    "GalleryLoaded",
    "ImportFailed",
    "ImportSession",
    "InputPressed",
    "InputReleased",
    "InputStuck",
    "Leave",
    "LoadGallery",
    "LoadPictures",
    "LoadStarter",
    "LookAtSystem",
    "ModelShown",
    "NameClasses",
    "PicturesLoaded",
    "PinChanged",
    "PlaySound",
    "PowerOff",
    "RemoveLastSample",
    "RemoveSample",
    "RestoreSample",
    "RestoreSession",
    "SampleAdded",
    "SampleRefused",
    "SampleRemoved",
    "SampleRestored",
    "SampleWithdrawn",
    "SamplesReEmbedded",
    "SavingAdvanced",
    "SavingFailed",
    "SavingFinished",
    "SavingStage",
    "SavingStarted",
    "ScreenTouched",
    "SessionErased",
    "SessionImported",
    "SessionRestored",
    "ShowEnded",
    "ShowModel",
    "StaffDone",
    "StaffFailed",
    "StartSaving",
    "StartTraining",
    "StarterReady",
    "SystemLooked",
    "TimePassed",
    "ToggleFullscreen",
    "TrainingFailed",
    "TrainingFinished",
    "TypingEdited",
    "UndoFailed",
    "VisionFailed",
    "WorkerFailed",
    "at_time",
]
