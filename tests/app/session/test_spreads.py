"""The sums of a class always equal those of its stored samples, and a new sample is all that is read for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.session.last_model import StoredModel
from app.session.store import SessionStore
from learning.view_prior import Spread
from tests.support.stores import PICTURE, open_store

pytestmark = pytest.mark.needs_runtime

RNG = np.random.default_rng(0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SessionStore]:
    with closing(open_store(tmp_path / "s", labels=("a", "b", "c"))) as opened:
        teach(opened, 4)
        yield opened


def teach(store: SessionStore, samples: int) -> None:
    for number in range(samples):
        for class_index in range(2):
            store.add(class_index, RNG.normal(0, 9, 6).astype(np.float32), PICTURE, hold=number)


def check(store: SessionStore, sha256: str = "1") -> None:
    """Compare the sums with those of the session that `load` returns, and again when nothing has changed."""
    samples = store.load().samples
    for class_index in (0, 1, 2, 0, 1, 2):
        rows = [one.embedding for one in samples if (one.class_index, one.extractor_sha256) == (class_index, sha256)]
        expected = Spread().plus(np.stack(rows)) if rows else Spread()
        found = store.spread_of_class(class_index)
        assert found.samples == expected.samples
        assert found.total == pytest.approx(expected.total)
        assert found.squares == pytest.approx(expected.squares)


def test_after_samples_were_added_removed_and_restored(store: SessionStore) -> None:
    check(store)
    teach(store, 3)
    check(store)
    for removed in (store.remove_last_hold(), store.remove(3), store.remove_hold(1), store.remove_class(0)):
        assert removed
        check(store)
        store.restore(removed)
        check(store)
        teach(store, 1)
        check(store)
        store.remove_last_hold()
        check(store)


def test_after_a_class_was_removed_and_the_session_was_replaced_or_erased(store: SessionStore) -> None:
    check(store)
    before = store.load()
    store.drop_class(0, ("b", "c"))
    check(store)
    store.replace_with(before)
    check(store)
    store.erase()
    check(store)
    teach(store, 2)
    check(store)


def test_after_samples_were_embedded_again(store: SessionStore, tmp_path: Path) -> None:
    session = store.load()
    store.replace_with(replace(session, samples=session.samples[:3]))
    store.close()
    with closing(open_store(tmp_path / "s", labels=("a", "b", "c"), extractor_sha256="2")) as other:
        check(other, "2")
        other.switch_extractor()
        teach(other, 1)
        check(other, "2")
        while other.re_embed(lambda _image: (RNG.random(6, np.float32), "cpu"), 1).done:
            check(other, "2")
        assert other.spread_of_class(0).samples == 3


def test_a_sample_that_could_not_be_stored_does_not_count(store: SessionStore) -> None:
    check(store)
    with pytest.raises(OverflowError):
        store.add(1 << 70, RNG.random(6, np.float32), PICTURE)
    check(store)


def test_for_a_new_sample_no_other_is_read(
    store: SessionStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(store)
    model = tmp_path / "model-1.tflite"
    model.write_bytes(b"a model")
    store.remember_model(StoredModel(model, 0.9, 0.5, (4, 4), "holds"))
    store.add_made_views(1, RNG.random((2, 6), np.float32), "1")
    added: list[int] = []
    plus = Spread.plus

    def counted(spread: Spread, embeddings: np.ndarray) -> Spread:
        added.append(len(embeddings))
        return plus(spread, embeddings)

    monkeypatch.setattr(Spread, "plus", counted)
    teach(store, 1)
    assert [store.spread_of_class(index).samples for index in (0, 1, 2, 0, 1, 2)] == [5, 5, 0, 5, 5, 0]
    assert added == [1, 1]
