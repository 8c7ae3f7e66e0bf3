"""Errors of this package, as a tree: catch as broadly or as narrowly as you need.

LearningError                     everything below
├── DataError                     embeddings, labels or samples cannot be used
│   ├── InvalidEmbeddings         wrong shape or type, or values that are not finite
│   ├── InvalidLabels             wrong shape, type or range
│   ├── EmbeddingSizeMismatch     embeddings and head disagree on feature_dim
│   ├── MissingTrainingData       an array is missing, or holds no samples
│   └── NotEnoughSamples          fewer than two classes, or a class with fewer than two samples
├── InvalidTrainingOption         a number that controls the training is out of range
├── TrainingCancelled             the caller asked to stop; nothing failed
├── HeadError                     the head cannot answer or be exported
│   ├── ModelNotTrained           it has no weights, or no range of logits
│   └── InvalidHead               its weights have the wrong shape, or are not finite
└── FileError                     a file cannot be read, written or used
    ├── ExtractorUnreadable       the system cannot read the embedding extractor
    ├── UnsupportedExtractor      it was read, but no head can be appended to it
    ├── CheckpointUnreadable      the file is no head that `SoftmaxRegression.save` wrote
    └── OutputNotWritten          the system cannot write the result

Every text is one line that ends with what to do next. The constructor's arguments stay in `args`, so an error can be
pickled and sent to another process. Errors about values are also `ValueError`.
"""

from __future__ import annotations

from pathlib import Path


class LearningError(Exception):
    """Base of all errors of this package."""


class DataError(LearningError, ValueError):
    """Embeddings, labels or samples cannot be used."""


class InvalidEmbeddings(DataError):
    """Embeddings of the wrong shape or type, or with values that are not finite."""


class InvalidLabels(DataError):
    """Labels of the wrong shape, type or range."""


class EmbeddingSizeMismatch(DataError):
    """Head and embeddings disagree on feature_dim."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(expected, actual)
        self.expected, self.actual = expected, actual

    def __str__(self) -> str:
        return (
            f"the head takes {self.expected}-value embeddings but got {self.actual}. "
            "Use the extractor it was trained with, or train again."
        )


class MissingTrainingData(DataError):
    """The data of `train_with_sgd` lack an array that training needs, or it holds no samples."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"{self.name} is missing or empty. Put at least one sample into data['{self.name}']."


class NotEnoughSamples(DataError):
    """Fewer than two classes, or a class with fewer than two samples."""


class InvalidTrainingOption(LearningError, ValueError):
    """A number that controls the training is out of range."""


class TrainingCancelled(LearningError):
    """The caller asked to stop; the head has not changed."""

    def __init__(self, text: str = "training was stopped and changed nothing. Start it again to train.") -> None:
        super().__init__(text)


class HeadError(LearningError):
    """The head cannot answer or be exported."""


class ModelNotTrained(HeadError, RuntimeError):
    """The head has no weights, or no range of logits yet."""


class InvalidHead(HeadError, ValueError):
    """The head's weights have the wrong shape, or are not finite."""


class FileError(LearningError):
    """A file cannot be read, written or used."""


class ExtractorUnreadable(FileError):
    """The system cannot read the file of the embedding extractor; `reason` is what the system says."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return (
            f"the embedding extractor {self.path} cannot be read: {self.reason}. "
            "Name an existing .tflite file that you may read."
        )


class UnsupportedExtractor(FileError, ValueError):
    """No head can be appended to this model.

    Args:
        reason: What is wrong, and which model to use instead.
        path: The file, where the bytes came from one.
    """

    def __init__(self, reason: str, path: Path | None = None) -> None:
        super().__init__(reason, path)
        self.reason, self.path = reason, path

    def __str__(self) -> str:
        if self.path is None:
            return self.reason
        return f"the embedding extractor {self.path} cannot be used: {self.reason}"


class CheckpointUnreadable(FileError, ValueError):
    """The file is no head that `SoftmaxRegression.save` wrote."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"the checkpoint {self.path} cannot be read: {self.reason}. Name one that save() wrote, or train again."


class OutputNotWritten(FileError):
    """The system cannot write the result; `reason` is what the system says. A file that was there is unchanged."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return (
            f"{self.path} cannot be written: {self.reason}. "
            "Name a file in an existing folder that you may write to and that has room."
        )
