"""An extractor's other form: compiled for the Edge TPU where it is plain, plain where it is compiled.

Both forms are one network, so one trained head fits both. The compiler's own file names tell which belong together:
x.tflite and x_edgetpu.tflite.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from learning.errors import LearningError
from learning.tflite_export import Head, append_head
from tpu.counterparts import COMPILED_SUFFIX
from tpu.runtime import EDGE_TPU_OPERATOR

logger = logging.getLogger(__name__)


def counterpart_path(model: Path) -> Path:
    """Where the twin of a trained model is kept, beside it."""
    return model.with_name(f"{model.stem}.twin.tflite")


def saved_counterpart(model: Path) -> Path | None:
    """The twin of a trained model; None where none was made."""
    twin = counterpart_path(model)
    return twin if twin.is_file() else None


def find_counterpart(extractor: Path, places: Sequence[Path]) -> Path | None:
    """The extractor's other form: beside it, or in one of the folders; None where it is not known."""
    compiled = extractor.stem.endswith(COMPILED_SUFFIX)
    stem = extractor.stem.removesuffix(COMPILED_SUFFIX) if compiled else extractor.stem + COMPILED_SUFFIX
    for folder in (extractor.parent, *places):
        twin = folder / f"{stem}.tflite"
        if twin.is_file():
            return twin
    return None


def with_head(twin: Path, head: Head) -> bytes | None:
    """The twin with the head behind it; None, and a line in the log, if it is not what its name says."""
    try:
        extractor = twin.read_bytes()
        if (EDGE_TPU_OPERATOR in extractor) != twin.stem.endswith(COMPILED_SUFFIX):
            logger.warning("%s is not what its name says: it is left out of what is saved", twin)
            return None
        return append_head(extractor, head)
    except (OSError, LearningError) as error:
        logger.warning("%s is left out of what is saved: %s", twin, error)
        return None
