"""Drive worker: says which removable drives there are, whenever that changes, and what was found on a new one."""

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
FREE_STEP_BYTES = 1 << 20  # smaller changes of the free space are not told


def watch_drives(
    drives: Drives, announce: Callable[[Event], None], *, stop: StopSignal, poll_s: float = POLL_S
) -> None:
    """Look again and again until `stop`; nothing is announced while nothing changes."""
    known = DrivesChanged()
    while not stop.is_set():
        try:
            now = _seen(drives)
        except Exception:
            logger.exception("the drives cannot be listed")  # no reason to stop a kiosk
        else:
            if now != known:
                announce(now)
            before, known = {one.identity for one in known.drives}, now
            for drive in now.drives:
                if drive.identity not in before and (found := find_folder(drive.path)) is not None:
                    announce(FolderFound(drive.name, found.path, found.labels, found.has_session, found.has_model))
        stop.wait(poll_s)


def _seen(drives: Drives) -> DrivesChanged:
    return DrivesChanged(tuple(_coarse(drive) for drive in drives.present()), drives.unmounted())


def _coarse(drive: Drive) -> Drive:
    return replace(drive, free_bytes=drive.free_bytes // FREE_STEP_BYTES * FREE_STEP_BYTES)
