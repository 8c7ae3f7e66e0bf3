"""Writing to a drive that may be pulled at any moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from app.base.error_texts import system_error_text
from app.base.errors import DriveGone, ExportError, ExportFailed, FolderOccupied
from app.base.files import write_durably
from app.base.i18n import Text, message
from app.base.ports import Drive, Drives
from app.model.saved_folder.drive_paths import pinned, refuse_links

NO_DRIVE = message("Plug in a drive first.")


def first_writable(drives: Drives) -> Drive | None:
    """The first drive that can be written to; None without one."""
    return next((one for one in drives.present() if not one.read_only), None)


def write_files(drives: Drives, files: Mapping[str, bytes]) -> tuple[Drive, Text]:
    """Write files to the first writable drive and release it; files with these names are replaced.

    Args:
        drives: Lists the drives that are present.
        files: Content by path on the drive.

    Returns:
        The drive, and whether it may be pulled out now, as a sentence.

    Raises:
        ExportFailed: If there is no drive, or it cannot be written.
        DriveGone: If the drive was pulled before everything was written.
        FolderOccupied: If something there is a link.
    """
    drive = first_writable(drives)
    if drive is None:
        raise ExportFailed(NO_DRIVE)
    try:
        with pinned_drive(drives, drive, gone=DriveGone) as root:
            for name, content in files.items():
                path = root / name
                refuse_links(root, path.parent)
                refuse_link_in_place_of(path)
                write_durably(path, content)
    except OSError as error:
        reason = system_error_text(error)
        text = message("The drive {drive} was not written: {reason}.", drive=drive.name, reason=reason)
        raise ExportFailed(text) from error
    return drive, drives.release(drive)


@contextmanager
def pinned_drive(drives: Drives, drive: Drive, *, gone: type[DriveGone]) -> Iterator[Path]:
    """Yield a path that leads to this drive only, never to what is mounted in its place later.

    Args:
        drives: Lists the drives that are present.
        drive: The drive to write to.
        gone: The error to raise when the drive was pulled; it names the next step.

    Raises:
        DriveGone: As `gone`, if the drive was pulled before the block ended.
        OSError, ExportError: What the block raised, if the drive is still present.
    """

    def check_present() -> None:
        if drive.identity not in [one.identity for one in drives.present()]:
            raise gone(drive.name)

    with ExitStack() as stack:
        try:
            root = stack.enter_context(pinned(drive.path))
        except FileNotFoundError as error:
            raise gone(drive.name) from error
        try:
            check_present()  # after pinning: now the pinned file system is known to be the drive's
            yield root
            check_present()  # what was written after the drive was pulled is not on it
        except DriveGone:
            raise
        except (OSError, ExportError):
            check_present()  # a pulled drive is the clearer reason
            raise


def refuse_link_in_place_of(path: Path) -> None:
    """Refuse to write a file through a link: it could lead to any file of this computer.

    Raises:
        FolderOccupied: If the file, or the one it is first written to, is a link.
    """
    for name in (path.name, f"{path.name}.partial"):
        if path.with_name(name).is_symlink():
            text = message("{name} on the drive is a link: delete it on a computer, or use another drive.", name=name)
            raise FolderOccupied(text)
