"""Session: one visitor's class labels and samples, as a frozen snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from app.base.i18n import Message, message
from learning.dataset import MIN_CLASSES, MIN_SHOTS

MOST_MADE_VIEWS = 60  # of a class


def no_views() -> NDArray[np.float32]:
    """Return the `Sample.made` of a sample without made views: float32 (0, 0)."""
    return np.empty((0, 0), np.float32)


@dataclass(frozen=True, eq=False)
class Sample:
    """One embedding with its picture and class.

    Attributes:
        embedding: float32 (D,).
        picture: JPEG of the centre square of the frame that was on the screen.
        taken_at_s: Unix time.
        extractor_sha256: Of the extractor that made the embedding; empty means the session's extractor.
        device: Where the extractor ran: "cpu", "usb:N" or "pci:N".
        hold: The hold in which it was taken; None if that is unknown.
        made: Embeddings of made views of the picture, by the extractor that made `embedding`: float32 (V, D), where V
            may be 0. Made views are changed copies (moved, turned, lit, ...) that were never stored as pictures; they
            do not count as samples.
    """

    sample_id: int
    class_index: int
    embedding: NDArray[np.float32]
    picture: bytes
    taken_at_s: float
    extractor_sha256: str = ""
    device: str = "cpu"
    hold: int | None = None
    made: NDArray[np.float32] = field(default_factory=no_views)


@dataclass(frozen=True, eq=False)
class Session:
    """Class labels, samples in the order they were taken, and the extractor that made the embeddings."""

    labels: tuple[str, ...]
    samples: tuple[Sample, ...]
    extractor_name: str
    extractor_sha256: str

    def shots(self) -> tuple[int, ...]:
        """Return the number of samples per class, in the order of the labels."""
        counts = [0] * len(self.labels)
        for sample in self.samples:
            counts[sample.class_index] += 1
        return tuple(counts)

    def embeddings(self) -> NDArray[np.float32]:
        """Return the embeddings, float32 (N, D)."""
        return np.stack([sample.embedding for sample in self.samples])

    def label_indices(self) -> NDArray[np.int64]:
        """Return the label index of each sample, int64 (N,)."""
        return np.array([sample.class_index for sample in self.samples], np.int64)

    def holds(self) -> NDArray[np.int64]:
        """Return the hold of each sample, int64 (N,); -1 where it is unknown."""
        return np.array([-1 if sample.hold is None else sample.hold for sample in self.samples], np.int64)

    @property
    def next_hold(self) -> int:
        """The number of the next hold: larger than every hold of a sample."""
        return max((sample.hold + 1 for sample in self.samples if sample.hold is not None), default=0)

    def made(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return all made views, sample by sample.

        Returns:
            Their embeddings, float32 (M, D), and the row in `samples` of the sample that each belongs to, int64 (M,).
        """
        feature_dim = len(self.samples[0].embedding) if self.samples else 0
        counts = [len(sample.made) for sample in self.samples]
        views = [np.empty((0, feature_dim), np.float32), *(sample.made for sample in self.samples if len(sample.made))]
        return np.concatenate(views), np.repeat(np.arange(len(counts)), np.array(counts, np.int64))

    def of_its_extractor(self) -> Session:
        """Return the session without samples that another extractor embedded."""
        own = tuple(one for one in self.samples if one.extractor_sha256 in ("", self.extractor_sha256))
        return replace(self, samples=own)

    def missing(self) -> Message | None:
        """Return what training still needs, as a text for the visitor; None if it can start."""
        return still_missing(self.labels, self.shots())

    def taught(self) -> Session:
        """Return a session with only the classes that have samples, numbered again from 0."""
        kept = [index for index, count in enumerate(self.shots()) if count]
        renumbered = {old: new for new, old in enumerate(kept)}
        return replace(
            self,
            labels=tuple(self.labels[index] for index in kept),
            samples=tuple(replace(one, class_index=renumbered[one.class_index]) for one in self.samples),
        )


def still_missing(labels: Sequence[str], shots: Sequence[int]) -> Message | None:
    """Return the first thing that training needs; None if two classes have two samples each."""
    taught = [(label, count) for label, count in zip(labels, shots, strict=True) if count]
    if not taught:
        return message("Nothing to learn from yet. Show something and hold its button.")
    if len(taught) < MIN_CLASSES:
        return message(
            "One thing is not enough: show something that is not {label} and hold another button.", label=taught[0][0]
        )
    for label, count in taught:
        if count < MIN_SHOTS:
            return message("{label} needs one more picture.", label=label)
    return None


def same_samples(one: Session, other: Session) -> bool:
    """Return whether two sessions have the same samples; pictures and made views are not compared."""
    return len(one.samples) == len(other.samples) and all(
        (mine.class_index, mine.taken_at_s) == (theirs.class_index, theirs.taken_at_s)
        and np.array_equal(mine.embedding, theirs.embedding)
        for mine, theirs in zip(one.samples, other.samples, strict=True)
    )
