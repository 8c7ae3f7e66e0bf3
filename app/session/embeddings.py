"""Samples and what embeds now: embed anew what another extractor made, or measure how far two back ends agree."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.base.errors import PictureDamaged
from app.session.pictures import decode_picture
from app.session.store import SessionStore
from tpu.extractor import EmbeddingExtractor
from tpu.runtime import CPU

logger = logging.getLogger(__name__)

COMPARED = 8
ALIKE = 0.98  # cosine; rounding and another runtime's kernels stay above 0.99


@dataclass(frozen=True)
class BackendAgreement:
    """How alike two back ends embed the same pictures: cosine, mean and least."""

    pictures: int
    mean: float
    least: float


def backend_agreement(store: SessionStore, extractor: EmbeddingExtractor) -> BackendAgreement | None:
    """Compare what answers now with what made the samples, on pictures of samples that the other one made.

    Where the extractor has both back ends, both look at the same picture; else the stored embedding stands for the
    one that is gone, which sees the loss of the picture's JPEG, too.

    Returns:
        None if every sample was made by what answers now.
    """
    likenesses: list[float] = []
    for sample in store.made_elsewhere(extractor.device, COMPARED):
        try:
            picture = decode_picture(sample.picture)
        except PictureDamaged:
            continue
        now = extractor.answer(picture)
        if (now.device == CPU) == (sample.device == CPU):
            return None  # it changed back meanwhile
        both = now.device != CPU and extractor.counterpart_bytes is not None
        other = extractor.answer_on_cpu(picture).outputs[0] if both else sample.embedding
        likenesses.append(_cosine(now.outputs[0], other))
    if not likenesses:
        return None
    found = BackendAgreement(len(likenesses), float(np.mean(likenesses)), min(likenesses))
    level = logging.INFO if found.least >= ALIKE else logging.WARNING
    logger.log(
        level,
        "%s embeds as before: cosine %.4f in the mean, %.4f at least, over %d pictures%s",
        extractor.device,
        found.mean,
        found.least,
        found.pictures,
        "" if found.least >= ALIKE else ". Show the things again and press TRAIN, or use --device cpu",
    )
    return found


def _cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(one @ other / max(1e-12, float(np.linalg.norm(one) * np.linalg.norm(other))))
