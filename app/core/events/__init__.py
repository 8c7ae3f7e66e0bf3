"""What happened (events, past tense) and what is to be done (commands, imperative).

Every device turns its world into events and puts them into one queue; `app.core.transitions.advance` turns an event
into a new state and commands; `app.kiosk` carries the commands out. All of them are frozen.
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
