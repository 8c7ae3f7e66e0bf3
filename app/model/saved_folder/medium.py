"""Read a file as the medium holds it, not as the page cache of the kernel remembers it."""

from __future__ import annotations

import hashlib
import mmap
import os
from contextlib import suppress
from pathlib import Path

READ_BYTES = 1 << 20
BLOCK_BYTES = 4096  # direct reads start at multiples of this


def drop_cached_pages(device: str) -> None:
    """Ask the kernel to drop its cached pages of a block device, if this user may.

    FUSE file systems read the device through these pages, which could hide a loss on the medium.

    Args:
        device: Such as "/dev/sda1".
    """
    with suppress(OSError):
        descriptor = os.open(device, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def sha256_on_medium(path: Path) -> str:
    """Hash a file with a direct read, or after asking the kernel to drop its pages if direct reads are not supported.

    Returns:
        The SHA-256 as hexadecimal digits.

    Raises:
        OSError: If the file cannot be read.

    Source:
        open(2), O_DIRECT; posix_fadvise(2).
    """
    with suppress(OSError):
        return _sha256(path, os.O_DIRECT)
    return _sha256(path, 0)


def _sha256(path: Path, flags: int) -> str:
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        with mmap.mmap(-1, READ_BYTES) as buffer:  # starts on a page, as direct reads require
            while read := os.readv(descriptor, [buffer]):
                digest.update(buffer[:read])
                if flags and read % BLOCK_BYTES:  # the end: another read would not start on a block
                    break
    finally:
        os.close(descriptor)
    return digest.hexdigest()
