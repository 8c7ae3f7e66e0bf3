"""The reference operation of a benchmark: its time in the same run tells how fast the machine was at that time."""

from __future__ import annotations

import numpy as np

from app.commands.bench.figures import Figure, in_turns
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path

ANSWERS = 30


def one_answer(topic: str) -> Figure:
    """Measure one answer of the built-in extractor to a picture of its own size, in milliseconds."""
    with EmbeddingExtractor(default_extractor_path()) as extractor:
        square = np.zeros((extractor.input_size_px, extractor.input_size_px, 3), np.uint8)
        (answer_s,) = in_turns([lambda: extractor.embed(square)], ANSWERS)
    return Figure(topic, "one answer of the bare model", 1000 * answer_s, "ms")
