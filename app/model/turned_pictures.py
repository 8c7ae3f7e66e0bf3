"""Embed copies of taught pictures that are turned by quarters, for a training in which other made views do harm."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from app.base.errors import PictureDamaged
from app.base.ports import ImageArray
from learning.errors import TrainingCancelled
from learning.layers import FloatArray, IntArray
from learning.training_rows import QuarterTurns
from tpu.errors import PictureUnreadable
from tpu.extractor import EmbeddingExtractor
from tpu.made_views import quarter_turns


def turned_pictures(
    picture_of: Callable[[int], ImageArray],
    extractor: EmbeddingExtractor,
    should_stop: Callable[[], bool] | None = None,
) -> QuarterTurns:
    """Return the argument `quarter_turns` of `learning.fit.fit_head`.

    Args:
        picture_of: Returns the picture of a sample, RGB uint8 (H, W, 3); may raise PictureDamaged or PictureUnreadable.
            The turns of that sample are left out then.
        extractor: Embeds the turns.
        should_stop: Called before each picture; True raises TrainingCancelled.
    """

    def embedded(samples: IntArray) -> tuple[FloatArray, IntArray]:
        turns: list[FloatArray] = []
        source: list[int] = []
        for sample in samples.tolist():
            if should_stop is not None and should_stop():
                raise TrainingCancelled
            try:
                own = [extractor.embed(one) for one in quarter_turns(picture_of(sample))]
            except (PictureDamaged, PictureUnreadable):
                continue
            turns += own
            source += [sample] * len(own)
        rows = np.array(turns, np.float32).reshape(len(turns), extractor.feature_dim)
        return rows, np.array(source, np.int64)

    return embedded
