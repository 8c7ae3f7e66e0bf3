"""Read the session in a folder on a visitor's drive."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.base.errors import FolderRefused
from app.base.i18n import message
from app.base.ports import ImageArray
from app.guarded.sandbox import Limits, run_sandboxed
from app.importing.content import (
    LARGEST_SESSION_BYTES,
    MOST_NAMES,
    checked_labels,
    clean,
    damaged,
    open_export,
    read_json,
)
from app.importing.untrusted_folder import UntrustedFolder
from app.session.pictures import decode_picture
from app.session.session import Sample, Session

MOST_SAMPLES = 20_000
MOST_PICTURES_BYTES, LARGEST_PICTURE_BYTES = 96 << 20, 256 << 10
PICTURE = re.compile(r"(\d{3,6})\.jpg")
SESSION_LIMITS = Limits(wall_s=90.0, processor_s=90)


def read_session(
    folder: Path,
    *,
    extractor_name: str,
    extractor_sha256: str,
    feature_dim: int,
    embed: Callable[[ImageArray], NDArray[np.float32]],
    limits: Limits = SESSION_LIMITS,
) -> Session:
    """Read the session in a folder of SAVE, ready for the extractor of this kiosk.

    Args:
        folder: `<drive>/teachable/<name>`, as `app.importing.find.find_folder` returns it.
        extractor_name, extractor_sha256, feature_dim: Of this kiosk's extractor.
        embed: Returns the embedding of a picture; needed if another extractor made the session's embeddings.
        limits: Of the sandbox that unpacks the session.

    Raises:
        FolderRefused: If a file has the wrong format, or pictures that must be embedded again are missing.
        SandboxFailed: If unpacking crashes, or needs too much time or memory.
        DriveUnreadable: If the system cannot read the files.
    """
    with open_export(folder) as inside:
        facts = read_json(inside, "session.json")
        archive = inside.read("session.npz", LARGEST_SESSION_BYTES)
        labels = checked_labels(facts)
        files = _pictures(inside, len(labels))
    head, blobs = run_sandboxed("session", {}, [archive, *(data for _, _, data in files)], limits)
    embeddings, indices = _checked_arrays(head, blobs, len(labels))
    pictures = {(index, number): data for (index, number, _), data in zip(files, blobs[2:], strict=False)}
    same_extractor = _text(facts, "extractor", "sha256") == extractor_sha256 and embeddings.shape[1] == feature_dim
    samples, counts = [], [0] * len(labels)
    for sample_id, (vector, class_index) in enumerate(zip(embeddings, indices.tolist(), strict=True)):
        counts[class_index] += 1
        picture = pictures.get((class_index, counts[class_index]), b"")
        if not same_extractor:
            if not picture:
                name = clean(_text(facts, "extractor", "name")) or "?"
                raise FolderRefused(
                    message(
                        "it was taught with another network ({theirs}; here it is {ours}), and without its pictures it "
                        "cannot be learned anew. Save it with pictures there.",
                        theirs=name,
                        ours=extractor_name,
                    )
                )
            vector = embed(decode_picture(picture))  # noqa: PLW2901
        samples.append(Sample(sample_id, class_index, vector, picture, 0.0))
    return Session(labels, tuple(samples), extractor_name, extractor_sha256)


def _pictures(folder: UntrustedFolder, classes: int) -> list[tuple[int, int, bytes]]:
    """Return the pictures `samples/<index>_<name>/<number>.jpg` as (class index, number, JPEG); numbers begin at 1."""
    files: list[tuple[int, int, bytes]] = []
    room_bytes = MOST_PICTURES_BYTES
    try:
        with folder.folder("samples") as samples:
            for name in sorted(samples.names(MOST_NAMES)):
                index, _, _ = name.partition("_")
                if not (index.isascii() and index.isdecimal() and int(index) < classes):
                    continue
                with samples.folder(name) as own:
                    for file in sorted(own.names(MOST_NAMES)):
                        number = PICTURE.fullmatch(file)
                        if number is None or len(files) >= MOST_SAMPLES:
                            continue
                        data = own.read(file, LARGEST_PICTURE_BYTES)
                        room_bytes -= len(data)
                        if room_bytes < 0:
                            raise FolderRefused(message("its pictures take more room than a session holds."))
                        files.append((int(index), int(number[1]), data))
    except FileNotFoundError:  # the session was saved without pictures
        return files
    return files


def _text(facts: dict[str, Any], section: str, name: str) -> str:
    inner = facts.get(section)
    value = inner.get(name) if isinstance(inner, dict) else None
    return value if isinstance(value, str) else ""


def _checked_arrays(head: Any, blobs: list[bytes], classes: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Check the answer of the sandbox, which is not trusted either.

    Returns:
        Embeddings, float32 (N, D), and label indices, int64 (N,).
    """
    samples, feature_dim = head.get("samples"), head.get("feature_dim")
    if not isinstance(samples, int) or not isinstance(feature_dim, int) or len(blobs) < 2:
        raise damaged("session.npz")
    if not 0 < samples <= MOST_SAMPLES or not feature_dim > 0:
        raise FolderRefused(message("its session does not hold 1 to {most} pictures.", most=MOST_SAMPLES))
    if len(blobs[0]) != samples * feature_dim * 4 or len(blobs[1]) != samples * 8:
        raise damaged("session.npz")
    indices = np.frombuffer(blobs[1], np.int64)
    if indices.min() < 0 or indices.max() >= classes:
        raise damaged("session.npz")
    return np.frombuffer(blobs[0], np.float32).reshape(samples, feature_dim), indices
