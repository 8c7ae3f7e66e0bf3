"""Turned copies of taught pictures, for things that lie in any direction."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.base.errors import PictureDamaged
from app.model.turned_pictures import turned_pictures
from learning.errors import TrainingCancelled
from tpu.errors import PictureUnreadable

pytestmark = pytest.mark.needs_runtime

PICTURE = np.arange(2 * 2 * 3, dtype=np.uint8).reshape(2, 2, 3)


def extractor() -> Any:
    """Return an extractor whose embedding is the red of the upper row."""
    return SimpleNamespace(feature_dim=2, embed=lambda picture: picture[0, :, 0].astype(np.float32))


def test_each_picture_is_embedded_in_three_directions_and_those_that_cannot_be_read_are_left_out() -> None:
    def picture_of(row: int) -> np.ndarray:
        if row == 5:
            raise PictureDamaged
        if row == 6:
            raise PictureUnreadable("gone.jpg", "it is missing")
        return PICTURE + np.uint8(row)

    turns, source = turned_pictures(picture_of, extractor())(np.array([1, 5, 6, 40]))
    assert turns.tolist() == [[4, 10], [10, 7], [7, 1], [43, 49], [49, 46], [46, 40]]
    assert source.tolist() == [1, 1, 1, 40, 40, 40]


def test_without_readable_pictures_there_are_no_turns() -> None:
    def picture_of(_row: int) -> np.ndarray:
        raise PictureDamaged

    turns, source = turned_pictures(picture_of, extractor())(np.array([0, 1]))
    assert (turns.shape, source.shape, turns.dtype, source.dtype) == ((0, 2), (0,), np.float32, np.int64)


def test_a_training_that_is_cancelled_embeds_no_further_picture() -> None:
    shown: list[int] = []

    def picture_of(row: int) -> np.ndarray:
        shown.append(row)
        return PICTURE

    with pytest.raises(TrainingCancelled):
        turned_pictures(picture_of, extractor(), lambda: len(shown) == 2)(np.arange(5))
    assert shown == [0, 1]
