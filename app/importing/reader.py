"""What a stranger's drive holds: finding a folder of SAVE on it, and reading its session or its model.

Nothing on a drive is trusted: files are plain and of bounded size, text is cleaned, numbers are checked, and whatever
has to be unpacked or run is given to a process of its own first. Only what went through all of it comes out.
"""

from __future__ import annotations

import json
import re
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.base.error_texts import system_error_text
from app.base.errors import DriveUnreadable, FolderRefused
from app.base.i18n import message
from app.base.ports import Clock, ImageArray
from app.config.checks import LONGEST_LABEL, MAX_CLASSES, MIN_CLASSES
from app.guarded.sandbox import Limits, run_sandboxed
from app.importing.untrusted_folder import UntrustedFolder, open_untrusted_folder
from app.model.export_folder import EXPORT_FOLDER, PLAIN_FILE
from app.session.pictures import decode_picture
from app.session.session import Sample, Session

NAME = re.compile(r"\d{4}-\d{2}-\d{2}_\d{4}_.+")  # as `app.model.export_folder.export_name` makes them
MOST_NAMES = 5_000  # of folders on a drive that are listed
LONGEST_LOOK_S = 3.0  # into one folder after the other; a slow stick opens some hundreds in this time
MOST_SAMPLES, MOST_PICTURES_BYTES = 20_000, 96 << 20
LARGEST_TEXT_BYTES, LARGEST_PICTURE_BYTES = 256 << 10, 256 << 10
LARGEST_MODEL_BYTES, LARGEST_SESSION_BYTES = 64 << 20, 64 << 20
JOINERS = {"\u200c", "\u200d"}  # invisible, but emoji and some scripts are written with them
PICTURE = re.compile(r"(\d{3,6})\.jpg")
MODEL_LIMITS, SESSION_LIMITS = Limits(wall_s=30.0), Limits(wall_s=90.0, processor_s=90)


@dataclass(frozen=True)
class FoundFolder:
    """The newest folder of a drive that can be used for anything."""

    path: Path
    labels: tuple[str, ...]
    has_session: bool
    has_model: bool


@dataclass(frozen=True)
class UntrustedModel:
    """A model that proved to be a classifier: its bytes, its labels in the order of its output, its threshold."""

    data: bytes
    labels: tuple[str, ...]
    threshold: float


def find_folder(root: Path, *, clock: Clock = time.monotonic) -> FoundFolder | None:
    """Look on a drive for the newest folder that SAVE wrote; None where there is none that can be used.

    Folders are called by their date, so names alone say which is the newest. However full the drive is, no more than
    MOST_NAMES are listed, and none is looked into any more after LONGEST_LOOK_S.
    """
    until_s = clock() + LONGEST_LOOK_S
    try:
        with open_untrusted_folder(root) as drive, drive.folder(EXPORT_FOLDER) as exports:
            names = [name for name in exports.names(MOST_NAMES) if NAME.fullmatch(name)]
            for name in sorted(names, reverse=True):
                if clock() > until_s:
                    break
                if not name.endswith(".partial") and (found := _looked_into(exports, root, name)) is not None:
                    return found
    except (OSError, FolderRefused):  # no such folder, a link in its place, or the drive was pulled
        return None
    return None


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
        folder: `<drive>/teachable/<name>`, as `find_folder` gives it.
        extractor_name, extractor_sha256, feature_dim: Of this kiosk's extractor.
        embed: Turns a picture into an embedding, for a session that another extractor was used for.
        limits: Of the process that unpacks it.

    Raises:
        FolderRefused: If it cannot be used; the text says why.
    """
    facts, archive, files = _session_files(folder)
    labels, sha256 = _labels(facts), _text(facts, "extractor", "sha256")
    said, blobs = run_sandboxed("session", {}, [archive, *(data for _, _, data in files)], limits)
    embeddings, indices = _checked_arrays(said, blobs, len(labels))
    pictures = {(index, number): data for (index, number, _), data in zip(files, blobs[2:], strict=False)}
    own = sha256 == extractor_sha256 and embeddings.shape[1] == feature_dim
    samples, counts = [], [0] * len(labels)
    for sample_id, (vector, class_index) in enumerate(zip(embeddings, indices.tolist(), strict=True)):
        counts[class_index] += 1
        picture = pictures.get((class_index, counts[class_index]), b"")
        if not own:
            if not picture:
                name = _clean(_text(facts, "extractor", "name")) or "?"
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


def read_model(folder: Path, *, runtime: str, limits: Limits = MODEL_LIMITS) -> UntrustedModel:
    """Read the model in a folder of SAVE, after a process of its own ran it.

    Args:
        folder: `<drive>/teachable/<name>`, as `find_folder` gives it.
        runtime: Which interpreter runs it.
        limits: Of that process.

    Raises:
        FolderRefused: If it crashes, hangs, is too large or too slow, or is no classifier; the text says which.
    """
    place, name = PLAIN_FILE.split("/")
    try:
        with _opened(folder) as inside:
            facts = _json(inside, "metadata.json")
            with inside.folder(place) as models:
                data = models.read(name, LARGEST_MODEL_BYTES)
    except OSError as error:
        raise _gone(error) from error
    labels, threshold = _labels(facts), facts.get("threshold")
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        raise _damaged("metadata.json")
    run_sandboxed("model", {"classes": len(labels), "runtime": runtime}, [data], limits)
    return UntrustedModel(data, labels, float(threshold))


# --- files ----------------------------------------------------------------------------------------------


def _looked_into(exports: UntrustedFolder, root: Path, name: str) -> FoundFolder | None:
    try:
        with exports.folder(name) as folder:
            labels = _labels(_json(folder, "metadata.json"))
            has_session = _fits(folder, "session.npz", LARGEST_SESSION_BYTES) and _fits(
                folder, "session.json", LARGEST_TEXT_BYTES
            )
            place, model = PLAIN_FILE.split("/")
            try:
                with folder.folder(place) as models:
                    has_model = _fits(models, model, LARGEST_MODEL_BYTES)
            except (OSError, FolderRefused):
                has_model = False
    except (OSError, FolderRefused):
        return None
    if not has_session and not has_model:
        return None
    return FoundFolder(root / EXPORT_FOLDER / name, labels, has_session, has_model)


def _session_files(folder: Path) -> tuple[dict[str, Any], bytes, list[tuple[int, int, bytes]]]:
    """session.json, session.npz, and pictures with their class index and their number, from 1, in the class."""
    try:
        with _opened(folder) as inside:
            facts = _json(inside, "session.json")
            archive = inside.read("session.npz", LARGEST_SESSION_BYTES)
            return facts, archive, _pictures(inside, len(_labels(facts)))
    except OSError as error:
        raise _gone(error) from error


def _pictures(folder: UntrustedFolder, classes: int) -> list[tuple[int, int, bytes]]:
    """Pictures of `samples/<index>_<name>/<number>.jpg`; none where that folder is missing."""
    files: list[tuple[int, int, bytes]] = []
    room = MOST_PICTURES_BYTES
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
                        room -= len(data)
                        if room < 0:
                            raise FolderRefused(message("its pictures take more room than a session holds."))
                        files.append((int(index), int(number[1]), data))
    except FileNotFoundError:
        return files
    return files


@contextmanager
def _opened(folder: Path) -> Iterator[UntrustedFolder]:
    """Open `<drive>/teachable/<name>` step by step from the drive's own mount point."""
    exports = folder.parent
    with (
        open_untrusted_folder(exports.parent) as drive,
        drive.folder(exports.name) as inside,
        inside.folder(folder.name) as it,
    ):
        yield it


def _fits(folder: UntrustedFolder, name: str, most_bytes: int) -> bool:
    size_bytes = folder.size_bytes(name)
    return size_bytes is not None and 0 < size_bytes <= most_bytes


# --- what is in them ------------------------------------------------------------------------------------


def _json(folder: UntrustedFolder, name: str) -> dict[str, Any]:
    try:
        facts = json.loads(folder.read(name, LARGEST_TEXT_BYTES))
    except (ValueError, RecursionError) as error:
        raise _damaged(name) from error
    if not isinstance(facts, dict):
        raise _damaged(name)
    return facts


def _labels(facts: dict[str, Any]) -> tuple[str, ...]:
    """Class labels, cleaned for the screen: as many as the kiosk can have, no two alike."""
    labels = facts.get("labels")
    if not isinstance(labels, list) or not MIN_CLASSES <= len(labels) <= MAX_CLASSES:
        raise FolderRefused(message("it does not have {least} to {most} classes.", least=MIN_CLASSES, most=MAX_CLASSES))
    cleaned = tuple(_clean(label) for label in labels)
    if not all(cleaned) or len(set(cleaned)) != len(cleaned):
        raise FolderRefused(message("its classes have no names that can be shown."))
    return cleaned


def _clean(text: object) -> str:
    """A text without what moves the cursor or turns the writing round; empty for what is no text."""
    if not isinstance(text, str):
        return ""
    one_line = " ".join(unicodedata.normalize("NFC", text[: 4 * LONGEST_LABEL]).split())
    shown = "".join(char for char in one_line if char.isprintable() or char in JOINERS)
    return shown[:LONGEST_LABEL].strip()


def _text(facts: dict[str, Any], section: str, name: str) -> str:
    inner = facts.get(section)
    value = inner.get(name) if isinstance(inner, dict) else None
    return value if isinstance(value, str) else ""


def _checked_arrays(said: Any, blobs: list[bytes], classes: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Take the arrays from the answer of the process apart, which is not to be trusted either."""
    samples, feature_dim = said.get("samples"), said.get("feature_dim")
    if not isinstance(samples, int) or not isinstance(feature_dim, int) or len(blobs) < 2:
        raise _damaged("session.npz")
    if not 0 < samples <= MOST_SAMPLES or not feature_dim > 0:
        raise FolderRefused(message("its session does not hold 1 to {most} pictures.", most=MOST_SAMPLES))
    if len(blobs[0]) != samples * feature_dim * 4 or len(blobs[1]) != samples * 8:
        raise _damaged("session.npz")
    indices = np.frombuffer(blobs[1], np.int64)
    if indices.min() < 0 or indices.max() >= classes:
        raise _damaged("session.npz")
    return np.frombuffer(blobs[0], np.float32).reshape(samples, feature_dim), indices


def _damaged(name: str) -> FolderRefused:
    return FolderRefused(message("{file} is damaged, or was not written by a kiosk.", file=name))


def _gone(error: OSError) -> DriveUnreadable:
    if isinstance(error, FileNotFoundError):
        return DriveUnreadable(message("the folder is not whole, or the drive was pulled. Plug it in again."))
    return DriveUnreadable(
        message("the drive cannot be read ({reason}). Plug it in again.", reason=system_error_text(error))
    )
