"""Errors of the libraries, the system and SQLite are shown in the visitor's language."""

from __future__ import annotations

import errno
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.base.error_texts import EXPECTED_ERRORS, database_error_text, screen_text, system_error_text
from app.base.errors import DriveGone
from app.base.i18n import LANGUAGES, SOURCE_LANGUAGE, translated
from app.guarded import sandbox_child
from app.guarded.refusals import REFUSALS, STOPPED
from learning.errors import EmbeddingSizeMismatch, InvalidLabels, NotEnoughSamples, UnsupportedExtractor
from tpu.errors import (
    AcceleratorLost,
    DriverMismatch,
    InferenceFailed,
    LabelCountMismatch,
    LabelsUnreadable,
    ModelUnreadable,
    ModelUnsupported,
    NotAClassifier,
)

pytestmark = pytest.mark.needs_runtime

ENGLISH = "in English only"
ERRORS = [
    NotEnoughSamples(ENGLISH),
    EmbeddingSizeMismatch(2, 3),
    UnsupportedExtractor(ENGLISH),
    ModelUnreadable("a.tflite", ENGLISH),
    ModelUnsupported("a.tflite", ENGLISH),
    NotAClassifier("a.tflite", ENGLISH),
    LabelsUnreadable("labels.txt", ENGLISH),
    LabelCountMismatch(2, 3),
    AcceleratorLost(ENGLISH),
    DriverMismatch(),
    InferenceFailed("a", ENGLISH),
]


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != SOURCE_LANGUAGE])
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_of_a_library_has_a_text_in_every_language(error: Exception, language: str) -> None:
    assert isinstance(error, EXPECTED_ERRORS)
    text = screen_text(error)
    assert translated(text, language) not in (str(text), str(error))


def test_the_text_of_a_lost_accelerator_names_the_next_step() -> None:
    text = screen_text(AcceleratorLost("it hangs"))
    assert str(text) == "The accelerator does not answer. Plug it in again, or call a member of staff."
    assert translated(text, "de") == (
        "Der Beschleuniger antwortet nicht. Steck ihn neu ein oder ruf jemanden vom Team."
    )


def test_an_error_of_the_kiosk_is_shown_with_its_own_text() -> None:
    error = DriveGone("STICK")
    assert screen_text(error) == error.message


def test_an_error_without_a_translatable_text_is_shown_with_its_own() -> None:
    assert (
        screen_text(InvalidLabels("labels hold a gap. Number them again.")) == "labels hold a gap. Number them again."
    )


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO, errno.ENODEV, errno.ENOENT])
def test_a_disk_error_of_the_system_has_a_text_in_every_language(number: int) -> None:
    text = system_error_text(OSError(number, os.strerror(number)))
    assert str(text) == os.strerror(number)
    assert all(translated(text, one) != str(text) for one in LANGUAGES if one != SOURCE_LANGUAGE)


def test_a_rare_error_of_the_system_is_shown_with_its_own_text() -> None:
    assert system_error_text(OSError(errno.EXDEV, os.strerror(errno.EXDEV))) == os.strerror(errno.EXDEV)
    assert system_error_text(OSError("odd")) == "OSError"


def test_every_refusal_of_the_sandbox_has_a_text_in_every_language() -> None:
    for text in (*REFUSALS.values(), *STOPPED.values()):
        assert all(translated(text, one) != str(text) for one in LANGUAGES if one != SOURCE_LANGUAGE)
    source = (Path(sandbox_child.__file__)).read_text(encoding="utf-8")
    used = set(re.findall(r'Refused\("(\w+)"', source))
    assert used | {f"odd_{name}" for name in ("embeddings", "label_indices", "holds", "made", "made_source")} == set(
        REFUSALS
    )


def test_an_error_of_sqlite_about_a_disk_has_a_text_in_every_language(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "small.sqlite3")) as database:
        database.execute("PRAGMA max_page_count = 2")
        database.execute("CREATE TABLE one (data BLOB)")
        with pytest.raises(sqlite3.OperationalError) as full:
            database.execute("INSERT INTO one VALUES (zeroblob(100000))")
    with pytest.raises(sqlite3.OperationalError) as nowhere:
        sqlite3.connect(tmp_path / "no folder" / "x.sqlite3")
    for error in (full.value, nowhere.value):
        text = database_error_text(error)
        assert str(text) == str(error)
        assert all(translated(text, one) != str(error) for one in LANGUAGES if one != SOURCE_LANGUAGE)
    assert database_error_text(OSError(errno.EIO, os.strerror(errno.EIO))) == system_error_text(OSError(errno.EIO, ""))
    assert database_error_text(sqlite3.OperationalError("something rare")) == "something rare"
