"""The errors form the tree that the docstring draws, can be caught by level, and survive pickling."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from learning import errors
from learning.errors import (
    CheckpointUnreadable,
    DataError,
    EmbeddingSizeMismatch,
    ExtractorUnreadable,
    FileError,
    HeadError,
    InvalidEmbeddings,
    InvalidHead,
    InvalidLabels,
    InvalidTrainingOption,
    LearningError,
    MissingTrainingData,
    ModelNotTrained,
    NotEnoughSamples,
    OutputNotWritten,
    TrainingCancelled,
    UnsupportedExtractor,
)
from tests.support.error_trees import class_tree, drawn_tree

pytestmark = pytest.mark.needs_runtime

EXAMPLES: list[LearningError] = [
    InvalidEmbeddings("embeddings has the shape (3,). Use (samples, feature_dim)."),
    InvalidLabels("labels must be whole numbers, not float64."),
    EmbeddingSizeMismatch(8, 5),
    MissingTrainingData("data_train"),
    NotEnoughSamples("training needs two classes with two samples each. Add samples."),
    InvalidTrainingOption("batch_size is 0. Use 1 or more."),
    TrainingCancelled(),
    ModelNotTrained("the head has no weights. Train it before the export."),
    InvalidHead("the head's weights are not finite. Train it again on finite embeddings."),
    ExtractorUnreadable(Path("a.tflite"), "Is a directory"),
    UnsupportedExtractor("this is no TFLite file. Use another."),
    UnsupportedExtractor("this is no TFLite file. Use another.", Path("a.tflite")),
    CheckpointUnreadable(Path("a.npz"), "it is damaged, or no checkpoint"),
    OutputNotWritten(Path("a.tflite"), "No space left on device"),
]


def test_the_docstring_draws_every_error_in_its_place() -> None:
    assert drawn_tree(errors) == class_tree(errors, LearningError)


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_is_the_same_after_pickling(error: LearningError) -> None:
    unpickled = pickle.loads(pickle.dumps(error))
    assert type(unpickled) is type(error)
    assert (str(unpickled), vars(unpickled), unpickled.args) == (str(error), vars(error), error.args)


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_is_one_line_of_two_sentences_or_more(error: LearningError) -> None:
    text = str(error)
    assert "\n" not in text
    if not isinstance(error, InvalidLabels):  # "must be …" says in one sentence what is wrong and what to do
        assert re.search(r"\. [A-Z].*\.$", text)


def test_every_error_that_is_raised_has_an_example_here() -> None:
    levels = {LearningError, DataError, HeadError, FileError}
    named = {type(one).__name__ for one in EXAMPLES} | {level.__name__ for level in levels}
    assert named == set(class_tree(errors, LearningError))


@pytest.mark.parametrize(
    ("level", "kinds"),
    [
        (DataError, {InvalidEmbeddings, InvalidLabels, EmbeddingSizeMismatch, MissingTrainingData, NotEnoughSamples}),
        (HeadError, {ModelNotTrained, InvalidHead}),
        (FileError, {ExtractorUnreadable, UnsupportedExtractor, CheckpointUnreadable, OutputNotWritten}),
    ],
)
def test_a_level_catches_its_kinds_and_no_others(level: type[LearningError], kinds: set[type[LearningError]]) -> None:
    assert {type(one) for one in EXAMPLES if isinstance(one, level)} == kinds
