"""Remember the model that was live last, so that it is live again after a restart."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

from app.session.connection import SharedDatabase

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class StoredModel:
    """The model that was live last; its file is unchanged.

    Attributes:
        path: The model file.
        validation_accuracy, threshold: 0..1.
        shots: Samples per class of the kiosk when it was trained.
    """

    path: Path
    validation_accuracy: float
    threshold: float
    shots: tuple[int, ...]


def remember_model(shared: SharedDatabase, model: StoredModel) -> None:
    """Record a model in place of the one before.

    Raises:
        OSError: If its file cannot be read.
        SessionNotWritten: If the disk is full or fails.
    """
    sha256 = hashlib.sha256(model.path.read_bytes()).hexdigest()
    with shared.writing() as database:
        database.execute("DELETE FROM model")
        database.execute(
            "INSERT INTO model VALUES (?, ?, ?, ?, ?)",
            (str(model.path.resolve()), sha256, model.validation_accuracy, model.threshold,
             ",".join(map(str, model.shots))),
        )  # fmt: skip


def last_model(shared: SharedDatabase) -> StoredModel | None:
    """Return the model that was recorded last; None if there is none, or if its file is missing or changed."""
    with shared.reading() as database:
        row = database.execute("SELECT * FROM model").fetchone()
    if row is None:
        return None
    path = Path(row[0])
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != row[1]:
        logger.warning("the model %s is missing or was changed. Train again.", path)
        return None
    return StoredModel(path, row[2], row[3], tuple(int(count) for count in row[4].split(",")))
