"""Read the session in a folder on a visitor's drive."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.base.errors import FolderRefused
from app.base.i18n import message
from app.base.ports import ImageArray
from app.guarded.sandbox import Limits, forget, run_sandboxed
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
from app.session.session import MOST_MADE_VIEWS, Sample, Session, no_views
from app.session.soundness import LARGEST_VALUE

MOST_SAMPLES = 20_000
MOST_PICTURES_BYTES, LARGEST_PICTURE_BYTES = 96 << 20, 256 << 10
PICTURE = re.compile(r"(\d{3,6})\.jpg")
FORGET_EVERY = 1_000  # samples
UNPACKED = 0.7  # of the progress
SESSION_LIMITS = Limits(wall_s=90.0, processor_s=90)


class _Arrays(NamedTuple):
    """The arrays of session.npz.

    Attributes:
        embeddings: float32 (N, D).
        label_indices: int64 (N,).
        holds: int64 (N,); -1 where the hold is unknown.
        made: Embeddings of made views, float32 (M, D).
        made_source: The row in `embeddings` of the sample that each view belongs to, int64 (M,).
    """

    embeddings: NDArray[np.float32]
    label_indices: NDArray[np.int64]
    holds: NDArray[np.int64]
    made: NDArray[np.float32]
    made_source: NDArray[np.int64]


ARRAYS = len(_Arrays._fields)  # blobs before those of the pictures


def read_session(
    folder: Path,
    *,
    extractor_name: str,
    extractor_sha256: str,
    feature_dim: int,
    embed: Callable[[ImageArray], NDArray[np.float32]],
    limits: Limits = SESSION_LIMITS,
    on_progress: Callable[[float], object] = lambda _fraction: None,
) -> Session:
    """Read the session in a saved folder, ready for the extractor of this kiosk.

    Args:
        folder: As `app.importing.find.find_folder` returns it.
        extractor_name, extractor_sha256, feature_dim: Of this kiosk's extractor.
        embed: Returns the embedding of a picture; needed if another extractor made the session's embeddings.
        limits: Of the sandbox that unpacks the session.
        on_progress: Receives 0..1.

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
    given, places = [archive, *(data for _, _, data in files)], [(index, number) for index, number, _ in files]
    del archive, files  # as large as the limits allow
    head, blobs = run_sandboxed("session", {}, given, limits, lambda done: on_progress(UNPACKED * done))
    del given
    arrays = _checked_arrays(head, blobs, len(labels))
    pictures = dict(zip(places, blobs[ARRAYS:], strict=False))
    feature_dim_there = arrays.embeddings.shape[1]
    same_extractor = _text(facts, "extractor", "sha256") == extractor_sha256 and feature_dim_there == feature_dim
    holds = _renumbered(arrays.holds, arrays.label_indices)
    samples, counts = [], [0] * len(labels)
    for row, class_index in enumerate(arrays.label_indices.tolist()):
        counts[class_index] += 1
        vector, made = arrays.embeddings[row], arrays.made[arrays.made_source == row]
        picture = bytes(pictures.get((class_index, counts[class_index]), b""))
        if not same_extractor:
            if not picture:
                name = clean(_text(facts, "extractor", "name")) or "?"
                raise FolderRefused(
                    message(
                        "it was taught with another network ({theirs}; here it is {ours}), and without its pictures it "
                        "cannot be learned again. Save it with pictures there.",
                        theirs=name,
                        ours=extractor_name,
                    )
                )
            vector, made = embed(decode_picture(picture)), no_views()
            on_progress(UNPACKED + (1 - UNPACKED) * row / len(arrays.label_indices))
        samples.append(Sample(row, class_index, vector, picture, 0.0, hold=holds[row], made=made))
        if row % FORGET_EVERY == 0:
            forget(blobs)
    forget(blobs)
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


def _checked_arrays(head: Any, blobs: list[memoryview], classes: int) -> _Arrays:
    """Check the answer of the sandbox, which is not trusted either."""
    sizes = [head.get(name) for name in ("samples", "feature_dim", "made")]
    if not all(isinstance(size, int) for size in sizes) or len(blobs) < ARRAYS:
        raise damaged("session.npz")
    samples, feature_dim, made = sizes
    if not 0 < samples <= MOST_SAMPLES or not feature_dim > 0:
        raise FolderRefused(message("its session does not hold 1 to {most} pictures.", most=MOST_SAMPLES))
    expected_bytes = [samples * feature_dim * 4, samples * 8, samples * 8, made * feature_dim * 4, made * 8]
    if made < 0 or [len(blob) for blob in blobs[:ARRAYS]] != expected_bytes:
        raise damaged("session.npz")
    arrays = _Arrays(  # copies, so that what was read of the file can be forgotten
        np.frombuffer(blobs[0], np.float32).reshape(samples, feature_dim).copy(),
        np.frombuffer(blobs[1], np.int64).copy(),
        np.frombuffer(blobs[2], np.int64).copy(),
        np.frombuffer(blobs[3], np.float32).reshape(made, feature_dim).copy(),
        np.frombuffer(blobs[4], np.int64).copy(),
    )
    if not _small(arrays.embeddings) or not _small(arrays.made):
        raise damaged("session.npz")
    if not _all_in(arrays.label_indices, 0, classes) or not _all_in(arrays.made_source, 0, samples):
        raise damaged("session.npz")
    if not _all_in(arrays.holds, -1, None):
        raise damaged("session.npz")
    if made and np.bincount(arrays.label_indices[arrays.made_source]).max() > MOST_MADE_VIEWS:
        raise damaged("session.npz")
    return arrays


def _small(vectors: NDArray[np.float32]) -> bool:
    """Whether the store would take these embeddings for sound, too."""
    return bool(np.abs(vectors).max(initial=0.0) <= LARGEST_VALUE)


def _all_in(values: NDArray[np.int64], first: int, end: int | None) -> bool:
    return bool((values >= first).all() and (end is None or (values < end).all()))


def _renumbered(holds: NDArray[np.int64], label_indices: NDArray[np.int64]) -> list[int | None]:
    """Number the holds from 0; those of a file may be of any size, and a hold belongs to one class."""
    numbers: dict[tuple[int, int], int] = {}
    return [
        None if hold < 0 else numbers.setdefault((label_index, hold), len(numbers))
        for label_index, hold in zip(label_indices.tolist(), holds.tolist(), strict=True)
    ]
