"""Session: one visitor's class labels and samples, as a frozen snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.base.i18n import Message, message
from learning.fit import MIN_CLASSES, MIN_SHOTS


@dataclass(frozen=True, eq=False)
class Sample:
    """One embedding with its picture and class.

    Attributes:
        embedding: float32 (D,).
        picture: JPEG of the centre square of the frame that was on the screen.
        taken_at_s: Unix time.
        extractor_sha256: Of the extractor that made the embedding; empty means the session's extractor.
        device: Where the extractor ran: "cpu", "usb:N" or "pci:N".
    """

    sample_id: int
    class_index: int
    embedding: NDArray[np.float32]
    picture: bytes
    taken_at_s: float
    extractor_sha256: str = ""
    device: str = "cpu"


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
            "One more thing is needed: show something else than {label} and hold its button.", label=taught[0][0]
        )
    for label, count in taught:
        if count < MIN_SHOTS:
            return message("{label} needs one more picture.", label=label)
    return None


def same_samples(one: Session, other: Session) -> bool:
    """Return whether two sessions have the same samples; pictures are not compared."""
    return len(one.samples) == len(other.samples) and all(
        (mine.class_index, mine.taken_at_s) == (theirs.class_index, theirs.taken_at_s)
        and np.array_equal(mine.embedding, theirs.embedding)
        for mine, theirs in zip(one.samples, other.samples, strict=True)
    )
