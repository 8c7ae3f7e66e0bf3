"""Paths on a drive that stay on this drive: it may be pulled, and a link on it may lead elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.base.errors import FolderOccupied
from app.base.i18n import message


@contextmanager
def pinned(root: Path) -> Iterator[Path]:
    """Yield a path that stays on the file system at `root`, even if that is unmounted meanwhile.

    Without it, files that are written after a drive was pulled would land in the empty folder below the mount. The
    file system cannot be unmounted while it is pinned.

    Raises:
        OSError: If `root` cannot be opened.
    """
    descriptor = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def refuse_links(root: Path, folder: Path) -> None:
    """Refuse to write to `folder` on the drive at `root` if a part of its path is a file or a link.

    Raises:
        FolderOccupied: With the name of the first such part.
    """
    inside = folder.relative_to(root)
    for step in [*reversed(inside.parents), inside][1:]:  # not the root itself
        path = root / step
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise FolderOccupied(
                message("{name} on the drive is no folder: rename it on a computer, or use another drive.", name=step)
            )
