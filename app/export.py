"""The folder that a visitor takes away: written beside its name, made durable, read back, and only then named."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from app.errors import ExportFailed
from app.file_names import safe_file_name
from app.report import report_page
from app.session import Session

SCRIPT = Path(__file__).resolve().parent.parent / "assets" / "export" / "classify.py"
SUMS = "SHA256SUMS"
NAME_BYTES = 40
UNFINISHED = "NOT_FINISHED.txt"  # lies in a folder while it is being written
NEXT_STEP = {
    errno.ENOSPC: "The drive is full: use one with more room, then save again.",
    errno.EFBIG: "The drive takes no file of this size: use another one, then save again.",
    errno.EROFS: "The drive is write-protected: use another one, then save again.",
    errno.EACCES: "This user may not write there: use another drive, then save again.",
    errno.EIO: "The drive was pulled or is broken: plug it in again, then save again.",
    errno.ENODEV: "The drive was pulled: plug it in again, then save again.",
}


@dataclass(frozen=True)
class ModelFacts:
    """What is known of the model: labels and shots in the order of its output, accuracy 0..1, threshold 0..1.

    `report` is what `app.report.report_facts` gave when it was trained.
    """

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
    report: Mapping[str, Any] | None = None

    @property
    def file(self) -> str:
        """Path of the model inside the folder."""
        if self.compiled_for_edge_tpu:
            return "converted_edgetpu/model_edgetpu.tflite"
        return "converted_tflite_quantized/model.tflite"


def export_name(now: datetime, name: str) -> str:
    """Folder name such as 2026-01-31_1412_apple_cup."""
    return f"{now:%Y-%m-%d_%H%M}_{safe_file_name(name, longest_bytes=NAME_BYTES)}"


def free_folder(base: Path, name: str) -> Path:
    """A folder of that name that does not exist yet; clocks that stand still make names come twice."""
    numbered = (base / (name if number == 1 else f"{name}_{number}") for number in count(1))
    return next(folder for folder in numbered if not folder.exists())


def write_export(
    folder: Path,
    facts: ModelFacts,
    session: Session | None,
    *,
    include_pictures: bool,
    report_pictures: bool | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Path:
    """Write the folder; it has its name only once every byte was read back.

    Args:
        folder: Where to. An earlier export of that name is replaced; anything else is left alone.
        facts: Of the model.
        session: Goes along as session.npz and session.json, to carry on elsewhere; None leaves it out.
        include_pictures: Put the visitor's pictures in, too.
        report_pictures: Show in the report those that were named wrongly; None is as `include_pictures` says.
        on_progress: Receives 0..1.

    Raises:
        ExportFailed: If something is in the way or the drive fails; nothing is left under the final name.
    """
    partial = folder.with_name(folder.name + ".partial")
    report = on_progress or (lambda _fraction: None)
    try:
        _refuse_foreign(folder, SUMS)
        _refuse_foreign(partial, UNFINISHED)
        shutil.rmtree(partial, ignore_errors=True)
        files = _contents(
            facts, session, include_pictures, include_pictures if report_pictures is None else report_pictures
        )
        _write_durably(partial / UNFINISHED, b"This folder is not complete. It can be deleted.\n")
        for number, (name, data) in enumerate(files.items(), start=1):
            _write_durably(partial / name, data)
            report(0.8 * number / len(files))
        _read_back(partial, files)
        (partial / UNFINISHED).unlink()
        _sync_tree(partial)
        _put_in_place(partial, folder)
    except OSError as error:
        if isinstance(error, ExportFailed):
            raise
        shutil.rmtree(partial, ignore_errors=True)
        step = NEXT_STEP.get(error.errno or 0, "Choose another place and save again.")
        raise ExportFailed(f"the model could not be saved to {folder.parent}: {error.strerror}. {step}") from error
    report(1.0)
    return folder


def _refuse_foreign(folder: Path, mark: str) -> None:
    """Somebody else's folder or file is never replaced: ours carry a mark, or are empty."""
    if folder.is_dir():
        if any(folder.iterdir()) and not (folder / mark).is_file():
            raise ExportFailed(f"{folder} holds other files. Name an empty or new folder.")
    elif folder.exists():
        raise ExportFailed(f"{folder} is a file. Name an empty or new folder.")


def _contents(
    facts: ModelFacts, session: Session | None, include_pictures: bool, report_pictures: bool
) -> dict[str, bytes]:
    """All files by name, SHA256SUMS last."""
    labels = "".join(f"{index} {label}\n" for index, label in enumerate(facts.labels)).encode()
    files = {
        facts.file: facts.model_path.read_bytes(),
        f"{Path(facts.file).parent}/labels.txt": labels,
        "metadata.json": _json(_metadata(facts)),
        "classify.py": SCRIPT.read_bytes(),
        "README.txt": _readme(facts).encode(),
    }
    if facts.report is not None:
        pictures = session.samples if session is not None and report_pictures else ()
        files["report.json"] = _json(facts.report)
        files["report.html"] = report_page(facts.report, {one.sample_id: one.picture for one in pictures}).encode()
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
    files: dict[str, bytes] = {}
    for sample in session.samples:
        counts[sample.class_index] += 1
        folder = f"{sample.class_index}_{safe_file_name(session.labels[sample.class_index])}"
        files[f"samples/{folder}/{counts[sample.class_index]:03d}.jpg"] = sample.picture
    return files


def _readme(facts: ModelFacts) -> str:
    return (
        f"An image classifier for: {', '.join(facts.labels)}.\n\n"
        f"{facts.file} is an ordinary TensorFlow Lite model. It takes the centre square of a picture, in RGB, and\n"
        f'gives a probability for each line of labels.txt. Below {facts.threshold:.2f} call it "not sure".\n\n'
        f"Try it on a computer with Python{' and a Coral Edge TPU' if facts.compiled_for_edge_tpu else ''}:\n"
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
    """Rename, and make that durable: every directory up to the root of the drive may be new."""
    replaced = None
    if folder.exists():
        replaced = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", suffix=".replaced", dir=folder.parent))
        folder.rename(replaced / folder.name)
    partial.rename(folder)
    for parent in folder.absolute().parents:
        with suppress(PermissionError):  # a directory that this user may not even open has no news of ours
            _sync_directory(parent)
        if parent.is_mount():
            break
    if replaced is not None:
        shutil.rmtree(replaced, ignore_errors=True)
