"""Erase files in place: overwrite their bytes where they are on the medium, and only then delete them.

Deleting a file frees its blocks and leaves their content. Overwriting needs no free space, so it also works on a full
disk. It reaches the old blocks on file systems that write in place: ext4, FAT, exFAT. It does not on those that write
elsewhere (btrfs, f2fs), nor in the spare blocks of an SD card or SSD.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from app.base.files import is_no_plain_file
from app.base.workers import give_sign_of_life

CHUNK_BYTES = 1 << 20


def overwrite(path: Path) -> None:
    """Replace every byte of a file by zero, in place and durably; one that is missing or no plain file is no error.

    Raises:
        OSError: If the disk fails or cannot be written; the call can be repeated.
    """
    if is_no_plain_file(path):  # it holds nothing of ours, and opening a pipe would block for ever
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    try:
        overwrite_open(descriptor)
    finally:
        os.close(descriptor)


def overwrite_open(descriptor: int, first: int = 0) -> None:
    """Replace the bytes of an open file by zero, from the offset `first` to its end, in place and durably.

    Raises:
        OSError: If the disk fails or cannot be written.
    """
    end, zeros = os.fstat(descriptor).st_size, bytes(CHUNK_BYTES)
    while first < end:
        give_sign_of_life()
        first += os.pwrite(descriptor, zeros[: end - first], first)
    os.fsync(descriptor)


def shred(path: Path) -> None:
    """Overwrite a file, then delete it; a missing file is no error.

    A pipe, link or device is only deleted, and a folder stays.

    Raises:
        OSError: If the disk fails or cannot be written; the call can be repeated.
    """
    if is_no_plain_file(path) and path.is_dir() and not path.is_symlink():
        return
    overwrite(path)
    path.unlink(missing_ok=True)


def shred_folder(folder: Path) -> None:
    """Overwrite every file in a folder, then delete the folder, as far as the disk allows; a missing one is no error.

    Links are deleted; what they point to stays. A folder that is a link stays, too.
    """
    if folder.is_symlink():
        return
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                shred(Path(parent, name))
    shutil.rmtree(folder, ignore_errors=True)
