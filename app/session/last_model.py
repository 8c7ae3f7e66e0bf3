"""Remember the model that was live last, so that it is live again after a restart."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

from app.session.connection import SharedDatabase
from learning.validation import Origin

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class StoredModel:
    """The model that was live last; its file is unchanged.

    Attributes:
        path: The model file.
        validation_accuracy: 0..1; None if it is unknown.
        threshold: 0..1.
        shots: Samples per class of the kiosk when it was trained.
        validation_from: What the accuracy was measured on; None if that, or the accuracy, is unknown.
        provisional: Whether it was trained before the extractor had been measured.
    """

    path: Path
    validation_accuracy: float | None
    threshold: float
    shots: tuple[int, ...]
    validation_from: Origin | None = None
    provisional: bool = False


def remember_model(shared: SharedDatabase, model: StoredModel) -> None:
    """Record a model in place of the one before.

    Raises:
        OSError: If its file cannot be read.
        SessionNotWritten: If the disk is full or fails.
    """
    sha256 = hashlib.sha256(model.path.read_bytes()).hexdigest()
    with shared.writing(keeps_samples=True) as database:
        database.execute("DELETE FROM model")
        database.execute(
            "INSERT INTO model (path, sha256, validation_accuracy, threshold, shots, validation_from, provisional) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (str(model.path.resolve()), sha256, model.validation_accuracy, model.threshold,
             ",".join(map(str, model.shots)), model.validation_from, model.provisional),
        )  # fmt: skip


def last_model(shared: SharedDatabase) -> StoredModel | None:
    """Return the model that was recorded last; None if there is none, or if its file is missing or changed."""
    with shared.reading() as database:
        row = database.execute(
            "SELECT path, sha256, validation_accuracy, threshold, shots, validation_from, provisional FROM model"
        ).fetchone()
    if row is None:
        return None
    path = Path(row[0])
    try:
        unchanged = path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == row[1]
    except OSError:  # also where damage made the path too long
        unchanged = False
    if not unchanged:
        logger.warning("the model %s is missing or was changed. Train again.", path)
        return None
    shots = tuple(int(count) for count in row[4].split(","))
    accuracy = None if row[5] is None else row[2]  # an older version measured it on near-copies of taught pictures
    return StoredModel(path, accuracy, row[3], shots, row[5], bool(row[6]))
