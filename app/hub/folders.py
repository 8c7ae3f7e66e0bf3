"""Find the saved folders of stations below a folder, and read them: they are strangers' files.

`DIR/<station>/…/<saved folder>` belongs to that station, and `DIR/<saved folder>` is a station of its own. Links are
not followed.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from app.base.errors import FolderRefused, HubRefused, UntrustedFolderError
from app.importing.content import LARGEST_MODEL_BYTES, LARGEST_SESSION_BYTES, read_json
from app.importing.find import DATED_NAME
from app.importing.read_session import read_session
from app.importing.untrusted_folder import UntrustedFolder, open_untrusted_folder
from app.model.saved_folder.verified_folder import CHECKSUMS, METADATA
from learning.layers import FloatArray, IntArray
from tpu.extractor import EmbeddingExtractor
from tpu.tensors import ImageArray

logger = logging.getLogger(__name__)

DEEPEST = 4  # folders between DIR and a saved folder, it included
MOST_FOLDERS = 100_000  # that are read
MOST_STEPS = 3  # samples/0_cup/001.jpg
LARGEST_CHECKSUMS_BYTES = 4 << 20
LISTED = re.compile(r"([0-9a-f]{64}) [ *](.+)")
NEEDED = ("session.npz", "session.json")
LARGEST_LISTED_BYTES = max(LARGEST_MODEL_BYTES, LARGEST_SESSION_BYTES)


@dataclass(frozen=True)
class FoundStationFolder:
    """A folder with a session, or with a part of one.

    Attributes:
        path: Its absolute path.
        name: Its path below DIR, for people.
        station: Whose it is.
    """

    path: str
    name: str
    station: str


@dataclass(frozen=True)
class RefusedFolder:
    """A folder that is left out, and why."""

    name: str
    station: str
    reason: str


@dataclass(frozen=True, eq=False)
class ReadFolder:
    """The session in a folder, embedded by the extractor of the hub.

    Attributes:
        name, station: As in `FoundStationFolder`.
        labels: Class labels of the folder.
        embeddings: float32 (N, D).
        label_indices: int64 (N,).
        holds: int64 (N,); -1 where the hold is unknown.
        pictures: JPEG of each sample; empty where the folder has none.
        made: Embeddings of made views, float32 (M, D), and the row of the sample of each, int64 (M,).
        saved_at_s: When it was saved, Unix time; 0 if that is unknown.
        embedded_again: Whether another extractor had made the embeddings.
    """

    name: str
    station: str
    labels: tuple[str, ...]
    embeddings: FloatArray
    label_indices: IntArray
    holds: IntArray
    pictures: tuple[bytes, ...]
    made: tuple[FloatArray, IntArray]
    saved_at_s: int
    embedded_again: bool


def find_folders(root: Path) -> list[FoundStationFolder]:
    """Return the folders of all stations, sorted by name.

    Raises:
        HubRefused: If `root` cannot be read.
    """
    try:
        found = list(islice(_below(root.absolute(), ()), MOST_FOLDERS))
    except OSError as error:
        raise HubRefused(
            f"cannot read {root}: {error.strerror}. Name a folder with the folders of stations."
        ) from error
    if len(found) == MOST_FOLDERS:
        logger.warning("the search for folders ends with the first %d", MOST_FOLDERS)
    return [
        FoundStationFolder(str(root.absolute().joinpath(*parts)), shown("/".join(parts)), shown(parts[0]))
        for parts in found
    ]


def shown(name: str) -> str:
    """Return a name of a file as text that can be written: bytes that are not UTF-8 become question marks."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _below(folder: Path, parts: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield where saved folders are below a folder, as the names on the way, in order."""
    inner = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if parts and entry.name in NEEDED:
                yield parts
                return
            hidden = entry.name.startswith(".") or entry.name.endswith((".partial", ".replaced"))
            if not hidden and entry.is_dir(follow_symlinks=False):
                inner.append(entry.name)
    if len(parts) < DEEPEST:
        for name in sorted(inner):
            with suppress(OSError):  # a folder that this user may not open
                yield from _below(folder / name, (*parts, name))


def read_folder(found: FoundStationFolder, extractor: EmbeddingExtractor) -> ReadFolder | RefusedFolder:
    """Check the checksums of a folder and read its session; a folder that breaks a rule is refused, never an error.

    Args:
        found: The folder.
        extractor: Embeds the pictures of a session that another extractor has embedded. Any thread may use it.
    """
    path = Path(found.path)
    embedded: list[int] = []

    def embed(picture: ImageArray) -> FloatArray:
        embedded.append(1)
        return extractor.embed(picture)

    try:
        with open_untrusted_folder(path) as folder:
            _check_sums(folder)
            saved_at_s = _saved_at_s(folder, path.name)
        session = read_session(
            path,
            extractor_name=extractor.name,
            extractor_sha256=extractor.origin_sha256,
            feature_dim=extractor.feature_dim,
            embed=embed,
        )
    except UntrustedFolderError as error:
        return RefusedFolder(found.name, found.station, str(error))
    except OSError as error:
        reason = f"it cannot be read: {error.strerror or type(error).__name__}."
        return RefusedFolder(found.name, found.station, reason)
    return ReadFolder(
        name=found.name,
        station=found.station,
        labels=session.labels,
        embeddings=session.embeddings(),
        label_indices=session.label_indices(),
        holds=session.holds(),
        pictures=tuple(one.picture for one in session.samples),
        made=session.made(),
        saved_at_s=saved_at_s,
        embedded_again=bool(embedded),
    )


def _check_sums(folder: UntrustedFolder) -> None:
    """Compare the session and its pictures with SHA256SUMS: copies over a network or from a stick can be cut off.

    Raises:
        FolderRefused: If a file differs or is missing.
        OSError: If a file cannot be read.
    """
    try:
        lines = folder.read(CHECKSUMS, LARGEST_CHECKSUMS_BYTES).decode("utf-8", "replace").splitlines()
    except FileNotFoundError as error:
        raise FolderRefused(f"it has no {CHECKSUMS}, so it may not be whole. Copy the whole folder again.") from error
    sums = {listed[2]: listed[1] for listed in map(LISTED.fullmatch, lines) if listed is not None}
    for name in NEEDED:
        if name not in sums:
            raise FolderRefused(f"{CHECKSUMS} does not list {name}. Copy the whole folder again.")
    for name, expected in sums.items():
        if name in NEEDED or name.startswith("samples/"):
            steps = name.split("/")
            if len(steps) > MOST_STEPS:
                raise FolderRefused(f"{CHECKSUMS} lists a file that is too deep. Copy the whole folder again.")
            try:
                data = _read(folder, steps)
            except FileNotFoundError as error:
                raise FolderRefused(f"{name} is missing. Copy the whole folder again.") from error
            if hashlib.sha256(data).hexdigest() != expected:
                raise FolderRefused(f"{name} differs from {CHECKSUMS}. Copy the whole folder again.")


def _read(folder: UntrustedFolder, steps: list[str]) -> bytes:
    if len(steps) == 1:
        return folder.read(steps[0], LARGEST_LISTED_BYTES)
    with folder.folder(steps[0]) as inner:
        return _read(inner, steps[1:])


def _saved_at_s(folder: UntrustedFolder, name: str) -> int:
    """Return the time in the name of a folder that SAVE wrote, else the order in its metadata, which is a time, too."""
    if dated := DATED_NAME.fullmatch(name):
        with suppress(ValueError, OverflowError):
            return int(datetime.strptime(dated[1], "%Y-%m-%d_%H%M").timestamp())
    with suppress(FolderRefused, OSError):
        order = read_json(folder, METADATA).get("order")
        if isinstance(order, int) and not isinstance(order, bool) and 0 < order < 1 << 33:
            return order
    return 0
