"""Errors of writing a folder: each says what failed and what to do next, on a drive or on this computer."""

from __future__ import annotations

import errno
from pathlib import Path

from app.base.error_texts import system_error_text
from app.base.errors import ExportFailed
from app.base.i18n import message

PULLED = message("The drive was pulled: plug it in again, then save again.")
FULL_DRIVE = message("The drive is full: use one with more room, then save again.")
FULL_DISK = message("Make room on the disk, then save again.")
ANOTHER_PLACE = message("Choose another place and save again.")
NEXT_STEP_DRIVE = {
    errno.ENOSPC: FULL_DRIVE,
    errno.EDQUOT: FULL_DRIVE,
    errno.EFBIG: message("The drive takes no file of this size: use another one, then save again."),
    errno.EROFS: message("The drive is write-protected: use another one, then save again."),
    errno.EACCES: message("This user may not write there: use another drive, then save again."),
    errno.EIO: message("The drive was pulled or is broken: plug it in again, then save again."),
    errno.ENODEV: PULLED,
    errno.ENOENT: PULLED,
}
NEXT_STEP_HERE = {errno.ENOSPC: FULL_DISK, errno.EDQUOT: FULL_DISK}


def write_failed(error: OSError, place: Path, *, on_drive: bool) -> ExportFailed:
    """Return the error for a folder that the system refused to write.

    Args:
        error: The system's error.
        place: The folder above, as the person knows it.
        on_drive: Whether it is on a removable drive.
    """
    next_steps = NEXT_STEP_DRIVE if on_drive else NEXT_STEP_HERE
    return ExportFailed(
        message(
            "the model could not be saved to {place}: {reason}. {step}",
            place=place,
            reason=system_error_text(error),
            step=next_steps.get(error.errno or 0, ANOTHER_PLACE),
        )
    )


def no_room(needed_bytes: int, free_bytes: int, place: Path, *, on_drive: bool) -> ExportFailed:
    """Return the error for a folder that is larger than the free space; arguments as for `write_failed`."""
    return ExportFailed(
        message(
            "the model could not be saved to {place}: it needs {needed} MB and only {free} MB are free. {step}",
            place=place,
            needed=f"{needed_bytes / 1e6:.1f}",
            free=f"{free_bytes / 1e6:.1f}",
            step=FULL_DRIVE if on_drive else FULL_DISK,
        )
    )
