"""Read the model in a folder on a visitor's drive."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.guarded.sandbox import Limits, run_sandboxed
from app.importing.content import LARGEST_MODEL_BYTES, checked_labels, damaged, open_export, read_json
from app.model.saved_folder.facts import PLAIN_FILE

MODEL_LIMITS = Limits(wall_s=30.0)


@dataclass(frozen=True)
class UntrustedModel:
    """A model that ran in the sandbox and is a classifier.

    Attributes:
        data: The bytes that ran there.
        labels: Class labels in the order of the output.
        threshold: 0..1; below this top probability the answer is "not sure".
        explains: Whether its explaining form ran there, too.
    """

    data: bytes
    labels: tuple[str, ...]
    threshold: float
    explains: bool = False


def read_model(folder: Path, *, runtime: str, limits: Limits = MODEL_LIMITS) -> UntrustedModel:
    """Read the model in a saved folder after it ran in the sandbox.

    Args:
        folder: As `app.importing.find.find_folder` returns it.
        runtime: Which interpreter runs it.
        limits: Of the sandbox.

    Raises:
        FolderRefused: If a file has the wrong format, or the model is too large, too slow or not a classifier.
        SandboxFailed: If the model crashes, or needs too much time or memory.
        DriveUnreadable: If the system cannot read the files.
    """
    model_folder, name = PLAIN_FILE.split("/")
    with open_export(folder) as inside:
        facts = read_json(inside, "metadata.json")
        with inside.folder(model_folder) as models:
            data = models.read(name, LARGEST_MODEL_BYTES)
    labels, threshold = checked_labels(facts), facts.get("threshold")
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        raise damaged("metadata.json")
    reply, _ = run_sandboxed("model", {"classes": len(labels), "runtime": runtime}, [data], limits)
    return UntrustedModel(data, labels, float(threshold), reply.get("explains") is True)
