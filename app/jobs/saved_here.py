"""Folders that SAVE wrote to this computer because no drive was plugged in: the oldest make room for new ones.

Only folders with the order that SAVE stores in them are counted and deleted; whatever else is in the export directory
stays. Which folder is the oldest does not depend on the clock (`app.importing.find.next_order`).
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from app.base.erasing import shred_folder
from app.base.errors import ExportFailed, FolderRefused
from app.base.i18n import message
from app.importing.content import read_json
from app.importing.untrusted_folder import open_untrusted_folder

logger = logging.getLogger(__name__)


def make_room(
    exports: Path,
    *,
    max_bytes: int,
    floor_bytes: int,
    keep: Path | None = None,
    free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
) -> None:
    """Delete the oldest saved folders until the limits hold.

    Args:
        exports: The folder that holds them; it may be missing.
        max_bytes: Their largest size together.
        floor_bytes: What must stay free on the disk.
        keep: This one is never deleted.
        free_bytes: Returns the free space of the disk of a folder.

    Raises:
        ExportFailed: If too little is free even without them.
    """
    place = next((one for one in (exports, *exports.absolute().parents) if one.is_dir()), exports)
    folders = sorted(_saved_folders(exports))
    sizes = {path: _size_bytes(path) for _, path in folders}
    total = sum(sizes.values())
    for _, path in folders:
        if total <= max_bytes and free_bytes(place) >= floor_bytes:
            return
        if path == keep:
            continue
        logger.info("the oldest saved folder %s is deleted to make room", path.name)
        total -= sizes[path]
        shred_folder(path)
    if keep is None and free_bytes(place) < floor_bytes:
        raise ExportFailed(message("There is too little room on this computer. Plug in a drive and press SAVE again."))


def _saved_folders(exports: Path) -> Iterator[tuple[int, Path]]:
    """Yield the order and the path of each folder that SAVE wrote."""
    with suppress(OSError), open_untrusted_folder(exports) as place:
        for path in exports.iterdir():
            with suppress(OSError, FolderRefused), place.folder(path.name) as folder:
                order = read_json(folder, "metadata.json").get("order")
                if isinstance(order, int) and not isinstance(order, bool):
                    yield order, path


def _size_bytes(folder: Path) -> int:
    return sum(one.lstat().st_size for one in folder.rglob("*") if one.is_file() and not one.is_symlink())
