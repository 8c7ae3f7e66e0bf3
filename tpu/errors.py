"""What can go wrong between a model file and its answer; every text names the next step.

RuntimeLayerError
├── ModelUnreadable
├── NotAnExtractor
├── NotAClassifier
├── LabelCountMismatch
├── LabelsUnreadable
├── PictureUnreadable
├── RuntimeNotInstalled
├── AcceleratorUnavailable
│   ├── DriverMismatch
│   └── AcceleratorLost
├── InferenceFailed
└── DownloadFailed
"""

from __future__ import annotations

from pathlib import Path


class RuntimeLayerError(Exception):
    """Base of all errors of this package."""


class ModelUnreadable(RuntimeLayerError):
    """The file is missing, or no interpreter opens it."""

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"the model {self.path} cannot be used: {self.reason}"


class NotAnExtractor(ModelUnreadable):
    """The model does not turn one picture into one vector."""


class NotAClassifier(ModelUnreadable):
    """The model does not turn one picture into probabilities."""


class LabelCountMismatch(RuntimeLayerError, ValueError):
    """Model and label file disagree."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(expected, actual)
        self.expected, self.actual = expected, actual

    def __str__(self) -> str:
        return (
            f"the model has {self.expected} classes but {self.actual} labels were given. "
            "Name the label file that was written with it (--labels)."
        )


class LabelsUnreadable(RuntimeLayerError, ValueError):
    """The label file is missing or is no text."""


class PictureUnreadable(RuntimeLayerError, ValueError):
    """The file is missing, or no picture that can be decoded."""

    def __init__(self, path: Path | str, reason: str = "") -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        if self.reason:
            return f"{self.path} cannot be read: {self.reason}. Name a JPEG, PNG, BMP, WebP or TIFF file."
        return f"{self.path} is not a readable picture. Use a JPEG, PNG, BMP, WebP or TIFF file."


class RuntimeNotInstalled(RuntimeLayerError):
    """The interpreter that was asked for is not there."""


class AcceleratorUnavailable(RuntimeLayerError):
    """The Edge TPU that was asked for cannot be used."""


class DriverMismatch(AcceleratorUnavailable):
    """libedgetpu was built for another layout of the runtime's structs."""

    def __str__(self) -> str:
        return (
            "the Edge TPU driver (libedgetpu) does not fit the runtime: it is older than TensorFlow 2.12's. "
            "Download libedgetpu1-std 16.0TF2.19 or newer from https://github.com/feranick/libedgetpu/releases, "
            "then run `sudo apt install ./libedgetpu1-std_*.deb`."
        )


class AcceleratorLost(AcceleratorUnavailable):
    """The accelerator's process ended."""


class InferenceFailed(RuntimeLayerError):
    """The interpreter gave up on a picture."""


class DownloadFailed(RuntimeLayerError):
    """A model could not be fetched whole and true."""
