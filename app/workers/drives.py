"""The drive worker: announces changes of the removable drives, and saved folders on a drive that was plugged in."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from app.base.ports import Drive, Drives
from app.base.workers import StopSignal
from app.core.events import DrivesChanged, Event, FolderFound
from app.importing.find import find_folder

logger = logging.getLogger(__name__)

POLL_S = 1.0
FREE_STEP_BYTES = 1 << 20  # smaller changes of the free room are not announced


def watch_drives(
    drives: Drives, announce: Callable[[Event], None], *, stop: StopSignal, poll_s: float = POLL_S
) -> None:
    """List the drives every `poll_s` seconds until `stop` is set.

    Args:
        drives: Lists the drives.
        announce: Receives DrivesChanged whenever a drive or its free room changes, and FolderFound for a new drive.
        stop: Ends the loop.
        poll_s: Seconds between two readings.
    """
    before = DrivesChanged()
    while not stop.is_set():
        try:
            now = _list(drives)
        except Exception:
            logger.exception("the drives cannot be listed")  # the kiosk works without drives
        else:
            if now != before:
                announce(now)
            _announce_folders(_new_drives(before, now), announce)
            before = now
        stop.wait(poll_s)


def _list(drives: Drives) -> DrivesChanged:
    return DrivesChanged(tuple(_rounded(drive) for drive in drives.present()), drives.unmounted())


def _rounded(drive: Drive) -> Drive:
    return replace(drive, free_bytes=drive.free_bytes // FREE_STEP_BYTES * FREE_STEP_BYTES)


def _new_drives(before: DrivesChanged, now: DrivesChanged) -> list[Drive]:
    known = {drive.identity for drive in before.drives}
    return [drive for drive in now.drives if drive.identity not in known]


def _announce_folders(drives: list[Drive], announce: Callable[[Event], None]) -> None:
    for drive in drives:
        if (found := find_folder(drive.path)) is not None:
            announce(FolderFound(drive.name, found.path, found.labels, found.has_session, found.has_model))
