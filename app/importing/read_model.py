"""Open the model in a folder on a visitor's drive, in a guarded process of its own."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.base.errors import FolderRefused, SandboxFailed, UntrustedFolderError
from app.base.i18n import message
from app.guarded.refusals import STOPPED, TOO_SLOW, refusal_of
from app.importing.content import LARGEST_MODEL_BYTES, checked_labels, damaged, open_export, read_json
from app.model.saved_folder.facts import PLAIN_FILE
from app.model.saved_folder.verified_folder import METADATA
from tpu.classifier import ClassificationEngine
from tpu.errors import ModelStopped, RuntimeLayerError
from tpu.guarded.process import DEFAULT_LIMITS, GuardedChild, GuardLimits
from tpu.tensors import ImageArray

SUM_TOLERANCE = 0.05  # of the sum of probabilities: each 8-bit one is off by up to 1/512
MODEL_LIMITS = DEFAULT_LIMITS
NO_PROBABILITIES = message("it cannot be used: {reason}", reason=message("its answers are no probabilities."))


@dataclass(frozen=True, eq=False)
class UntrustedModel:
    """A model that runs in a guarded process and is a classifier. The caller closes the engine.

    Attributes:
        engine: Runs the bytes that were read; the file on the drive may change.
        labels: Class labels in the order of the output.
        threshold: 0..1; below this top probability the answer is "not sure".
    """

    engine: ClassificationEngine
    labels: tuple[str, ...]
    threshold: float


def read_model(folder: Path, *, runtime: str, limits: GuardLimits = MODEL_LIMITS) -> UntrustedModel:
    """Read the model in a saved folder, open it in a guarded process, and try it on two pictures.

    Args:
        folder: As `app.importing.find.find_folder` returns it.
        runtime: Which interpreter runs it.
        limits: Of the guarded process, now and for every later answer.

    Raises:
        FolderRefused: If a file has the wrong format, or the model is too large, too slow or not a classifier.
        SandboxFailed: If the model crashes, or needs too much time or memory.
        DriveUnreadable: If the system cannot read the files.
    """
    model_folder, name = PLAIN_FILE.split("/")
    with open_export(folder) as inside:
        facts = read_json(inside, METADATA)
        with inside.folder(model_folder) as models:
            data = models.read(name, LARGEST_MODEL_BYTES)
    labels, threshold = checked_labels(facts), facts.get("threshold")
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        raise damaged(METADATA)
    try:
        engine = ClassificationEngine(
            folder / PLAIN_FILE,
            labels=labels,
            runtime=runtime,
            device="cpu",
            data=data,
            trusted=False,
            guard=GuardedChild(limits),
        )
        try:
            _try(engine, limits)
        except BaseException:
            engine.close()
            raise
    except RuntimeLayerError as error:
        raise _refusal(error) from error
    return UntrustedModel(engine, labels, float(threshold))


def _try(engine: ClassificationEngine, limits: GuardLimits) -> None:
    for picture in trial_pictures():
        started_s = time.perf_counter()
        probabilities = engine.classify(picture)
        if time.perf_counter() - started_s > limits.answer_s:
            raise FolderRefused(TOO_SLOW)
        sound = np.isfinite(probabilities).all() and (probabilities >= -SUM_TOLERANCE).all()
        if not sound or abs(float(probabilities.sum()) - 1) > SUM_TOLERANCE:
            raise FolderRefused(NO_PROBABILITIES)


def trial_pictures() -> tuple[ImageArray, ...]:
    """Return a black picture and one of noise. A hostile model may behave on them: it stays in its process."""
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    return np.zeros((64, 64, 3), np.uint8), noise


def _refusal(error: RuntimeLayerError) -> UntrustedFolderError:
    if isinstance(error, ModelStopped) and error.kind in STOPPED:
        return SandboxFailed(STOPPED[error.kind])
    return FolderRefused(message("it cannot be used: {reason}", reason=refusal_of(error)))
