"""The model that was live last is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.session.last_model import StoredModel
from tests.support.stores import open_store

pytestmark = pytest.mark.needs_runtime


def test_the_last_model_is_returned_only_while_its_file_is_unchanged(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    model = tmp_path / "m.tflite"
    model.write_bytes(b"model")
    store.remember_model(StoredModel(model, 0.9, 0.5, (2, 3)))
    found = store.last_model()
    assert found is not None
    assert found.shots == (2, 3)
    model.write_bytes(b"other")
    assert store.last_model() is None
