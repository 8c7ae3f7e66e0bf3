"""Read many folders at a time: in threads of this process, or on the workers of a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Protocol

from app.base.ahead import work_ahead
from app.embedding.cluster import ClusterEmbedder, ExtractorFile, opened_extractor
from app.hub.folders import FoundStationFolder, ReadFolder, RefusedFolder, read_folder
from tpu.extractor import EmbeddingExtractor

AHEAD = 2  # folders for each thread that are read before they are needed


class Reader(Protocol):
    """Reads folders."""

    def folders(self, found: Sequence[FoundStationFolder]) -> Iterator[ReadFolder | RefusedFolder]:
        """Read folders; the results have the order of `found`."""


class HereReader:
    """Reads folders in this process. The work is done by the guarded children, one for each folder.

    Args:
        extractor: Embeds pictures again where another extractor has embedded them.
        threads: Number of folders that are read at a time.
    """

    def __init__(self, extractor: EmbeddingExtractor, threads: int | None = None) -> None:
        self._extractor, self._threads = extractor, threads or os.cpu_count() or 1

    def folders(self, found: Sequence[FoundStationFolder]) -> Iterator[ReadFolder | RefusedFolder]:
        """Read folders, some at a time."""
        return work_ahead(lambda one: read_folder(one, self._extractor), found, self._threads, AHEAD)


class ClusterReader:
    """Reads folders on the workers of a cluster, which see the same files at the same paths."""

    def __init__(self, embedder: ClusterEmbedder) -> None:
        self._embedder = embedder

    def folders(self, found: Sequence[FoundStationFolder]) -> Iterator[ReadFolder | RefusedFolder]:
        """Read folders; one that crashes the worker that reads it is refused."""
        return self._embedder.each(read_batch, found, 1, crashing)


def read_batch(extractor: ExtractorFile, batch: Sequence[FoundStationFolder]) -> list[ReadFolder | RefusedFolder]:
    """Read folders, on a worker."""
    opened = opened_extractor(extractor)
    return [read_folder(one, opened) for one in batch]


def crashing(found: FoundStationFolder) -> RefusedFolder:
    """Return the refusal of a folder that ended every worker that read it."""
    return RefusedFolder(found.name, found.station, "it crashes the program that reads it.")
