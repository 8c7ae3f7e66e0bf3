"""Write a folder atomically: write under a temporary name, sync, rename, then read back and verify every file.

A folder is replaced only if it is empty, or if it is a saved folder and nothing else: its SHA256SUMS lists every file
in it, metadata.json among them. One that is not finished carries NOT_FINISHED.txt. What a failed attempt leaves is
overwritten before it is deleted, because it may hold pictures. A folder that is replaced is only deleted: its files may
have further names, in a backup that was made with hard links.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from app.base.erasing import shred_folder
from app.base.errors import ExportError, FolderOccupied, ReadBackDiffers
from app.base.files import sync_directory, write_through
from app.base.i18n import message
from app.model.saved_folder.medium import sha256_on_medium
from app.model.saved_folder.signature import SIGNATURE
from app.model.saved_folder.write_failures import no_room, write_failed

CHECKSUMS = "SHA256SUMS"
METADATA = "metadata.json"  # in every saved folder
OF_FILE_MANAGERS = {".DS_Store", "Thumbs.db", "desktop.ini"}  # written without being asked
UNFINISHED = "NOT_FINISHED.txt"  # is in a folder while it is being written
NOT_COMPLETE = b"This folder is not complete. It can be deleted.\n"
WRITE_SHARE = 0.7  # of the progress bar, when writing is done


def with_checksums(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files and, last, their SHA256SUMS, in the format of `sha256sum -c`."""
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items())
    return {**files, CHECKSUMS: sums.encode()}


def listed_sums(checksums: bytes) -> dict[str, str]:
    """Return the SHA-256 of each file that SHA256SUMS lists, as it is written there, by name in the listed order."""
    lines = checksums.decode("utf-8", "replace").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines) if name}


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
        folder: Where to write. An earlier folder of ours is replaced; any other is left alone.
        files: Contents by name inside the folder, in the order of writing; SHA256SUMS last.
        display_path: The folder's path in error texts, if `folder` is a pinned path.
        on_drive: Whether it is on a removable drive; decides the next step in error texts.
        on_step: Receives "write", "name" and "read_back" when they begin (False) and when they are done (True).
        on_progress: Receives 0..1.

    Raises:
        FolderOccupied: If something else is in the place of the folder; nothing was changed.
        ExportFailed, ReadBackDiffers: If the drive fails; the folder that was there before is back.
    """
    partial = folder.with_name(folder.name + ".partial")
    step, progress = on_step or (lambda _name, _done: None), on_progress or (lambda _fraction: None)
    display_path = display_path or folder
    try:
        refuse_occupied(folder, display_path)
        shred_folder(partial)
        _check_room(folder, files, display_path, on_drive=on_drive)
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
        with _renamed(partial, folder):
            step("name", True)
            step("read_back", False)
            for number, (name, data) in enumerate(files.items(), start=1):
                _verify(folder, name, data)
                progress(WRITE_SHARE + (1 - WRITE_SHARE) * number / len(files))
            step("read_back", True)
    except FolderOccupied:
        raise
    except ExportError:
        shred_folder(partial)
        raise
    except OSError as error:
        shred_folder(partial)
        raise write_failed(error, display_path.parent, on_drive=on_drive) from error
    progress(1.0)


def refuse_occupied(folder: Path, display_path: Path | None = None) -> None:
    """Refuse a folder that `write_folder` would not replace, before there is anything to write.

    Raises:
        FolderOccupied: If a file or a folder that we did not write is in its place.
        OSError: If the place cannot be read.
    """
    display_path, partial = display_path or folder, folder.with_name(folder.name + ".partial")
    _refuse_foreign(folder, display_path, _is_saved_folder)
    if partial.is_symlink():
        raise _is_file(display_path.with_name(partial.name))
    # A power cut may come after the mark is taken away, and before the folder is renamed.
    _refuse_foreign(
        partial,
        display_path.with_name(partial.name),
        lambda one: (one / UNFINISHED).is_file() or _is_saved_folder(one),
    )


def _refuse_foreign(folder: Path, display_path: Path, is_ours: Callable[[Path], bool]) -> None:
    """Refuse a file, and a folder that is neither empty nor ours."""
    if folder.is_dir():
        if any(folder.iterdir()) and not is_ours(folder):
            raise FolderOccupied(
                message("{folder} holds other files. Name an empty or new folder.", folder=display_path)
            )
    elif folder.exists() or folder.is_symlink():
        raise _is_file(display_path)


def _is_saved_folder(folder: Path) -> bool:
    """Whether SHA256SUMS lists every file in a folder, and metadata.json is one of them."""
    try:
        listed = listed_sums((folder / CHECKSUMS).read_bytes()).keys()
    except OSError:
        return False
    found = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if not (path.is_dir() and not path.is_symlink()) and not _is_of_file_manager(path.name)
    }
    return METADATA in listed and found <= listed | {CHECKSUMS, SIGNATURE}


def _is_of_file_manager(name: str) -> bool:
    return name in OF_FILE_MANAGERS or name.startswith("._")


def _is_file(display_path: Path) -> FolderOccupied:
    return FolderOccupied(message("{folder} is a file. Name an empty or new folder.", folder=display_path))


def _check_room(folder: Path, files: Mapping[str, bytes], display_path: Path, *, on_drive: bool) -> None:
    """Refuse early if there is no room; a file system that reports 0 free bytes may not know, so we try."""
    place = next(parent for parent in folder.parents if parent.exists())
    free_bytes, needed_bytes = shutil.disk_usage(place).free, sum(map(len, files.values()))
    if 0 < free_bytes < needed_bytes:
        raise no_room(needed_bytes, free_bytes, display_path.parent, on_drive=on_drive)


def _sync_tree(folder: Path) -> None:
    for directory in (*(path for path in folder.rglob("*") if path.is_dir()), folder):
        sync_directory(directory)


@contextmanager
def _renamed(partial: Path, folder: Path) -> Iterator[None]:
    """Rename `partial` to `folder` durably; if the body fails, take the name away and put the old folder back.

    Verification belongs in the body: some drivers lose the files of a folder that is renamed, so reading them before
    the rename proves nothing.
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
        _discard(folder, partial)
        if replaced is not None:
            (replaced / folder.name).rename(folder)
            replaced.rmdir()
        raise
    if replaced is not None:
        shutil.rmtree(replaced, ignore_errors=True)


def _discard(folder: Path, partial: Path) -> None:
    """Delete a folder that failed, or at least mark it as unfinished, as far as the medium still allows."""
    with suppress(OSError):
        folder.rename(partial)
    for left in (partial, folder):
        with suppress(OSError):  # mark it first: it may be impossible to delete
            (left / CHECKSUMS).unlink(missing_ok=True)
            if left.is_dir():
                write_through(left / UNFINISHED, NOT_COMPLETE)
        shred_folder(left)
    with suppress(OSError):
        sync_directory(folder.parent)


def _sync_upwards(directory: Path) -> None:
    """Sync every directory up to the root of the file system: any of them may be new."""
    while True:
        with suppress(PermissionError):  # a directory that this user may not open holds no new names of ours
            sync_directory(directory)
        if _is_root_of_file_system(directory):
            break
        directory = directory / ".."  # the kernel resolves it, also from a pinned folder


def _is_root_of_file_system(directory: Path) -> bool:
    here, above = directory.stat(), (directory / "..").stat()
    return here.st_dev != above.st_dev or os.path.samestat(here, above)


def _verify(folder: Path, name: str, data: bytes) -> None:
    """Compare a file on the medium with what was written.

    Raises:
        ReadBackDiffers: If it is missing, or its content differs.
    """
    try:
        found = sha256_on_medium(folder / name)
    except FileNotFoundError as error:
        raise ReadBackDiffers(name) from error
    if found != hashlib.sha256(data).hexdigest():
        raise ReadBackDiffers(name)
