"""Errors of the packages that know nothing of languages are told in the visitor's."""

from __future__ import annotations

import pytest

from app.errors import DriveGone
from app.i18n import LANGUAGES, SOURCE_LANGUAGE, translated
from app.reasons import TOLD_TO_VISITORS, in_words
from learning.errors import EmbeddingSizeMismatch, InvalidTrainingData, NotEnoughSamples, UnsupportedExtractor
from tpu.errors import (
    AcceleratorLost,
    DriverMismatch,
    InferenceFailed,
    LabelCountMismatch,
    LabelsUnreadable,
    ModelUnreadable,
    NotAClassifier,
)

ENGLISH = "in English only"
ERRORS = [
    NotEnoughSamples(ENGLISH),
    EmbeddingSizeMismatch(2, 3),
    UnsupportedExtractor(ENGLISH),
    ModelUnreadable("a.tflite", ENGLISH),
    NotAClassifier("a.tflite", ENGLISH),
    LabelsUnreadable(ENGLISH),
    LabelCountMismatch(2, 3),
    AcceleratorLost(ENGLISH),
    DriverMismatch(),
    InferenceFailed(ENGLISH),
]


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != SOURCE_LANGUAGE])
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_of_a_library_has_words_in_every_language(error: Exception, language: str) -> None:
    assert isinstance(error, TOLD_TO_VISITORS)
    text = in_words(error)
    assert translated(text, language) not in (str(text), str(error))


def test_a_lost_accelerator_is_told_with_the_next_step() -> None:
    text = in_words(AcceleratorLost("it hangs"))
    assert str(text) == "The accelerator does not answer. Plug it in again, or call a member of staff."
    assert translated(text, "de") == (
        "Der Beschleuniger antwortet nicht. Steck ihn neu ein oder ruf jemanden vom Haus."
    )


def test_an_error_of_the_kiosk_keeps_its_own_words() -> None:
    error = DriveGone("STICK")
    assert in_words(error) == error.message


def test_a_kind_that_says_nothing_to_a_visitor_keeps_its_text() -> None:
    assert (
        in_words(InvalidTrainingData("labels hold a gap. Number them anew.")) == "labels hold a gap. Number them anew."
    )
