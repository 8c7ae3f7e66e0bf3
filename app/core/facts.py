"""Frozen values that events carry and that the state then keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from app.base.i18n import Text
from app.base.picture import Picture
from app.config.lesson import Lesson

MOST_REMOVED = 600  # samples of a class that can be brought back; older ones are forgotten

Kept = TypeVar("Kept")


def still_restorable(groups: tuple[tuple[Kept, ...], ...]) -> tuple[tuple[Kept, ...], ...]:
    """The groups of removed samples of a class, oldest first, that are kept: the newest, up to MOST_REMOVED samples."""
    total = sum(map(len, groups))
    while len(groups) > 1 and total > MOST_REMOVED:
        total -= len(groups[0])
        groups = groups[1:]
    return groups


class NameFrom(Enum):
    """Where the name of a class comes from, if it is not one that the settings or the lesson give."""

    COLOUR = "colour"  # of its button: it follows the button, the palette and the language
    PERSON = "person"  # somebody typed it: the kiosk never changes it


@dataclass(frozen=True)
class TaughtClass:
    """One class as taught so far.

    Attributes:
        label: Class label.
        shots: Number of its samples.
        thumbnails: Its newest samples, newest last.
        variety: How much its samples differ, 0..1: see `app.core.modes.variety`. None if it cannot be measured.
        removed: The ids of samples that were removed and can be brought back, oldest removal first. Samples that were
            removed together, such as those of one hold, come back together.
        undone: Those of `removed` that UNDO removed: the gallery brings them back, and no further UNDO.
        name_from: Where its name comes from; a number is the place of the name in the settings or the lesson. It moves
            with the class. None until a name changes: see `app.core.modes.language.with_names_known`.
    """

    label: str
    shots: int = 0
    thumbnails: tuple[Picture, ...] = ()
    variety: float | None = None
    removed: tuple[tuple[int, ...], ...] = ()
    undone: tuple[tuple[int, ...], ...] = ()
    name_from: NameFrom | int | None = None


@dataclass(frozen=True)
class FoundLesson:
    """A lesson set that staff can choose, and where it is: the name of a drive, or a text."""

    lesson: Lesson
    place: Text


@dataclass(frozen=True)
class ModelFacts:
    """A finished model that was not trained in this session: the starter, or one from a drive.

    Attributes:
        labels: Class labels in label order.
        threshold: Below this top probability, 0..1, the answer is "not sure".
    """

    labels: tuple[str, ...]
    threshold: float


@dataclass(frozen=True)
class TrainedFacts:
    """The model that was trained in this session: how good it is, and from how many samples it was made.

    Attributes:
        validation_accuracy: On held-out samples, 0..1; None if it is unknown.
        threshold: Below this top probability, 0..1, the answer is "not sure".
        shots: Samples per class at the time of training.
        report: What `app.model.training_report.training_report` returned after the training; None if it was lost.
        validation_from: "holds" if the test pictures are of other holds than those that taught, "views" if they are
            moved and turned copies. None if they are near-duplicates of what taught, or if this is unknown: then the
            accuracy says nothing about new pictures.
        provisional: The limit of "not sure" was set without a bank of unknown things.
    """

    validation_accuracy: float | None
    threshold: float
    shots: tuple[int, ...]
    report: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)
    validation_from: str | None = None
    provisional: bool = False
