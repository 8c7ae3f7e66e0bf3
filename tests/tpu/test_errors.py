"""Errors can be caught by level, and they survive being sent from one process to another."""

from __future__ import annotations

import pickle

import pytest

from tests.support.error_trees import class_tree, drawn_tree
from tpu import errors
from tpu.errors import (
    AcceleratorLost,
    AcceleratorUnavailable,
    DownloadFailed,
    DriverMismatch,
    DriverMissing,
    EdgeTpuNeeded,
    ExtractorNotFound,
    InferenceFailed,
    LabelCountMismatch,
    LabelsError,
    LabelsUnreadable,
    ModelClosed,
    ModelError,
    ModelNotDownloaded,
    ModelUnreadable,
    ModelUnsupported,
    NotAClassifier,
    NotAnExtractor,
    PictureUnreadable,
    RuntimeLayerError,
    RuntimeNotInstalled,
    UnknownModel,
)

pytestmark = pytest.mark.needs_runtime

EXAMPLES = [
    ModelUnreadable("a.tflite", "it is damaged. Use another."),
    ModelUnsupported("a.tflite", "it has two inputs. Use another."),
    NotAnExtractor("a.tflite", "its output is a single number. Use another."),
    NotAClassifier("a.tflite", "it does not end in probabilities. Use another."),
    ModelNotDownloaded("mobilenet_v1"),
    ExtractorNotFound("nosuch", ("one", "two")),
    UnknownModel("nosuch", ("one", "two")),
    LabelsUnreadable("labels.txt", "cannot be read. Name another."),
    LabelCountMismatch(2, 3),
    PictureUnreadable("a.jpg"),
    PictureUnreadable("a.jpg", "Permission denied"),
    RuntimeNotInstalled("the runtime litert is not installed. Install it: pip install ai-edge-litert"),
    AcceleratorUnavailable("the Edge TPU usb:0 does not open. Plug it in again."),
    EdgeTpuNeeded(),
    DriverMissing("libedgetpu.so.1: cannot open shared object file"),
    DriverMismatch(),
    AcceleratorLost("it hangs"),
    InferenceFailed("model", "not enough memory"),
    ModelClosed("model"),
    DownloadFailed("https://models.example/m.tflite", "answers 404 Not Found. Try again later."),
]


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_is_the_same_after_pickling(error: RuntimeLayerError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.args) == (type(error), str(error), error.args)
    assert vars(copy) == vars(error)
    assert "\n" not in str(copy)


def test_errors_are_caught_by_level() -> None:
    caught = {level: {type(error) for error in EXAMPLES if isinstance(error, level)} for level in LEVELS}
    assert caught == LEVELS


LEVELS = {
    ModelError: {
        ModelUnreadable, ModelUnsupported, NotAnExtractor, NotAClassifier, ModelNotDownloaded, ExtractorNotFound,
        UnknownModel,
    },
    ModelUnsupported: {ModelUnsupported, NotAnExtractor, NotAClassifier},
    LabelsError: {LabelsUnreadable, LabelCountMismatch},
    AcceleratorUnavailable: {AcceleratorUnavailable, EdgeTpuNeeded, DriverMissing, DriverMismatch, AcceleratorLost},
    InferenceFailed: {InferenceFailed, ModelClosed},
    RuntimeLayerError: {type(error) for error in EXAMPLES},
}  # fmt: skip


def test_the_docstring_draws_every_error_in_its_place() -> None:
    assert drawn_tree(errors) == class_tree(errors, RuntimeLayerError)
