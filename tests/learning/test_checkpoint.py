"""Heads on disk: they come back as they were, and what is no head is refused without running anything of it."""

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


@pytest.fixture
def head() -> SoftmaxRegression:
    x, y = blobs()
    trained = fit_head(x, y, 3, rng=np.random.default_rng(0)).head
    trained.label_map = {0: "apple", 1: "cup", 2: "2 fingers"}
    return trained


def test_a_head_comes_back_as_it_was(head: SoftmaxRegression, tmp_path: Path) -> None:
    head.save(tmp_path / "head.npz")
    again = SoftmaxRegression.load(tmp_path / "head.npz")
    x, _ = blobs(seed=1)
    assert np.array_equal(again.logits(x), head.logits(x))
    assert (again.feature_dim, again.num_classes, again.reg) == (8, 3, head.reg)
    assert (again.min_score, again.max_score) == (head.min_score, head.max_score)
    assert again.label_map == head.label_map


def test_it_exports_the_same_bytes(head: SoftmaxRegression, tmp_path: Path) -> None:
    extractor = tiny_extractor(feature_dim=8)
    head.save(tmp_path / "head.npz")
    assert append_head(extractor, SoftmaxRegression.load(tmp_path / "head.npz")) == append_head(extractor, head)


def test_an_untrained_range_stays_untrained(tmp_path: Path) -> None:
    SoftmaxRegression(8, 3).save(tmp_path / "head.npz")
    with pytest.raises(ModelNotTrained):
        append_head(tiny_extractor(feature_dim=8), SoftmaxRegression.load(tmp_path / "head.npz"))


class Harmful:
    """Would leave a file behind when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.mark,)


def test_a_pickle_is_never_run(tmp_path: Path) -> None:
    bad, mark = tmp_path / "bad.npz", tmp_path / "mark"
    bad.write_bytes(pickle.dumps(Harmful(mark)))
    with pytest.raises(CheckpointUnreadable) as caught:
        SoftmaxRegression.load(bad)
    assert str(caught.value) == (
        f"the checkpoint {bad} cannot be read: it is damaged, or no checkpoint. "
        "Name one that save() wrote, or train again."
    )
    objects = np.empty((1, 1), object)
    objects[0, 0] = Harmful(mark)
    np.savez(bad, facts=np.array("{}"), mat_w=objects, vec_b=np.zeros(1))
    with pytest.raises(CheckpointUnreadable):
        SoftmaxRegression.load(bad)
    assert not mark.exists()


def test_a_torn_file_a_missing_one_and_one_of_another_version_are_refused(
    head: SoftmaxRegression, tmp_path: Path
) -> None:
    whole = tmp_path / "head.npz"
    head.save(whole)
    torn = tmp_path / "torn.npz"
    torn.write_bytes(whole.read_bytes()[:-200])
    other = tmp_path / "other.npz"
    np.savez(other, facts=np.array('{"version": 99}'), mat_w=np.zeros((2, 2)), vec_b=np.zeros(2))
    reasons = {
        torn: "it is damaged, or no checkpoint",
        tmp_path / "none.npz": "No such file or directory",
        other: "it was written by another version",
    }
    for path, reason in reasons.items():
        with pytest.raises(CheckpointUnreadable) as caught:
            SoftmaxRegression.load(path)
        assert str(caught.value) == (
            f"the checkpoint {path} cannot be read: {reason}. Name one that save() wrote, or train again."
        )
