"""Collect what many stations taught: classes merged by name, duplicates dropped, arrays on the disk.

Only what is small stays in memory, such as the label of each sample. Embeddings and pictures are files in a scratch
folder, so that the memory does not grow with the number of stations.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from app.base.errors import HubRefused
from app.hub.folders import ReadFolder, RefusedFolder
from app.hub.names import NameMap
from learning.dataset import MIN_CLASSES, MIN_SHOTS
from learning.layers import FloatArray, IntArray

KEY_BYTES = 16


@dataclass(frozen=True, eq=False)
class StoredFolder:
    """The samples of a folder that are used.

    Attributes:
        name, station, saved_at_s: As in `ReadFolder`.
        keys: `NameMap.key` of each sample.
        holds: int64 (N,), 0 or more, unique within the folder.
        embeddings_file, made_file: `.npy` files.
        made_source: The row of the sample of each made view, int64 (M,).
        pictures_file: The pictures, one behind the other; None if there are none.
        picture_ends: Where each picture ends, int64 (N,).
    """

    name: str
    station: str
    saved_at_s: int
    keys: tuple[str, ...]
    holds: IntArray
    embeddings_file: Path
    made_file: Path
    made_source: IntArray
    pictures_file: Path | None
    picture_ends: IntArray

    def embeddings(self) -> FloatArray:
        """Read the embeddings, float32 (N, D)."""
        found: FloatArray = np.load(self.embeddings_file, allow_pickle=False)
        return found

    def made(self) -> FloatArray:
        """Read the embeddings of the made views, float32 (M, D)."""
        found: FloatArray = np.load(self.made_file, allow_pickle=False)
        return found

    def picture(self, row: int) -> bytes:
        """Read the JPEG of a sample; empty if it has none."""
        start, end = self._picture_range(row)
        if self.pictures_file is None or start == end:
            return b""
        with self.pictures_file.open("rb") as file:
            file.seek(start)
            return file.read(end - start)

    def has_picture(self, row: int) -> bool:
        """Whether a sample has a picture."""
        start, end = self._picture_range(row)
        return start < end

    def _picture_range(self, row: int) -> tuple[int, int]:
        return int(self.picture_ends[row - 1]) if row else 0, int(self.picture_ends[row])


@dataclass
class StationFacts:
    """What a station contributed.

    Attributes:
        folders, refused: Numbers of folders that were used, and that were refused.
        samples, duplicates, left_out: Numbers of samples: used, dropped because an earlier one is the same, and of
            classes that the mapping file leaves out.
        embedded_again: Number of samples that were embedded again.
        classes: Number of samples by class label.
    """

    folders: int = 0
    refused: int = 0
    samples: int = 0
    duplicates: int = 0
    left_out: int = 0
    embedded_again: int = 0
    classes: dict[str, int] = field(default_factory=dict)


class Fleet:
    """Everything that was collected so far.

    Args:
        scratch: An empty folder for arrays and pictures.
        names: Merges class names.

    Attributes:
        folders: Those with samples, in the order in which they were added.
        refused: Those that are left out.
        stations: By name, in the order in which they were added.
    """

    def __init__(self, scratch: Path, names: NameMap) -> None:
        self._scratch, self._names = scratch, names
        self.folders: list[StoredFolder] = []
        self.refused: list[RefusedFolder] = []
        self.stations: dict[str, StationFacts] = {}
        self._seen: set[bytes] = set()
        self._counts: Counter[str] = Counter()

    def add(self, folder: ReadFolder | RefusedFolder) -> None:
        """Add what was read of a folder."""
        if isinstance(folder, RefusedFolder):
            self.refused.append(folder)
            self.stations.setdefault(folder.station, StationFacts()).refused += 1
            return
        facts = self.stations.setdefault(folder.station, StationFacts())
        facts.folders += 1
        keys = [self._names.key(folder.labels[index]) for index in folder.label_indices.tolist()]
        kept = []
        for row, key in enumerate(keys):
            if not key:
                facts.left_out += 1
            elif self._is_new(folder.embeddings[row], key):
                kept.append(row)
            else:
                facts.duplicates += 1
        for index, label in enumerate(folder.labels):
            own = sum(int(folder.label_indices[row]) == index for row in kept)
            if own:
                self._names.count(label, own)
        self._counts.update(keys[row] for row in kept)
        facts.samples += len(kept)
        facts.embedded_again += len(kept) if folder.embedded_again else 0
        if kept:
            self.folders.append(self._stored(folder, keys, np.array(kept, np.int64)))

    def withdraw(self, refused: RefusedFolder) -> None:
        """Take back that a folder was refused, because it has changed."""
        self.refused.remove(refused)
        facts = self.stations[refused.station]
        facts.refused -= 1
        if not facts.refused and not facts.folders:
            del self.stations[refused.station]

    def finish(self) -> tuple[str, ...]:
        """Name the classes; those with too few samples for a training are left out.

        Returns:
            `NameMap.key` of each class, in the order of their names.

        Raises:
            HubRefused: If fewer than two classes are left.
        """
        keys = [key for key, count in self._counts.items() if count >= MIN_SHOTS]
        if len(keys) < MIN_CLASSES:
            raise HubRefused(
                f"{len(self.folders)} folders can be used, and they have {len(keys)} classes with {MIN_SHOTS} samples. "
                f"Add folders until there are {MIN_CLASSES} classes."
            )
        shown = {key: self._names.shown(key) for key in keys}
        for facts in self.stations.values():
            facts.classes = {}
        for folder in self.folders:
            classes = self.stations[folder.station].classes
            for key in folder.keys:
                if key in shown:
                    classes[shown[key]] = classes.get(shown[key], 0) + 1
        return tuple(sorted(keys, key=lambda key: (shown[key].casefold(), key)))

    @property
    def samples(self) -> int:
        """Number of samples, those of classes with too few of them included."""
        return sum(self._counts.values())

    def _is_new(self, embedding: FloatArray, key: str) -> bool:
        digest = hashlib.blake2b(embedding.tobytes() + key.encode(), digest_size=KEY_BYTES).digest()
        if digest in self._seen:
            return False
        self._seen.add(digest)
        return True

    def _stored(self, folder: ReadFolder, keys: Sequence[str], kept: IntArray) -> StoredFolder:
        stem = self._scratch / f"{len(self.folders):06d}"
        new_row = np.full(len(keys), -1, np.int64)
        new_row[kept] = np.arange(len(kept))
        made, source = folder.made
        own = new_row[source] >= 0
        np.save(stem.with_suffix(".npy"), folder.embeddings[kept])
        np.save(stem.with_suffix(".made.npy"), made[own])
        pictures = [folder.pictures[row] for row in kept.tolist()]
        if any(pictures):
            stem.with_suffix(".pictures").write_bytes(b"".join(pictures))
        return StoredFolder(
            name=folder.name,
            station=folder.station,
            saved_at_s=folder.saved_at_s,
            keys=tuple(keys[row] for row in kept.tolist()),
            holds=_known_holds(folder.holds, folder.label_indices)[kept],
            embeddings_file=stem.with_suffix(".npy"),
            made_file=stem.with_suffix(".made.npy"),
            made_source=new_row[source[own]],
            pictures_file=stem.with_suffix(".pictures") if any(pictures) else None,
            picture_ends=np.cumsum([len(one) for one in pictures], dtype=np.int64),
        )


def _known_holds(holds: IntArray, label_indices: IntArray) -> IntArray:
    """Give samples with an unknown hold one hold for each class: they may all show the same."""
    first = int(holds.max()) + 1
    return np.where(holds < 0, first + label_indices, holds)


@dataclass(frozen=True, eq=False)
class StationSamples:
    """The samples of one station, read from the scratch folder.

    Attributes:
        embeddings: float32 (N, D).
        label_indices: int64 (N,), the classes of the model.
        holds: int64 (N,): samples that look alike because they were taken together share one.
        made: Embeddings of made views, float32 (M, D).
        made_source: The row in `embeddings` of the sample of each view, int64 (M,).
        places: The folder and the row in it of each sample.
    """

    embeddings: FloatArray
    label_indices: IntArray
    holds: IntArray
    made: FloatArray
    made_source: IntArray
    places: tuple[tuple[StoredFolder, int], ...]


def stations_of(folders: Iterable[StoredFolder]) -> dict[str, list[StoredFolder]]:
    """Return the folders by station, sorted by its name."""
    found: dict[str, list[StoredFolder]] = {}
    for folder in folders:
        found.setdefault(folder.station, []).append(folder)
    return dict(sorted(found.items()))


def samples_by_station(
    stations: Mapping[str, Sequence[StoredFolder]], keys: Sequence[str]
) -> Iterator[tuple[str, StationSamples]]:
    """Read one station after the other; samples of classes that are not among `keys` are left out."""
    index_of = {key: index for index, key in enumerate(keys)}
    for station, folders in stations.items():
        parts: list[tuple[FloatArray, IntArray, IntArray, FloatArray, IntArray]] = []
        places: list[tuple[StoredFolder, int]] = []
        next_hold = 0
        for folder in folders:
            y = np.array([index_of.get(key, -1) for key in folder.keys], np.int64)
            used = np.flatnonzero(y >= 0)
            new_row = np.full(len(y), -1, np.int64)
            new_row[used] = np.arange(len(used)) + len(places)
            own = new_row[folder.made_source] >= 0
            parts.append(
                (
                    folder.embeddings()[used],
                    y[used],
                    folder.holds[used] + next_hold,
                    folder.made()[own],
                    new_row[folder.made_source[own]],
                )
            )
            next_hold += int(folder.holds.max(initial=-1)) + 1
            places += [(folder, row) for row in used.tolist()]
        x, y, holds, made, source = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        if len(x):
            yield station, StationSamples(x, y, holds, made, source, tuple(places))
