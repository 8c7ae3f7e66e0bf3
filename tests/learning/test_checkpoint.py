"""Heads on disk: reading returns what was written, and a file that is no head is refused and never runs code."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from learning.errors import CheckpointUnreadable, ModelNotTrained
from learning.fit import fit_head
from learning.softmax_regression import SoftmaxRegression
from learning.tflite_export import append_head
from tests.learning.test_softmax_regression import blobs
from tests.support.extractors import tiny_extractor

pytestmark = pytest.mark.needs_runtime


@pytest.fixture
def head() -> SoftmaxRegression:
    x, y = blobs()
    trained = fit_head(x, y, 3, rng=np.random.default_rng(0)).head
    trained.label_map = {0: "apple", 1: "cup", 2: "2 fingers"}
    return trained


def test_reading_returns_the_head_that_was_written(head: SoftmaxRegression, tmp_path: Path) -> None:
    head.save(tmp_path / "head.npz")
    again = SoftmaxRegression.load(tmp_path / "head.npz")
    x, _ = blobs(seed=1)
    assert np.array_equal(again.logits(x), head.logits(x))
    assert (again.feature_dim, again.num_classes, again.reg) == (8, 3, head.reg)
    assert (again.min_score, again.max_score) == (head.min_score, head.max_score)
    assert again.label_map == head.label_map


def test_a_head_read_from_disk_exports_the_same_bytes(head: SoftmaxRegression, tmp_path: Path) -> None:
    extractor = tiny_extractor(feature_dim=8)
    head.save(tmp_path / "head.npz")
    assert append_head(extractor, SoftmaxRegression.load(tmp_path / "head.npz")) == append_head(extractor, head)


def test_a_head_without_a_range_of_logits_still_has_none_after_reading(tmp_path: Path) -> None:
    SoftmaxRegression(8, 3).save(tmp_path / "head.npz")
    with pytest.raises(ModelNotTrained) as caught:
        append_head(tiny_extractor(feature_dim=8), SoftmaxRegression.load(tmp_path / "head.npz"))
    assert str(caught.value) == "the range of the logits is unknown. Train the head, or call calibrate()."


class CreatesFileWhenUnpickled:
    """Creates a file when it is unpickled."""

    def __init__(self, created: Path) -> None:
        self.created = created

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.created,)


def test_a_pickle_is_never_run(tmp_path: Path) -> None:
    bad, created = tmp_path / "bad.npz", tmp_path / "created"
    bad.write_bytes(pickle.dumps(CreatesFileWhenUnpickled(created)))
    with pytest.raises(CheckpointUnreadable) as caught:
        SoftmaxRegression.load(bad)
    assert str(caught.value) == (
        f"the checkpoint {bad} cannot be read: it is damaged, or no checkpoint. "
        "Name one that save() wrote, or train again."
    )
    objects = np.empty((1, 1), object)
    objects[0, 0] = CreatesFileWhenUnpickled(created)
    np.savez(bad, facts=np.array("{}"), mat_w=objects, vec_b=np.zeros(1))
    with pytest.raises(CheckpointUnreadable):
        SoftmaxRegression.load(bad)
    assert not created.exists()


def odd_facts(folder: Path) -> list[Path]:
    """Checkpoints whose facts are valid JSON, and not those of a head."""
    texts = ("[]", '{"version": 1}', '{"version": 1, "reg": 0, "min_score": "x", "max_score": 1, "label_map": null}',
             '{"version": 1, "reg": 0, "min_score": 0, "max_score": 1, "label_map": [1]}')  # fmt: skip
    paths = [folder / f"odd{number}.npz" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        np.savez(path, facts=np.array(text), mat_w=np.zeros((2, 2)), vec_b=np.zeros(2))
    return paths


def test_truncated_missing_and_newer_files_are_refused(head: SoftmaxRegression, tmp_path: Path) -> None:
    whole = tmp_path / "head.npz"
    head.save(whole)
    truncated = tmp_path / "truncated.npz"
    truncated.write_bytes(whole.read_bytes()[:-200])
    other = tmp_path / "other.npz"
    np.savez(other, facts=np.array('{"version": 99}'), mat_w=np.zeros((2, 2)), vec_b=np.zeros(2))
    reasons = {
        truncated: "it is damaged, or no checkpoint",
        **dict.fromkeys(odd_facts(tmp_path), "it is damaged, or no checkpoint"),
        tmp_path / "none.npz": "No such file or directory",
        other: "it was written by another version",
    }
    for path, reason in reasons.items():
        with pytest.raises(CheckpointUnreadable) as caught:
            SoftmaxRegression.load(path)
        assert str(caught.value) == (
            f"the checkpoint {path} cannot be read: {reason}. Name one that save() wrote, or train again."
        )
