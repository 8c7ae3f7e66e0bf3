"""The folder that a visitor takes away: written beside its name, made durable, read back, and only then named."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from app.errors import ExportFailed
from app.session import Session

SCRIPT = Path(__file__).resolve().parent.parent / "assets" / "export" / "classify.py"
SUMS = "SHA256SUMS"
NAME_LENGTH = 40
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
NEXT_STEP = {
    errno.ENOSPC: "The drive is full: use one with more room, then press SAVE again.",
    errno.EFBIG: "The drive takes no file of this size: use another one, then press SAVE again.",
    errno.EROFS: "The drive is write-protected: use another one, then press SAVE again.",
    errno.EACCES: "This user may not write there: use another drive, then press SAVE again.",
    errno.EIO: "The drive was pulled or is broken: plug it in again, then press SAVE again.",
    errno.ENODEV: "The drive was pulled: plug it in again, then press SAVE again.",
}


@dataclass(frozen=True)
class ModelFacts:
    """What is known of the model: labels and shots in the order of its output, accuracy 0..1, threshold 0..1."""

    model_path: Path
    labels: tuple[str, ...]
    shots: tuple[int, ...]
    validation_accuracy: float
    threshold: float
    extractor_name: str
    extractor_sha256: str
    compiled_for_edge_tpu: bool
    preprocessing: Mapping[str, object]
    mirrored: bool

    @property
    def file(self) -> str:
        """Path of the model inside the folder."""
        if self.compiled_for_edge_tpu:
            return "converted_edgetpu/model_edgetpu.tflite"
        return "converted_tflite_quantized/model.tflite"


def safe_name(name: str) -> str:
    """A name that every file system takes (FAT rules, no reserved Windows names), as close to `name` as may be."""
    kept = re.sub(r"[^\w.\- ]+", "_", name).strip(" .")[:NAME_LENGTH].strip(" .").replace(" ", "_")
    if not kept.strip("_") or kept.split(".")[0].lower() in RESERVED:
        kept = f"class_{kept.strip('_')}".rstrip("_")
    return kept


def export_name(now: datetime, name: str) -> str:
    """Folder name such as 2026-01-31_1412_apple_cup."""
    return f"{now:%Y-%m-%d_%H%M}_{safe_name(name)}"


def write_export(
    folder: Path,
    facts: ModelFacts,
    session: Session | None,
    *,
    include_pictures: bool,
    on_progress: Callable[[float], None] | None = None,
) -> Path:
    """Write the folder; it has its name only once every byte was read back.

    Args:
        folder: Where to. An earlier export of that name is replaced; anything else is left alone.
        facts: Of the model.
        session: Goes along as session.npz and session.json, to carry on elsewhere; None leaves it out.
        include_pictures: Put the visitor's pictures in, too.
        on_progress: Receives 0..1.

    Raises:
        ExportFailed: If something is in the way or the drive fails; nothing is left under the final name.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / SUMS).is_file():
        raise ExportFailed(f"{folder} holds other files. Name an empty or new folder.")
    partial = folder.with_name(folder.name + ".partial")
    report = on_progress or (lambda _fraction: None)
    try:
        shutil.rmtree(partial, ignore_errors=True)
        files = _contents(facts, session, include_pictures)
        for number, (name, data) in enumerate(files.items(), start=1):
            _write_durably(partial / name, data)
            report(0.8 * number / len(files))
        _read_back(partial, files)
        _sync_tree(partial)
        _put_in_place(partial, folder)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        if isinstance(error, ExportFailed):
            raise
        step = NEXT_STEP.get(error.errno or 0, "Choose another place, then press SAVE again.")
        raise ExportFailed(f"the model could not be saved to {folder.parent}: {error.strerror}. {step}") from error
    report(1.0)
    return folder


def _contents(facts: ModelFacts, session: Session | None, include_pictures: bool) -> dict[str, bytes]:
    """All files by name, SHA256SUMS last."""
    labels = "".join(f"{index} {label}\n" for index, label in enumerate(facts.labels)).encode()
    files = {
        facts.file: facts.model_path.read_bytes(),
        f"{Path(facts.file).parent}/labels.txt": labels,
        "metadata.json": _json(_metadata(facts)),
        "classify.py": SCRIPT.read_bytes(),
        "README.txt": _readme(facts).encode(),
    }
    if session is not None and session.samples:
        files["session.npz"] = _arrays(session)
        files["session.json"] = _json(
            {
                "labels": list(session.labels),
                "extractor": {"name": session.extractor_name, "sha256": session.extractor_sha256},
            }
        )
        if include_pictures:
            files |= _pictures(session)
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items())
    return {**files, SUMS: sums.encode()}


def _metadata(facts: ModelFacts) -> dict[str, object]:
    return {
        "labels": list(facts.labels),
        "shots": dict(zip(facts.labels, facts.shots, strict=True)),
        "validation_accuracy": facts.validation_accuracy,
        "threshold": facts.threshold,
        "preprocessing": {**facts.preprocessing, "mirrored": facts.mirrored},
        "model": facts.file,
        "extractor": {"name": facts.extractor_name, "sha256": facts.extractor_sha256},
        "versions": {name: _version(name) for name in ("teachable-kiosk", "ai-edge-litert", "numpy")},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def _arrays(session: Session) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, embeddings=session.embeddings(), label_indices=session.label_indices())
    return stream.getvalue()


def _pictures(session: Session) -> dict[str, bytes]:
    counts = [0] * len(session.labels)
    files = {}
    for sample in session.samples:
        counts[sample.class_index] += 1
        folder = f"{sample.class_index}_{safe_name(session.labels[sample.class_index])}"
        files[f"samples/{folder}/{counts[sample.class_index]:03d}.jpg"] = sample.picture
    return files


def _readme(facts: ModelFacts) -> str:
    return (
        f"An image classifier for: {', '.join(facts.labels)}.\n\n"
        f"{facts.file} is an ordinary TensorFlow Lite model. It takes the centre square of a picture, in RGB, and\n"
        f'gives a probability for each line of labels.txt. Below {facts.threshold:.2f} call it "not sure".\n\n'
        "Try it on a computer with Python:\n"
        "    pip install ai-edge-litert numpy pillow\n"
        "    python classify.py picture.jpg\n"
    )


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def _write_durably(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
        if hasattr(os, "posix_fadvise"):  # so that reading back asks the medium, not the cache
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _read_back(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        if (folder / name).read_bytes() != data:
            raise ExportFailed(f"{name} reads back changed: the drive is failing. Use another drive.")


def _sync_tree(folder: Path) -> None:
    for directory in (*(path for path in folder.rglob("*") if path.is_dir()), folder):
        _sync_directory(directory)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _put_in_place(partial: Path, folder: Path) -> None:
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    partial.rename(folder)
    _sync_directory(folder.parent)
    shutil.rmtree(old, ignore_errors=True)
