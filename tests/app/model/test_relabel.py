"""New class names for a trained model; the model and the other files in it do not change."""

from __future__ import annotations

import io
import zipfile

import pytest

from app.model.relabel import with_labels
from learning.metadata import with_label_file

pytestmark = pytest.mark.needs_runtime

MODEL = b"TFL3" + bytes(range(256)) * 40


def files_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_only_the_names_change() -> None:
    renamed = with_labels(with_label_file(MODEL, ["apple", "cup"]), ["Apfel", "Öl"])
    assert renamed.startswith(MODEL)
    assert files_of(renamed) == {"labels.txt": "Apfel\nÖl\n".encode()}
    assert renamed == with_label_file(MODEL, ["Apfel", "Öl"])


def test_a_model_that_has_these_names_stays_the_same_to_the_byte() -> None:
    stream = io.BytesIO(with_label_file(MODEL, ["apple", "cup"]))
    stream.seek(0, io.SEEK_END)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("not_sure.npz", b"numbers" * 30)
    assert with_labels(stream.getvalue(), ["apple", "cup"]) == stream.getvalue()


def test_a_model_without_names_gets_them() -> None:
    assert with_labels(MODEL, ["a", "b"]) == with_label_file(MODEL, ["a", "b"])


def test_other_files_behind_the_model_are_kept() -> None:
    stream = io.BytesIO(with_label_file(MODEL, ["apple", "cup"]))
    stream.seek(0, io.SEEK_END)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("not_sure.npz", b"\x00\x01numbers" * 30)
    renamed = with_labels(with_labels(stream.getvalue(), ["x", "y"]), ["Apfel", "Tasse"])
    assert renamed.startswith(MODEL)
    assert files_of(renamed) == {"labels.txt": b"Apfel\nTasse\n", "not_sure.npz": b"\x00\x01numbers" * 30}
