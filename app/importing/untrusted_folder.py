"""Read files of unknown origin: plain files of bounded size, never through a link.

Every step goes from an open folder to a name inside it, so nobody can swap a folder for a link meanwhile.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from app.base.errors import FolderRefused
from app.base.i18n import message


class UntrustedFolder:
    """An open folder on a drive; `open_untrusted_folder` opens and closes it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def names(self, most: int) -> list[str]:
        """Return the names in the folder, in no order, at most `most` of them."""
        with os.scandir(self._descriptor) as entries:
            return [entry.name for entry in islice(entries, most)]

    @contextmanager
    def folder(self, name: str) -> Iterator[UntrustedFolder]:
        """Open a folder inside it.

        Raises:
            FolderRefused: If it is a link, or not a folder.
            FileNotFoundError: If the name does not exist.
        """
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(_name(name), flags, dir_fd=self._descriptor)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise _not_plain(name) from error
            raise
        try:
            yield UntrustedFolder(descriptor)
        finally:
            os.close(descriptor)

    def size_bytes(self, name: str) -> int | None:
        """Return the size of a plain file; None for anything else."""
        try:
            found = os.stat(_name(name), dir_fd=self._descriptor, follow_symlinks=False)
        except OSError:
            return None
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    def modified_s(self, name: str) -> int:
        """Return when a file was written, in seconds since 1970, as the drive says; 0 if it says nothing."""
        try:
            return max(0, int(os.stat(_name(name), dir_fd=self._descriptor, follow_symlinks=False).st_mtime))
        except OSError:
            return 0

    def read(self, name: str, most_bytes: int) -> bytes:
        """Read a plain file.

        Its type is checked before it is opened for reading, because opening a device or a pipe can have effects.

        Raises:
            FolderRefused: If it is longer than `most_bytes`, or not a plain file.
            FileNotFoundError: If the name does not exist.
        """
        seen = os.open(_name(name), os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._descriptor)
        try:
            found = os.fstat(seen)
            if not stat.S_ISREG(found.st_mode):
                raise _not_plain(name)
            if found.st_size > most_bytes:
                raise _too_long(name, most_bytes)
            with Path(f"/proc/self/fd/{seen}").open("rb") as file:
                data = file.read(most_bytes + 1)
        finally:
            os.close(seen)
        if len(data) > most_bytes:  # it grew meanwhile
            raise _too_long(name, most_bytes)
        return data


@contextmanager
def open_untrusted_folder(root: Path) -> Iterator[UntrustedFolder]:
    """Open the mount point of a drive: its path can be trusted, its content cannot."""
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield UntrustedFolder(descriptor)
    finally:
        os.close(descriptor)


def _name(name: str) -> str:
    if "/" in name or "\0" in name or name in ("", ".", ".."):
        raise _not_plain(name)
    return name


def _not_plain(name: str) -> FolderRefused:
    return FolderRefused(message("{file} is not a plain file or folder, so it is not opened.", file=name))


def _too_long(name: str, most_bytes: int) -> FolderRefused:
    return FolderRefused(
        message("{file} is larger than {size} MB, so it is not opened.", file=name, size=most_bytes // 2**20)
    )
