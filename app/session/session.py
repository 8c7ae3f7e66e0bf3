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
        extractor_sha256: Of the extractor that made the embedding; empty is the session's.
        device: Where it ran: "cpu", "usb:N" or "pci:N".
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
    """Labels and samples, in the order they were taken, and the extractor that made the embeddings."""

    labels: tuple[str, ...]
    samples: tuple[Sample, ...]
    extractor_name: str
    extractor_sha256: str

    def shots(self) -> tuple[int, ...]:
        """Samples per class, in label order."""
        counts = [0] * len(self.labels)
        for sample in self.samples:
            counts[sample.class_index] += 1
        return tuple(counts)

    def embeddings(self) -> NDArray[np.float32]:
        """float32 (N, D)."""
        return np.stack([sample.embedding for sample in self.samples])

    def label_indices(self) -> NDArray[np.int64]:
        """int64 (N,)."""
        return np.array([sample.class_index for sample in self.samples], np.int64)

    def missing(self) -> Message | None:
        """What training still needs, in words for the visitor; None when it can start."""
        return still_missing(self.labels, self.shots())

    def taught(self) -> Session:
        """Only the classes that have samples, numbered anew from 0."""
        kept = [index for index, count in enumerate(self.shots()) if count]
        renumbered = {old: new for new, old in enumerate(kept)}
        return replace(
            self,
            labels=tuple(self.labels[index] for index in kept),
            samples=tuple(replace(one, class_index=renumbered[one.class_index]) for one in self.samples),
        )


def still_missing(labels: Sequence[str], shots: Sequence[int]) -> Message | None:
    """Say what training needs first: two classes with two samples each are enough."""
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
    """Whether two sessions hold the same samples, with or without their pictures."""
    return len(one.samples) == len(other.samples) and all(
        (mine.class_index, mine.taken_at_s) == (theirs.class_index, theirs.taken_at_s)
        and np.array_equal(mine.embedding, theirs.embedding)
        for mine, theirs in zip(one.samples, other.samples, strict=True)
    )
