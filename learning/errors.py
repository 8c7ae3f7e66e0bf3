"""What can go wrong while learning and exporting; every text names the next step.

LearningError
├── InvalidTrainingData
├── NotEnoughSamples
├── EmbeddingSizeMismatch
├── ModelNotTrained
├── TrainingCancelled
├── CheckpointUnreadable
└── UnsupportedExtractor
"""

from __future__ import annotations

from pathlib import Path


class LearningError(Exception):
    """Base of all errors of this package."""


class InvalidTrainingData(LearningError, ValueError):
    """Embeddings or labels of the wrong shape, type or range."""


class NotEnoughSamples(LearningError, ValueError):
    """Fewer than two classes, or a class with fewer than two samples."""


class EmbeddingSizeMismatch(LearningError, ValueError):
    """Head and embeddings disagree on feature_dim."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(expected, actual)  # data in args: survives pickling
        self.expected, self.actual = expected, actual

    def __str__(self) -> str:
        return (
            f"the head takes {self.expected}-value embeddings but got {self.actual}. "
            "Use the extractor it was trained with, or train anew."
        )


class ModelNotTrained(LearningError, RuntimeError):
    """The head has no finite weights or no range of logits yet."""


class TrainingCancelled(LearningError):
    """The caller asked to stop."""


class CheckpointUnreadable(LearningError, ValueError):
    """The file is no head that `SoftmaxRegression.save` wrote."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"the checkpoint {self.path} cannot be read: {self.reason}. Name one that save() wrote, or train anew."


class UnsupportedExtractor(LearningError, ValueError):
    """The file is no embedding extractor that a head can be appended to."""
