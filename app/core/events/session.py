"""What became of samples, of the model and of what is saved: the ends of jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from app.base.i18n import Text
from app.core.facts import ModelFacts, TaughtClass, TrainedFacts

if TYPE_CHECKING:
    from app.base.picture import Picture


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
class GalleryLoaded:
    """The pictures on a page of the gallery, by sample id, newest first."""

    pictures: tuple[tuple[int, Picture], ...]


@dataclass(frozen=True)
class PicturesLoaded:
    """The pictures that the results asked for, by sample id."""

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
    """The exported model has been verified and answers from now on. `seconds` are those of the steps of training."""

    model_path: Path
    model: TrainedFacts
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
    """The starter answers: a model for the time before a visitor teaches anything."""

    model: ModelFacts


@dataclass(frozen=True)
class SessionRestored:
    """A session from the archive is the current one again. It has no model until TRAIN is pressed."""

    classes: tuple[TaughtClass, ...]


class SavingStage(Enum):
    """The stages of saving, in their order."""

    WRITE = "write"  # the files, under a temporary name
    NAME = "name"  # the folder gets its final name
    READ_BACK = "read_back"  # every byte, from the medium
    RELEASE = "release"  # the drive is unmounted


@dataclass(frozen=True)
class SavingStarted:
    """Writing begins.

    Attributes:
        drive: Name of the drive; empty if the folder is written to this machine.
        folder: The folder that is written.
        stages: The stages that will follow.
    """

    drive: str
    folder: Path
    stages: tuple[SavingStage, ...] = tuple(SavingStage)


@dataclass(frozen=True)
class SavingAdvanced:
    """A stage of saving begins (`done` is False) or is done."""

    stage: SavingStage
    done: bool


@dataclass(frozen=True)
class SessionImported:
    """The session from the drive is the current one; the one before it is archived."""

    classes: tuple[TaughtClass, ...]


@dataclass(frozen=True)
class ImportFailed:
    """What is on the drive is not used; the session and the model are what they were."""

    reason: Text


@dataclass(frozen=True)
class ModelShown:
    """A model from the drive `drive` answers. The session is unchanged."""

    model: ModelFacts
    drive: str


@dataclass(frozen=True)
class ShowEnded:
    """The model from a drive answers no longer: the kiosk is back to its own session.

    `model` is the session's own model, which answers again; None if nothing was trained.
    """

    classes: tuple[TaughtClass, ...]
    model: TrainedFacts | None = None


@dataclass(frozen=True)
class SamplesReEmbedded:
    """More samples have the embedding of the extractor in use; `left` wait for theirs.

    `dropped` are the classes of samples whose picture was damaged: they are gone.
    """

    left: int
    dropped: tuple[int, ...] = ()
