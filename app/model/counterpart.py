"""The counterpart of an embedding extractor: the same network in the other form, compiled for the Edge TPU or not.

One trained head fits both forms, so a visitor can take both models away. File names tell which extractors belong
together: x.tflite, and x_edgetpu.tflite, as the Edge TPU compiler names its output.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from app.model.model_files import counterpart_path, saved_counterpart, write_model_file
from learning.errors import LearningError
from learning.tflite_export import Head, append_head
from tpu.counterparts import COMPILED_SUFFIX
from tpu.models import models_dir
from tpu.runtime import EDGE_TPU_OPERATOR

logger = logging.getLogger(__name__)


def write_counterpart(model: Path, head: Head, extractor: Path) -> None:
    """Write the counterpart of a trained model beside it, if it is not there yet and the extractor has a counterpart.

    Args:
        model: The trained model.
        head: Its head.
        extractor: The file of the extractor that it was trained with.

    Raises:
        ModelNotWritten: If the file cannot be written.
    """
    other = find_counterpart(extractor, [models_dir()])
    if other is not None and saved_counterpart(model) is None and (data := with_head(other, head)) is not None:
        write_model_file(counterpart_path(model), data)


def find_counterpart(extractor: Path, folders: Sequence[Path]) -> Path | None:
    """Look for the extractor's counterpart beside it, then in `folders`; None if it is in none of them."""
    compiled = extractor.stem.endswith(COMPILED_SUFFIX)
    stem = extractor.stem.removesuffix(COMPILED_SUFFIX) if compiled else extractor.stem + COMPILED_SUFFIX
    for folder in (extractor.parent, *folders):
        path = folder / f"{stem}.tflite"
        if path.is_file():
            return path
    return None


def with_head(extractor: Path, head: Head) -> bytes | None:
    """Return an extractor with the head appended; None, with a warning in the log, if the file cannot be used."""
    try:
        data = extractor.read_bytes()
        if (EDGE_TPU_OPERATOR in data) != extractor.stem.endswith(COMPILED_SUFFIX):
            logger.warning("%s: its name and its content disagree on the Edge TPU; it is not saved", extractor)
            return None
        return append_head(data, head)
    except (OSError, LearningError) as error:
        logger.warning("%s is not saved: %s", extractor, error)
        return None
