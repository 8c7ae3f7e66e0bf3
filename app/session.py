"""Session: one visitor's class labels and samples, as plain frozen data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

MIN_CLASSES = 2
MIN_SHOTS = 2


@dataclass(frozen=True, eq=False)
class Sample:
    """One embedding and the picture that it was made from, with their class.

    Attributes:
        sample_id: Unique in the life of a session file; never given twice, not even after an undo.
        class_index: Row in `Session.labels`.
        embedding: float32, shape (D,), read-only.
        picture: JPEG of the square that the extractor saw; `app.pictures.decode_picture` opens it.
        taken_at_s: Unix seconds.
    """

    sample_id: int
    class_index: int
    embedding: NDArray[np.float32]
    picture: bytes
    taken_at_s: float


@dataclass(frozen=True, eq=False)
class Session:
    """Classes, their samples in the order of taking, and the extractor that made the embeddings."""

    labels: tuple[str, ...]
    samples: tuple[Sample, ...]
    extractor_name: str
    extractor_sha256: str

    def shots(self) -> tuple[int, ...]:
        """Samples per class."""
        counts = np.bincount(self.label_indices(), minlength=len(self.labels))
        return tuple(int(count) for count in counts)

    def embeddings(self) -> NDArray[np.float32]:
        """All embeddings, float32, shape (N, D); (0, 0) without samples."""
        if not self.samples:
            return np.empty((0, 0), np.float32)
        return np.stack([sample.embedding for sample in self.samples])

    def label_indices(self) -> NDArray[np.int64]:
        """The class index of each sample, int64, shape (N,)."""
        return np.array([sample.class_index for sample in self.samples], np.int64)

    def missing(self) -> str | None:
        """What training still needs, in words for the visitor; None when nothing."""
        return still_missing(self.labels, self.shots())

    def taught(self) -> Session:
        """The session with only the classes that have samples, their indices closed up."""
        kept = [index for index, count in enumerate(self.shots()) if count]
        row_of = {index: row for row, index in enumerate(kept)}
        return replace(
            self,
            labels=tuple(self.labels[index] for index in kept),
            samples=tuple(replace(sample, class_index=row_of[sample.class_index]) for sample in self.samples),
        )


def still_missing(labels: Sequence[str], shots: Sequence[int]) -> str | None:
    """Say what training still needs; None when two classes have two samples and no class has just one.

    A class without samples is no fault: it is simply not part of the model.

    Args:
        labels: Class labels.
        shots: Samples of each.
    """
    taught = [label for label, count in zip(labels, shots, strict=True) if count]
    single = [label for label, count in zip(labels, shots, strict=True) if 0 < count < MIN_SHOTS]
    if not taught:
        return f"Teach two things first: {MIN_SHOTS} pictures of each are enough."
    if len(taught) < MIN_CLASSES:
        also = f"{single[0]} needs one more picture, and a" if single else "A"
        return f"{also} second thing needs {MIN_SHOTS} pictures."
    if single:
        names = " and ".join([", ".join(single[:-1]), single[-1]] if len(single) > 1 else single)
        return f"{names} need one more picture each." if len(single) > 1 else f"{names} needs one more picture."
    return None
