"""Read and write whole files, with the system's errors translated.

Writing replaces a file only when all of the new bytes are written, so a reader never sees half a file.
"""

from __future__ import annotations

from pathlib import Path

from learning.errors import ExtractorUnreadable, OutputNotWritten


def read_extractor(path: Path) -> bytes:
    """Read the file of an embedding extractor.

    Raises:
        ExtractorUnreadable: If it is missing, is a folder, or may not be read.
    """
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise ExtractorUnreadable(path, system_reason(error)) from error


def write_file(path: Path, data: bytes) -> None:
    """Write `data`; a file that was there stays whole until the new one is. A link is followed, not replaced.

    Raises:
        OutputNotWritten: If the folder is missing, may not be written to, or is full.
    """
    try:
        if path.exists() and not path.is_file():  # a device such as /dev/stdout, or a folder, which refuses
            path.write_bytes(data)
            return
        target = path.resolve()
        partial = target.with_name(f"{target.name}.partial")
        try:
            partial.write_bytes(data)
            partial.replace(target)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:
        raise OutputNotWritten(path, system_reason(error)) from error


def system_reason(error: OSError | ValueError) -> str:
    """Return what the system says of an error, without number and path; Python's text for a path with a zero byte."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
