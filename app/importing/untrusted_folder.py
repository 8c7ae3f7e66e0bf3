"""Reading files that a stranger made: bounded, never through a link, never anything but plain files and folders.

Every step goes from an open folder to a name inside it, so nothing can be swapped for a link meanwhile.
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
    """An open folder on a drive. Made by `open_untrusted_folder`, which closes it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def names(self, most: int) -> list[str]:
        """What is in it, in no order, at most so many."""
        with os.scandir(self._descriptor) as entries:
            return [entry.name for entry in islice(entries, most)]

    @contextmanager
    def folder(self, name: str) -> Iterator[UntrustedFolder]:
        """Open a folder inside it.

        Raises:
            FolderRefused: If that is a link or no folder.
            FileNotFoundError: If nothing has that name.
        """
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(_one_step(name), flags, dir_fd=self._descriptor)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise _no_plain(name) from error
            raise
        try:
            yield UntrustedFolder(descriptor)
        finally:
            os.close(descriptor)

    def size_bytes(self, name: str) -> int | None:
        """How long a plain file is; None for anything else."""
        try:
            found = os.stat(_one_step(name), dir_fd=self._descriptor, follow_symlinks=False)
        except OSError:
            return None
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    def read(self, name: str, most_bytes: int) -> bytes:
        """Read a plain file whole.

        It is looked at before it is opened for reading: opening a device or a pipe could already do something.

        Raises:
            FolderRefused: If it is longer than `most_bytes`, or no plain file.
            FileNotFoundError: If nothing has that name.
        """
        seen = os.open(_one_step(name), os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._descriptor)
        try:
            found = os.fstat(seen)
            if not stat.S_ISREG(found.st_mode):
                raise _no_plain(name)
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
    """Open the folder that a drive is mounted on: its path is the system's, what is in it is a stranger's."""
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield UntrustedFolder(descriptor)
    finally:
        os.close(descriptor)


def _one_step(name: str) -> str:
    if "/" in name or name in ("", ".", ".."):
        raise _no_plain(name)
    return name


def _no_plain(name: str) -> FolderRefused:
    return FolderRefused(message("{file} is not a plain file or folder, so it is not opened.", file=name))


def _too_long(name: str, most_bytes: int) -> FolderRefused:
    return FolderRefused(
        message("{file} is larger than {size} MB, so it is not opened.", file=name, size=most_bytes // 2**20)
    )
