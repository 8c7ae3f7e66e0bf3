"""Events of jobs on the session: samples, training, saving, importing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.base.i18n import Text
from app.core.facts import ModelFacts, TaughtClass, TrainedFacts
from app.core.game import NewAnswer

if TYPE_CHECKING:
    from app.base.explanation import Explanation
    from app.base.picture import Picture


@dataclass(frozen=True)
class SampleTaken:
    """A press took a frame, which is on its way to the disk.

    Attributes:
        class_index: The class that it was taken for.
        picture: A thumbnail of the frame.
    """

    class_index: int
    picture: Picture


@dataclass(frozen=True)
class SampleAdded:
    """A sample was written to disk durably.

    Attributes:
        class_index, sample_id: The sample.
        picture: Its thumbnail.
        variety: How much the samples of its class differ, 0..1, with this one; None if it cannot be measured.
    """

    class_index: int
    sample_id: int
    picture: Picture
    variety: float | None = None


@dataclass(frozen=True)
class SamplesRemoved:
    """Samples of a class were removed from disk together.

    Attributes:
        class_index, sample_ids: The samples.
        variety: That of the samples that are left of their class.
        by_undo: UNDO removed them: the next UNDO does not bring them back, but goes further back.
    """

    class_index: int
    sample_ids: tuple[int, ...]
    variety: float | None = None
    by_undo: bool = False


@dataclass(frozen=True)
class SamplesRestored:
    """Samples that were removed together are back.

    Attributes:
        class_index, sample_ids: The samples.
        pictures: Thumbnails of the newest of them.
        variety: That of their class with them.
    """

    class_index: int
    sample_ids: tuple[int, ...]
    pictures: tuple[Picture, ...]
    variety: float | None = None


@dataclass(frozen=True)
class GalleryLoaded:
    """The pictures on a page of the gallery, by sample id, newest first.

    `place` is the class and the page; None if it is the one that is open.
    """

    pictures: tuple[tuple[int, Picture], ...]
    place: tuple[int, int] | None = None


@dataclass(frozen=True)
class PicturesLoaded:
    """The pictures that the results asked for, by sample id, and what spoke for the answers to them.

    `explanations` is empty if the model cannot be explained fast enough. In the samples `on_background`, most of what
    spoke for the answer is on the background.
    """

    pictures: tuple[tuple[int, Picture], ...]
    explanations: tuple[tuple[int, Explanation], ...] = ()
    on_background: tuple[int, ...] = ()


@dataclass(frozen=True)
class SampleRefused:
    """A sample could not be taken or stored; `reason` is for the visitor."""

    class_index: int
    reason: Text


@dataclass(frozen=True)
class SampleWithdrawn:
    """Samples of a hold were undone before their frame came; none of these was stored."""

    class_index: int
    count: int = 1


@dataclass(frozen=True)
class UndoFailed:
    """A sample could not be removed, restored or fetched."""

    reason: Text


@dataclass(frozen=True)
class EraseFailed:
    """The session is over, but its pictures are still on the disk."""

    reason: Text


@dataclass(frozen=True)
class TrainingFinished:
    """The exported model was verified and answers now. `seconds` is the duration of each step of the training."""

    model_path: Path
    model: TrainedFacts
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ReportExplained:
    """What the new model looks at is known: its report is complete.

    Attributes:
        before: The report that `TrainingFinished` brought.
        report: The same with explanations.
    """

    before: Mapping[str, Any]
    report: Mapping[str, Any]


@dataclass(frozen=True)
class TrainingFailed:
    """The training made no new model; the one before still answers."""

    reason: Text


@dataclass(frozen=True)
class SavingFinished:
    """The folder is complete: it is on the medium and was read back.

    Attributes:
        folder: Where it is.
        removable: It is on a drive, not on this machine.
        seconds: How long saving took.
        drive: Name of the drive.
        note: What to do before the drive may be pulled out; empty if it may be pulled out now.
        number: By this number the visitor asks for a folder on this machine; None for one on a drive.
    """

    folder: Path
    removable: bool
    seconds: float = 0.0
    drive: str = ""
    note: Text = ""
    number: int | None = None


@dataclass(frozen=True)
class SavingFailed:
    """Nothing was saved; no incomplete folder is left under its final name."""

    reason: Text


@dataclass(frozen=True)
class SessionErased:
    """All samples of the session were erased.

    `disk_problem` says why the next session is in memory alone; None if it is on the disk.
    """

    disk_problem: Text | None = None


@dataclass(frozen=True)
class StarterReady:
    """The starter answers: a model for the time before a visitor teaches anything."""

    model: ModelFacts


@dataclass(frozen=True)
class ClassRemoved:
    """A class is gone with its samples, and with the model that knew it.

    `classes` are those that are left, with the samples that can be brought back.
    """

    label: str
    classes: tuple[TaughtClass, ...]


@dataclass(frozen=True)
class ClassNotRemoved:
    """A class could not be removed; nothing has changed."""

    reason: Text


@dataclass(frozen=True)
class SessionRestored:
    """A session from the archive is the current one again. It has no model until TRAIN is pressed.

    `next_hold` is larger than the number of every hold in it.
    """

    classes: tuple[TaughtClass, ...]
    next_hold: int = 0


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
    """The session from the drive is the current one; the one before it is archived.

    `next_hold` is larger than the number of every hold in it.
    """

    classes: tuple[TaughtClass, ...]
    next_hold: int = 0


@dataclass(frozen=True)
class ImportFailed:
    """The folder on the drive cannot be used; the session and the model are unchanged."""

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
    """More samples were embedded by the extractor in use.

    Attributes:
        left: Number of samples that still need an embedding.
        dropped: Class indices of samples that were removed because their picture is damaged.
    """

    left: int
    dropped: tuple[int, ...] = ()


@dataclass(frozen=True)
class BackgroundSeen:
    """The new model finds most of what speaks for these classes on the background of their pictures."""

    class_indices: tuple[int, ...]


@dataclass(frozen=True)
class AnswerSeen:
    """The model answered a frame while a game watches; the values are smoothed over the frames before.

    Attributes:
        label_index: The class that it names first.
        sureness: How sure it is, 0..1: the probability, less for a picture that is unlike everything taught.
        named: It names that class clearly; False if it hesitates between two.
        picture: The frame.
        why: What spoke for the answer; None if the model cannot be explained.
    """

    label_index: int
    sureness: float
    named: bool
    picture: Picture
    why: Explanation | None = None


@dataclass(frozen=True)
class PictureAnswered:
    """The current model answered the picture of a trick again."""

    picture: Picture
    answer: NewAnswer


@dataclass(frozen=True)
class PictureUnanswered:
    """The current model could not answer the picture of a trick."""

    reason: Text


SessionEvent = (
    SampleTaken
    | SampleAdded
    | SamplesRemoved
    | SamplesRestored
    | GalleryLoaded
    | PicturesLoaded
    | SampleRefused
    | SampleWithdrawn
    | UndoFailed
    | EraseFailed
    | TrainingFinished
    | ReportExplained
    | TrainingFailed
    | SavingFinished
    | SavingFailed
    | SessionErased
    | StarterReady
    | ClassRemoved
    | ClassNotRemoved
    | SessionRestored
    | SavingStarted
    | SavingAdvanced
    | SessionImported
    | ImportFailed
    | ModelShown
    | ShowEnded
    | SamplesReEmbedded
    | BackgroundSeen
    | AnswerSeen
    | PictureAnswered
    | PictureUnanswered
)
