"""Folders that SAVE wrote to this computer because no drive was plugged in.

Each has a number, by which its visitor asks staff for it; staff copy it to a drive. The oldest make room for new ones.
Only folders with such a number are counted and deleted: whatever else is in the export directory stays, also what
`train` and `hub` wrote there. Which folder is the oldest does not depend on the clock
(`app.importing.find.next_order`).
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.base.erasing import shred_folder
from app.base.error_texts import system_error_text
from app.base.errors import DriveGone, ExportError, ExportFailed, FolderRefused
from app.base.files import free_path, write_durably
from app.base.i18n import message
from app.base.ports import Drive
from app.core import events as ev
from app.importing.content import read_json
from app.importing.untrusted_folder import open_untrusted_folder
from app.jobs.drives import first_writable, pinned_drive
from app.jobs.running import report_failure_as
from app.jobs.tools import Announce, Tools
from app.model.saved_folder.ascii_names import ascii_path, is_name_refused, with_ascii_names
from app.model.saved_folder.drive_paths import refuse_links
from app.model.saved_folder.facts import EXPORT_FOLDER
from app.model.saved_folder.verified_folder import CHECKSUMS, METADATA, listed_sums, with_checksums, write_folder
from tpu.plain_files import read_plain_file

logger = logging.getLogger(__name__)

_NO_ROOM = message("There is too little room on this computer. Plug in a drive and press SAVE again.")
LAST_NUMBER = "last_saved_number.txt"  # in the data directory: a number is never given twice
LARGEST_NUMBER_BYTES = 100


@dataclass(frozen=True)
class SavedHere:
    """A folder that SAVE wrote to this computer.

    Attributes:
        order: The folder with the largest order is the newest.
        number: The visitor asks for it by this number; None if an earlier version wrote it.
        labels: What was taught.
        path: The folder.
    """

    order: int
    number: int | None
    labels: tuple[str, ...]
    path: Path

    @property
    def size_bytes(self) -> int:
        """The size of all its files."""
        return sum(one.lstat().st_size for one in _files(self.path))


def saved_here(exports: Path) -> tuple[SavedHere, ...]:
    """Return the folders that SAVE wrote to `exports`, the oldest first; none if it is missing."""
    return tuple(sorted(_saved_folders(exports), key=lambda one: (one.order, one.path.name)))


def next_number(data_dir: Path, exports: Path) -> int:
    """Return the number of the next folder, larger than every number before, and keep it over a restart."""
    file = data_dir / LAST_NUMBER
    before = [one.number or 0 for one in saved_here(exports)]
    with suppress(OSError, ValueError):
        before.append(int(read_plain_file(file, LARGEST_NUMBER_BYTES)))
    number = max(before, default=0) + 1
    try:
        write_durably(file, str(number).encode())
    except OSError as error:  # the folders themselves still have their numbers
        logger.warning("the number of the saved model is not kept: %s", system_error_text(error))
    return number


def make_room(
    exports: Path,
    *,
    max_bytes: int,
    floor_bytes: int,
    keep: Path | None = None,
    free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
) -> None:
    """Delete the oldest folders that SAVE wrote until the limits hold; none if that would not be enough.

    Args:
        exports: The folder that holds them; it may be missing.
        max_bytes: Their largest size together.
        floor_bytes: What must stay free on the disk.
        keep: This one is never deleted.
        free_bytes: Returns the free space of the disk of a folder.

    Raises:
        ExportFailed: If too little would be free even without them.
    """
    place = next((one for one in (exports, *exports.absolute().parents) if one.is_dir()), exports)
    sizes = {one.path: one.size_bytes for one in saved_here(exports) if one.number is not None}
    total = sum(sizes.values())
    if free_bytes(place) + sum(size for path, size in sizes.items() if path != keep) < floor_bytes:
        if keep is None:
            raise ExportFailed(_NO_ROOM)
        return
    for path, size_bytes in sizes.items():
        if total <= max_bytes and free_bytes(place) >= floor_bytes:
            return
        if path == keep:
            continue
        logger.info("the oldest saved folder %s is deleted to make room", path.name)
        total -= size_bytes
        shred_folder(path)
    if keep is None and free_bytes(place) < floor_bytes:
        raise ExportFailed(_NO_ROOM)


def copy_to_drive(tools: Tools, announce: Announce, number: int) -> None:
    """Copy the saved folder with this number to the first writable drive; announces StaffDone or StaffFailed."""
    with report_failure_as(ev.StaffFailed, announce):
        folders = saved_here(tools.config.export_dir / EXPORT_FOLDER)
        found = next((one for one in folders if one.number == number), None)
        if found is None:
            text = message("Model {number} is not here any more: others needed its room.", number=number)
            announce(ev.StaffFailed(text))
            return
        drive = first_writable(tools.drives)
        if drive is None:
            announce(ev.StaffFailed(message("Plug in a drive first: model {number} is copied to it.", number=number)))
            return
        files = _contents(found)
        with pinned_drive(tools.drives, drive, gone=DriveGone) as root, tools.store.calls:
            try:
                _write(root, drive, found.path.name, files)
            except ExportError as error:
                if not is_name_refused(error):
                    raise
                _write(root, drive, ascii_path(found.path.name), with_ascii_names(files))
        note = tools.drives.release(drive)
        text = message("Model {number} is on {drive}. {note}", number=number, drive=drive.name, note=note)
        announce(ev.StaffDone(text))


def _write(root: Path, drive: Drive, name: str, files: Mapping[str, bytes]) -> None:
    exports = root / EXPORT_FOLDER
    refuse_links(root, exports)
    folder = free_path(exports, name)
    write_folder(folder, files, display_path=drive.path / EXPORT_FOLDER / folder.name)


def _contents(found: SavedHere) -> Mapping[str, bytes]:
    """The files of a saved folder by their names in it, the checksums last.

    Raises:
        ExportFailed: If a file cannot be read, or is not what SAVE wrote.
    """
    try:
        files = {str(one.relative_to(found.path)): one.read_bytes() for one in sorted(_files(found.path))}
    except OSError as error:
        raise ExportFailed(system_error_text(error)) from error
    sums = files.pop(CHECKSUMS, b"")
    contents = with_checksums({name: files[name] for name in listed_sums(sums) if name in files})
    if not sums or contents[CHECKSUMS] != sums:
        text = message("Model {number} was damaged on this computer, so it is not copied.", number=found.number)
        raise ExportFailed(text)
    return contents


def _saved_folders(exports: Path) -> Iterator[SavedHere]:
    with suppress(OSError), open_untrusted_folder(exports) as place:
        for path in exports.iterdir():
            with suppress(OSError, FolderRefused), place.folder(path.name) as folder:
                facts = read_json(folder, METADATA)
                if (order := _whole(facts.get("order"))) is not None:
                    labels = facts.get("labels")
                    named = tuple(map(str, labels)) if isinstance(labels, list) else ()
                    yield SavedHere(order, _whole(facts.get("number")), named, path)


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _files(folder: Path) -> list[Path]:
    return [one for one in folder.rglob("*") if one.is_file() and not one.is_symlink()]
