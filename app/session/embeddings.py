"""Measure how similarly two devices embed the same pictures."""

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
    """The cosine similarity of the embeddings of two devices: its mean and minimum over `pictures`."""

    pictures: int
    mean: float
    least: float


def backend_agreement(store: SessionStore, extractor: EmbeddingExtractor) -> BackendAgreement | None:
    """Compare the current device with the one that embedded the samples: the CPU, or an accelerator.

    If the extractor can use both, both embed the same stored pictures. Otherwise the stored embeddings are used, so the
    result includes the loss of JPEG compression.

    Returns:
        None if the current device embedded all samples.
    """
    similarities: list[float] = []
    for sample in store.made_elsewhere(extractor.device, COMPARED):
        try:
            picture = decode_picture(sample.picture)
        except PictureDamaged:
            continue
        now = extractor.answer(picture)
        if (now.device == CPU) == (sample.device == CPU):
            return None  # the device changed back meanwhile
        both = now.device != CPU and extractor.counterpart_bytes is not None
        other = extractor.answer_on_cpu(picture).outputs[0] if both else sample.embedding
        similarities.append(_cosine(now.outputs[0], other))
    if not similarities:
        return None
    found = BackendAgreement(len(similarities), float(np.mean(similarities)), min(similarities))
    level = logging.INFO if found.least >= ALIKE else logging.WARNING
    logger.log(
        level,
        "%s compared with the device before: cosine similarity %.4f on average, %.4f at least, over %d pictures%s",
        extractor.device,
        found.mean,
        found.least,
        found.pictures,
        "" if found.least >= ALIKE else ". Teach the things again and press TRAIN, or use --device cpu",
    )
    return found


def _cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(one @ other / max(1e-12, float(np.linalg.norm(one) * np.linalg.norm(other))))
