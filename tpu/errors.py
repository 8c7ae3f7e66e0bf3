"""Errors of this package. Every text is one line that says what to do next.

RuntimeLayerError                 catch this for any error of `tpu`
├── ModelError                    a model file cannot be used
│   ├── ModelUnreadable           missing, not readable, not TFLite, or damaged
│   ├── ModelUnsupported          a TFLite file with inputs, outputs or operators that are not supported here
│   │   ├── NotAnExtractor        it does not turn a picture into an embedding
│   │   └── NotAClassifier        it does not turn a picture into class probabilities
│   ├── ModelStopped              a model of unknown origin crashed, hung or took too much memory in the guarded process
│   ├── ModelNotDownloaded        a known model that is not on this machine yet
│   ├── ExtractorNotFound         neither a file nor a known model has this name
│   └── UnknownModel              no known model has this name
├── LabelsError                   class labels cannot be used
│   ├── LabelsUnreadable          the label file is missing, not text, or leaves a class without a label
│   └── LabelCountMismatch        there are more or fewer labels than classes
├── PictureUnreadable             a picture file is missing or cannot be decoded
├── RuntimeNotInstalled           the interpreter package is missing or has an unknown name
├── AcceleratorUnavailable        the Edge TPU cannot be used
│   ├── EdgeTpuNeeded             a compiled model was opened without an Edge TPU and without its CPU file
│   ├── DriverMissing             libedgetpu is not installed
│   ├── DriverMismatch            libedgetpu was built for another version of the runtime
│   └── AcceleratorLost           the child process ended, hung or sent a wrong answer
├── InferenceFailed               a model could not process a picture
│   └── ModelClosed               it was closed before
└── DownloadFailed                a model could not be downloaded completely and correctly

The data of an error is in `args`, so that errors can be pickled and sent between processes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import ClassVar

StrPath = str | os.PathLike[str]

INSTALL_DRIVER = (
    "install libedgetpu1-std 16.0TF2.19 or newer: download its .deb from "
    "https://github.com/feranick/libedgetpu/releases, then run `sudo apt install ./libedgetpu1-std_*.deb`"
)
"""The next step for every problem with the Edge TPU driver."""


class RuntimeLayerError(Exception):
    """Base of all errors of this package."""


class ModelError(RuntimeLayerError):
    """A model file cannot be used.

    Attributes:
        path: The file.
        reason: What is wrong with it, and the next step.
    """

    def __init__(self, path: StrPath, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"the model {self.path} cannot be used: {self.reason}"


class ModelUnreadable(ModelError):
    """The file is missing, cannot be read, is not a TFLite file, or is damaged."""


class ModelUnsupported(ModelError):
    """A TFLite file whose inputs, outputs or operators are not supported here."""


class NotAnExtractor(ModelUnsupported):
    """The model does not turn one picture into an embedding."""


class NotAClassifier(ModelUnsupported):
    """The model does not turn one picture into class probabilities."""


class ModelStopped(ModelError):
    """A model of unknown origin was stopped in the guarded process, or does not answer there in time.

    Attributes:
        kind: "crash", "time" or "memory" if it was stopped, "error" if computing fails, "late" if it is still busy.
    """

    REASONS: ClassVar[dict[str, str]] = {
        "crash": "it is damaged, or made to do harm: the process that ran it crashed. Use another file.",
        "time": "it takes too long for one picture, so it was stopped. Use another file.",
        "memory": "it takes more memory than a model needs, so it was stopped. Use another file.",
        "error": "computing its answer fails. Use another file.",
        "late": "it does not answer in time at the moment. Try again.",
    }

    def __init__(self, path: StrPath, kind: str) -> None:
        super().__init__(path, self.REASONS[kind])
        self.args = (path, kind)
        self.kind = kind


class ModelNotDownloaded(ModelError):
    """A known model that is not on this machine yet."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "it is not on this machine. Download it with `pull` of tpu.models.")
        self.args = (name,)


class ExtractorNotFound(ModelError):
    """Neither a file nor a known model has this name."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(name, f"it is neither a file nor one of: {', '.join(known)}.")
        self.args = (name, known)

    def __str__(self) -> str:
        _, known = self.args
        return f"there is neither a file nor a known model {self.path!r}. Known models: {', '.join(known)}."


class UnknownModel(ModelError):
    """No known model has this name."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(name, f"it is not one of: {', '.join(known)}.")
        self.args = (name, known)

    def __str__(self) -> str:
        _, known = self.args
        return f"there is no known model {self.path!r}. There are: {', '.join(known)}."


class LabelsError(RuntimeLayerError, ValueError):
    """Class labels cannot be used."""


class LabelsUnreadable(LabelsError):
    """The label file is missing, is not UTF-8 text, or leaves a class without a label."""

    def __init__(self, path: StrPath, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"the label file {self.path} {self.reason}"


class LabelCountMismatch(LabelsError):
    """The model has more or fewer classes than there are labels."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(expected, actual)
        self.expected, self.actual = expected, actual

    def __str__(self) -> str:
        return (
            f"the model has {self.expected} classes but {self.actual} labels were given. "
            "Name the label file that was written with it (--labels)."
        )


class PictureUnreadable(RuntimeLayerError, ValueError):
    """A picture file is missing, cannot be read, or cannot be decoded.

    Attributes:
        path: The file.
        reason: Why the system cannot read it; empty if it was read but is not a picture.
    """

    def __init__(self, path: StrPath, reason: str = "") -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        if self.reason:
            return f"{self.path} cannot be read: {self.reason}. Name a JPEG, PNG, BMP, WebP or TIFF file."
        return f"{self.path} is not a readable picture. Use a JPEG, PNG, BMP, WebP or TIFF file."


class RuntimeNotInstalled(RuntimeLayerError):
    """The interpreter package is missing or has an unknown name; the text says how to install it."""


class AcceleratorUnavailable(RuntimeLayerError):
    """The Edge TPU cannot be used; the text says why and what to do."""


class EdgeTpuNeeded(AcceleratorUnavailable):
    """A compiled model was opened without an Edge TPU and without its CPU file."""

    def __str__(self) -> str:
        return (
            "this model is compiled for an Edge TPU and none is in use. Plug one in, "
            "or use the extractor's CPU file (its name without _edgetpu)."
        )


class DriverMissing(AcceleratorUnavailable):
    """The driver library, or a library that it needs, is not installed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the Edge TPU driver is missing ({self.reason}): {INSTALL_DRIVER}."


class DriverMismatch(AcceleratorUnavailable):
    """libedgetpu was built for another layout of the runtime's structs."""

    def __str__(self) -> str:
        return f"the Edge TPU driver does not fit the runtime, it is older than TensorFlow 2.12: {INSTALL_DRIVER}."


class AcceleratorLost(AcceleratorUnavailable):
    """The accelerator's child process ended, hung or sent a wrong answer."""


class InferenceFailed(RuntimeLayerError):
    """A model could not process a picture.

    Attributes:
        model: Name of the model.
        reason: What the interpreter reports.
    """

    def __init__(self, model: str, reason: str) -> None:
        super().__init__(model, reason)
        self.model, self.reason = model, reason

    def __str__(self) -> str:
        return f"the model {self.model} failed on the CPU ({self.reason}). Restart the kiosk."


class ModelClosed(InferenceFailed):
    """The model was closed before the call."""

    def __init__(self, model: str) -> None:
        super().__init__(model, "it is closed")
        self.args = (model,)

    def __str__(self) -> str:
        return f"the model {self.model} is closed. Open it again."


class DownloadFailed(RuntimeLayerError):
    """A model could not be downloaded completely and correctly.

    Attributes:
        source: The address, or the folder that the file should be written to.
        reason: What went wrong, and the next step.
    """

    def __init__(self, source: StrPath, reason: str) -> None:
        super().__init__(source, reason)
        self.source, self.reason = source, reason

    def __str__(self) -> str:
        return f"{self.source} {self.reason}"
