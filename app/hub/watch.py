"""Wait for new folders of stations, and say when enough is new for another round.

A folder counts as soon as its files have not changed between two looks, so that one that is still being copied is left
alone. If a folder was changed or deleted, everything is collected again, so that nothing of it stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from app.hub.folders import NEEDED, FoundStationFolder
from app.model.saved_folder.verified_folder import CHECKSUMS

Stamp = tuple[tuple[int, int], ...]


class Watch:
    """Remembers which folders were collected.

    Args:
        find: Lists the folders.
    """

    def __init__(self, find: Callable[[], Sequence[FoundStationFolder]]) -> None:
        self._find = find
        self._seen: dict[str, Stamp] = {}
        self._collected: dict[str, Stamp] = {}

    def look(self) -> tuple[list[FoundStationFolder], bool]:
        """Look once.

        Returns:
            The folders to collect, and whether what was collected before must be forgotten first.
        """
        found = {one.path: one for one in self._find()}
        stamps = {path: _stamp(Path(path)) for path in found}
        still = {path for path, stamp in stamps.items() if self._seen.get(path) == stamp}
        self._seen = stamps
        gone = any(
            path not in stamps or (path in still and stamps[path] != stamp) for path, stamp in self._collected.items()
        )
        if gone:
            self._collected = {}
        new = [one for path, one in found.items() if path in still and path not in self._collected]
        self._collected |= {one.path: stamps[one.path] for one in new}
        return new, gone


def _stamp(folder: Path) -> Stamp:
    """Return time and size of the files that decide whether a folder is whole; a missing one counts as (0, 0)."""
    found = []
    for name in (CHECKSUMS, *NEEDED):
        stamp = (0, 0)
        with suppress(OSError):
            status = (folder / name).lstat()
            stamp = (status.st_mtime_ns, status.st_size)
        found.append(stamp)
    return tuple(found)
