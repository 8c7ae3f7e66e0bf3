"""Another extractor: stored pictures are embedded again, also after a power cut."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.base.ports import ImageArray
from app.session.last_model import StoredModel
from app.session.re_embedding import ReEmbedded
from app.session.session import Sample
from tests.support.stores import EMBEDDING, PICTURE, open_store

pytestmark = pytest.mark.needs_runtime


def test_another_extractor_embeds_the_pictures_again_and_continues_after_a_power_cut(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    for _ in range(3):
        store.add(0, EMBEDDING, PICTURE)
    assert not store.switch_extractor()
    store.close()
    store = open_store(tmp_path / "s", extractor_sha256="2")
    assert store.switch_extractor()
    assert store.stale_samples == 3
    assert store.re_embed(lambda image: (np.full(6, image.shape[0], np.float32), "usb:0"), 1) == ReEmbedded(1)
    store.add(0, np.ones(6, np.float32), PICTURE)
    store.close()
    store = open_store(tmp_path / "s", extractor_sha256="2")
    assert not store.switch_extractor()
    assert store.stale_samples == 2
    store.re_embed(lambda image: (np.full(6, image.shape[0], np.float32), "cpu"), 9)
    session = store.load()
    assert session.embeddings().tolist() == [[64.0] * 6] * 3 + [[1.0] * 6]
    assert [one.device for one in session.samples] == ["usb:0", "cpu", "cpu", "cpu"]
    assert {one.extractor_sha256 for one in session.samples} == {"2"} == {session.extractor_sha256}


def test_a_call_embeds_until_it_has_to_stop_and_commits_once(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    for _ in range(5):
        store.add(0, EMBEDDING, PICTURE)
    store.close()
    store = open_store(tmp_path / "s", extractor_sha256="2")
    store.switch_extractor()
    seen_from_outside: list[int] = []

    def embed(_image: ImageArray) -> tuple[NDArray[np.float32], str]:
        with closing(sqlite3.connect(tmp_path / "s")) as other:
            (new,) = other.execute("SELECT count(*) FROM samples WHERE extractor_sha256 = '2'").fetchone()
        seen_from_outside.append(new)
        return EMBEDDING, "cpu"

    assert store.re_embed(embed, enough=lambda: len(seen_from_outside) == 3) == ReEmbedded(3)
    assert (seen_from_outside, store.stale_samples) == ([0, 0, 0], 2)
    assert store.re_embed(embed) == ReEmbedded(2)
    assert (seen_from_outside, store.stale_samples) == ([0, 0, 0, 3, 3], 0)


def test_switching_back_to_the_first_extractor_leaves_nothing_stale(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    store.add(0, EMBEDDING, PICTURE)
    store.close()
    store = open_store(tmp_path / "s", extractor_sha256="2")
    assert store.switch_extractor()
    store.close()
    store = open_store(tmp_path / "s")
    assert store.switch_extractor()
    assert store.stale_samples == 0


def test_a_sample_with_a_damaged_picture_is_deleted_when_the_extractor_changes(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    store.add(0, EMBEDDING, PICTURE)
    broken = store.add(0, EMBEDDING, PICTURE)
    store.close()
    database = sqlite3.connect(tmp_path / "s")
    database.execute("UPDATE samples SET picture = x'00' WHERE sample_id = ?", (broken.sample_id,))
    database.commit()
    database.close()
    store = open_store(tmp_path / "s", extractor_sha256="2")
    store.switch_extractor()
    assert store.re_embed(lambda _image: (np.zeros(6, np.float32), "cpu"), 9) == ReEmbedded(1)
    assert len(store.load().samples) == 1


def test_samples_without_pictures_stay_and_their_model_goes_on_answering(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    session = store.load()
    samples = tuple(Sample(number, number, EMBEDDING + number, b"", 0.0) for number in (0, 1))
    store.replace_with(replace(session, samples=samples))
    model = tmp_path / "model.tflite"
    model.write_bytes(b"model")
    store.remember_model(StoredModel(model, 0.9, 0.5, (1, 1), "holds"))
    store.close()
    store = open_store(tmp_path / "s", extractor_sha256="2")
    assert store.switch_extractor()
    store.add(0, np.ones(4, np.float32), PICTURE)
    assert (store.stale_samples, store.samples_without_picture) == (0, 2)
    assert store.re_embed(lambda _image: (np.zeros(4, np.float32), "cpu")) == ReEmbedded(0)
    assert store.load().embeddings().tolist() == [EMBEDDING.tolist(), (EMBEDDING + 1).tolist(), [1.0] * 4]
    assert store.load().of_its_extractor().embeddings().tolist() == [[1.0] * 4]
    stored = store.last_model()
    assert stored is not None
    assert stored.path.name == model.name
