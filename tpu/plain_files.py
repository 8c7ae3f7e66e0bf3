"""Read plain files of bounded size: opening a pipe or a device could block for ever or have effects."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

NOT_PLAIN = "it is not a plain file"
TOO_LARGE = "it is larger than {size} MB"


def read_plain_file(path: Path, most_bytes: int) -> bytes:
    """Read a plain file, or the plain file that a link names.

    Args:
        path: The file.
        most_bytes: Larger files are refused before they are read.

    Raises:
        OSError: If it is missing, cannot be read, is no plain file (`strerror` is NOT_PLAIN) or too large (TOO_LARGE).
        ValueError: If the path contains a null character.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        found = os.fstat(descriptor)
        if stat.S_ISDIR(found.st_mode):
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, NOT_PLAIN, str(path))
        if found.st_size > most_bytes:
            raise OSError(errno.EFBIG, TOO_LARGE.format(size=most_bytes >> 20), str(path))
        with os.fdopen(os.dup(descriptor), "rb") as file:
            data = file.read(most_bytes + 1)
    finally:
        os.close(descriptor)
    if len(data) > most_bytes:  # it grew, or its size is not known before, as in /proc
        raise OSError(errno.EFBIG, TOO_LARGE.format(size=most_bytes >> 20), str(path))
    return data
