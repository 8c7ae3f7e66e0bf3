"""How a folder is written so that it can be trusted: beside its name, made durable, named, and then read back."""

from __future__ import annotations

import errno
import hashlib
import mmap
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from app.base.error_texts import system_error_text
from app.base.errors import ExportError, ExportFailed, FolderOccupied, ReadBackDiffers
from app.base.files import sync_directory, write_through
from app.base.i18n import Text, message

SUMS = "SHA256SUMS"
UNFINISHED = "NOT_FINISHED.txt"  # lies in a folder while it is being written
NOT_COMPLETE = b"This folder is not complete. It can be deleted.\n"
READ_BYTES = 1 << 20
BLOCK_BYTES = 4096  # direct reads start on multiples of it
WRITE_SHARE = 0.7  # of the progress bar, when writing is done
PULLED = message("The drive was pulled: plug it in again, then save again.")
FULL = message("The drive is full: use one with more room, then save again.")
NEXT_STEP = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EFBIG: message("The drive takes no file of this size: use another one, then save again."),
    errno.EROFS: message("The drive is write-protected: use another one, then save again."),
    errno.EACCES: message("This user may not write there: use another drive, then save again."),
    errno.EIO: message("The drive was pulled or is broken: plug it in again, then save again."),
    errno.ENODEV: PULLED,
    errno.ENOENT: PULLED,
}
ANOTHER_PLACE = message("Choose another place and save again.")
NO_ROOM = message("Make room on the disk, then save again.")
NEXT_STEP_HERE = {errno.ENOSPC: NO_ROOM, errno.EDQUOT: NO_ROOM}
"""Of a folder on this machine; anything else wants another place."""


@contextmanager
def pinned(root: Path) -> Iterator[Path]:
    """Give a path that stays on the file system at `root`, whatever is unmounted there meanwhile.

    Without it, what is written after a drive was pulled would land in the empty folder it was mounted on. The file
    system cannot be unmounted while it is pinned.
    """
    descriptor = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def refuse_links(root: Path, folder: Path) -> None:
    """Refuse to write to `folder` on the drive at `root` where a file is in the way, or a link, which may lead off it.

    Raises:
        FolderOccupied: Naming what is in the way.
    """
    inside = folder.relative_to(root)
    for step in (*reversed(inside.parents[:-1]), inside):
        there = root / step
        if there.is_symlink() or (there.exists() and not there.is_dir()):
            raise FolderOccupied(
                message("{name} on the drive is no folder: rename it on a computer, or use another drive.", name=step)
            )


def with_sums(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files and, last, SHA256SUMS over them, as `sha256sum -c` reads it."""
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items())
    return {**files, SUMS: sums.encode()}


def write_folder(
    folder: Path,
    files: Mapping[str, bytes],
    *,
    display_path: Path | None = None,
    on_drive: bool = True,
    on_step: Callable[[str, bool], None] | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> None:
    """Write a folder; it keeps its name only if every byte of it reads back from the medium.

    Args:
        folder: Where to. An earlier one of ours is replaced; anything else is left alone.
        files: By name inside the folder, in the order of writing; SHA256SUMS last.
        display_path: What errors call the folder, where `folder` is pinned.
        on_drive: It is on a drive that somebody plugged in, not a folder of this machine: errors speak of it so.
        on_step: Receives "write", "name" and "read_back" when they begin (False) and when they are done (True).
        on_progress: Receives 0..1.

    Raises:
        ExportError: If something is in the way or the drive fails; nothing is left under the final name.
    """
    partial = folder.with_name(folder.name + ".partial")
    step, progress = on_step or (lambda _name, _done: None), on_progress or (lambda _fraction: None)
    display_path = display_path or folder
    try:
        refuse_used(folder, display_path)
        shutil.rmtree(partial, ignore_errors=True)
        _refuse_without_room(folder, display_path, files, FULL if on_drive else NO_ROOM)
        step("write", False)
        write_through(partial / UNFINISHED, NOT_COMPLETE)
        for number, (name, data) in enumerate(files.items(), start=1):
            write_through(partial / name, data)
            progress(WRITE_SHARE * number / len(files))
        _sync_tree(partial)
        step("write", True)
        step("name", False)
        (partial / UNFINISHED).unlink()
        sync_directory(partial)
        with _in_place(partial, folder):
            step("name", True)
            step("read_back", False)
            for number, (name, data) in enumerate(files.items(), start=1):
                _read_back(folder, name, data)
                progress(WRITE_SHARE + (1 - WRITE_SHARE) * number / len(files))
            step("read_back", True)
    except FolderOccupied:
        raise
    except (OSError, ExportError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        if isinstance(error, ExportError):
            raise
        raise ExportFailed(
            message(
                "the model could not be saved to {place}: {reason}. {step}",
                place=display_path.parent,
                reason=system_error_text(error),
                step=(NEXT_STEP if on_drive else NEXT_STEP_HERE).get(error.errno or 0, ANOTHER_PLACE),
            )
        ) from error
    progress(1.0)


def refuse_used(folder: Path, display_path: Path | None = None) -> None:
    """Refuse what `write_folder` leaves alone, before there is anything to write.

    Raises:
        FolderOccupied: If somebody else's folder or file is in the way.
        OSError: If it cannot be looked at.
    """
    display_path, partial = display_path or folder, folder.with_name(folder.name + ".partial")
    _refuse_foreign(folder, display_path, SUMS)
    if partial.is_symlink():
        raise _is_file(display_path.with_name(partial.name))
    _refuse_foreign(partial, display_path.with_name(partial.name), UNFINISHED)


def forget_pages(device: str) -> None:
    """Ask the kernel to forget what it keeps of a block device, where this user may.

    File systems that run through FUSE read the device through those pages, so they could hide what the medium lost.
    """
    with suppress(OSError):
        descriptor = os.open(device, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def digest_on_medium(path: Path) -> str:
    """Hash a file as the medium gives it back: past the page cache where the file system can do that, else after
    the kernel was asked to forget the pages.

    Source: open(2), O_DIRECT; posix_fadvise(2).
    """
    with suppress(OSError):
        return _digest(path, os.O_DIRECT)
    return _digest(path, 0)


def _digest(path: Path, flags: int) -> str:
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        with mmap.mmap(-1, READ_BYTES) as buffer:  # on a page, as direct reads want it
            while read := os.readv(descriptor, [buffer]):
                digest.update(buffer[:read])
                if flags and read % BLOCK_BYTES:  # the end: the next read would not start on a block
                    break
    finally:
        os.close(descriptor)
    return digest.hexdigest()


def _refuse_foreign(folder: Path, display_path: Path, mark: str) -> None:
    """Somebody else's folder or file is never replaced: ours carry a mark, or are empty."""
    if folder.is_dir():
        if any(folder.iterdir()) and not (folder / mark).is_file():
            raise FolderOccupied(
                message("{folder} holds other files. Name an empty or new folder.", folder=display_path)
            )
    elif folder.exists() or folder.is_symlink():
        raise _is_file(display_path)


def _refuse_without_room(folder: Path, display_path: Path, files: Mapping[str, bytes], step: Text) -> None:
    """A file system that says it has nothing free may not know: then writing finds out."""
    place = next(parent for parent in folder.parents if parent.exists())
    free, needed = shutil.disk_usage(place).free, sum(map(len, files.values()))
    if 0 < free < needed:
        raise ExportFailed(
            message(
                "the model could not be saved to {place}: it needs {needed} MB and only {free} MB are free. {step}",
                place=display_path.parent,
                needed=f"{needed / 1e6:.1f}",
                free=f"{free / 1e6:.1f}",
                step=step,
            )
        )


def _sync_tree(folder: Path) -> None:
    for directory in (*(path for path in folder.rglob("*") if path.is_dir()), folder):
        sync_directory(directory)


@contextmanager
def _in_place(partial: Path, folder: Path) -> Iterator[None]:
    """Give a folder its name, durably; take the name away again if what is done meanwhile fails.

    What was there before comes back then. There are drivers that lose the files of a folder that is renamed, so
    nothing that is read before proves anything.
    """
    replaced = None
    if folder.exists():
        replaced = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", suffix=".replaced", dir=folder.parent))
        folder.rename(replaced / folder.name)
    try:
        partial.rename(folder)
        _sync_upwards(folder.absolute().parent)
        yield
    except BaseException:
        _take_name_away(folder, partial)
        if replaced is not None:
            (replaced / folder.name).rename(folder)
            replaced.rmdir()
        raise
    if replaced is not None:
        shutil.rmtree(replaced, ignore_errors=True)


def _take_name_away(folder: Path, partial: Path) -> None:
    """Nobody may take this folder for a good one: as far as the medium still obeys, it goes."""
    with suppress(OSError):
        folder.rename(partial)
    for left in (partial, folder):
        with suppress(OSError):  # what cannot be deleted is marked at least
            (left / SUMS).unlink(missing_ok=True)
            if left.is_dir():
                write_through(left / UNFINISHED, NOT_COMPLETE)
        shutil.rmtree(left, ignore_errors=True)
    with suppress(OSError):
        sync_directory(folder.parent)


def _sync_upwards(above: Path) -> None:
    """Every directory up to the root of the drive may be new."""
    while True:
        with suppress(PermissionError):  # a directory that this user may not even open has no news of ours
            sync_directory(above)
        if _is_root_of_file_system(above):
            break
        above = above / ".."  # left to the kernel: it knows the way up from a pinned folder


def _read_back(folder: Path, name: str, data: bytes) -> None:
    """Compare a file with what was written.

    Raises:
        ReadBackDiffers: If it is another one, or gone.
    """
    try:
        found = digest_on_medium(folder / name)
    except FileNotFoundError as error:
        raise ReadBackDiffers(name) from error
    if found != hashlib.sha256(data).hexdigest():
        raise ReadBackDiffers(name)


def _is_root_of_file_system(directory: Path) -> bool:
    here, above = directory.stat(), (directory / "..").stat()
    return here.st_dev != above.st_dev or os.path.samestat(here, above)


def _is_file(display_path: Path) -> FolderOccupied:
    return FolderOccupied(message("{folder} is a file. Name an empty or new folder.", folder=display_path))
