"""Wait for new folders of stations, and say which to read, and which of those that were refused stay refused.

A folder is read when its files have not changed between two looks. A copy can be slower than that, so a folder that was
refused waits: when it changes, it is read again, and only one that has stayed the same for STEADY_LOOKS is left out.
Even then a change makes it be read again. If a folder that is used was changed or deleted, everything is collected
again, so that nothing of it stays.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.hub.folders import MOST_STEPS, NEEDED, FoundStationFolder, RefusedFolder
from app.model.saved_folder.verified_folder import CHECKSUMS

Stamp = tuple[tuple[str, int, int], ...]

STEADY_LOOKS = 10  # five minutes with the default of --every
PICTURES = "samples"
MOST_STAMPED = 20_000  # files of a folder


@dataclass(frozen=True)
class Look:
    """What one look found.

    Attributes:
        forget: Whether what was collected before must be forgotten first.
        ready: The folders to read.
        again: Those that were left out and have changed, or are gone.
        left_out: Those that were refused and have not changed since.
    """

    forget: bool = False
    ready: Sequence[FoundStationFolder] = ()
    again: Sequence[RefusedFolder] = ()
    left_out: Sequence[RefusedFolder] = ()


@dataclass
class _Refused:
    """A folder that was refused: what it was then, and for how many looks it has stayed the same."""

    folder: RefusedFolder
    stamp: Stamp
    looks: int = 0


class Watch:
    """Remembers which folders were read.

    Args:
        find: Lists the folders.
        steady_looks: Number of looks until a folder that was refused is left out.
    """

    def __init__(self, find: Callable[[], Sequence[FoundStationFolder]], steady_looks: int = STEADY_LOOKS) -> None:
        self._find, self._steady_looks = find, steady_looks
        self._seen: dict[str, Stamp] = {}
        self._read: dict[str, Stamp] = {}
        self._refused: dict[str, _Refused] = {}

    def look(self) -> Look:
        """Look once.

        Raises:
            HubRefused: If the folders cannot be listed.
        """
        found = {one.path: one for one in self._find()}
        stamps = {path: _stamp(Path(path)) for path in found}
        still = {path for path, stamp in stamps.items() if self._seen.get(path) == stamp}
        self._seen = stamps
        forget = any(
            path not in stamps or (path in still and stamps[path] != stamp) for path, stamp in self._read.items()
        )
        if forget:
            self._read = {}
        again, left_out = [], []
        for path, refused in list(self._refused.items()):
            if stamps.get(path) != refused.stamp:
                del self._refused[path]
                if refused.looks >= self._steady_looks and not forget:
                    again.append(refused.folder)
                continue
            refused.looks += 1
            if refused.looks == self._steady_looks or (forget and refused.looks > self._steady_looks):
                left_out.append(refused.folder)
        waiting = self._read.keys() | self._refused.keys()
        ready = [one for path, one in found.items() if path in still and path not in waiting]
        self._read |= {one.path: stamps[one.path] for one in ready}
        return Look(forget, ready, again, left_out)

    def refuse(self, ready: FoundStationFolder, refused: RefusedFolder) -> None:
        """Note that a folder of the last look was refused."""
        self._refused[ready.path] = _Refused(refused, self._read.pop(ready.path))


def _stamp(folder: Path) -> Stamp:
    """Return name, time and size of the files that decide whether a folder is whole; a missing one is not in it."""
    found: list[tuple[str, int, int]] = []
    for name in (CHECKSUMS, *NEEDED):
        with suppress(OSError):
            status = (folder / name).lstat()
            found.append((name, status.st_mtime_ns, status.st_size))
    if not (folder / PICTURES).is_symlink():
        _stamp_below(folder / PICTURES, MOST_STEPS - 1, found)
    return tuple(found)


def _stamp_below(folder: Path, deep: int, found: list[tuple[str, int, int]]) -> None:
    """Add the files of a folder of pictures, and of those in it; links are not followed."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            if len(found) >= MOST_STAMPED:
                return
            if deep > 1 and entry.is_dir(follow_symlinks=False):
                _stamp_below(folder / entry.name, deep - 1, found)
            else:
                status = entry.stat(follow_symlinks=False)
                found.append((f"{folder.name}/{entry.name}", status.st_mtime_ns, status.st_size))
