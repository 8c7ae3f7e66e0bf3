"""Read the ZIP archive behind a model without trusting what it says about its sizes."""

from __future__ import annotations

import io
import lzma
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_MEMBERS = 64
LARGEST_DIRECTORY_BYTES = 64 << 10
END, END_BYTES, LONGEST_COMMENT = b"PK\x05\x06", 22, 0xFFFF
LOCATOR_OF_LARGE_ARCHIVES, LOCATOR_BYTES = b"PK\x06\x07", 20

_HEADERS: dict[tuple[int, int], Callable[[io.BytesIO], tuple[tuple[int, ...], bool, np.dtype[Any]]]] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_ERRORS = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, KeyError, ValueError, IndexError, NotImplementedError,
    RuntimeError, EOFError, OSError,
)  # fmt: skip


def read_member(data: bytes, name: str, most_bytes: int) -> bytes | None:
    """Read one member of the archive at the end of `data`.

    Args:
        data: A file, whose beginning may be something else.
        name: The member.
        most_bytes: Larger members are refused before they are unpacked.

    Returns:
        Its content; None if there is no archive, no such member, or anything about it is damaged or too large.

    Source: the ZIP specification (APPNOTE.TXT), section 4.3.16.
    """
    if not _is_small(data):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _content(archive, name, most_bytes)
    except _ERRORS:
        return None


def read_arrays(data: bytes, wanted: Collection[str], most_bytes: int) -> dict[str, NDArray[Any]] | None:
    """Read arrays of a `.npz` file: numbers only, of bounded size, and never a pickled object.

    Args:
        data: The file.
        wanted: The names of the arrays to read; others are not unpacked.
        most_bytes: If all of them together are larger, they are refused before they are unpacked.

    Returns:
        Those arrays that there are, by name; None if anything about the file is damaged or too large.
    """
    if not _is_small(data):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {one.filename: one.file_size for one in archive.infolist()}
            names = [name for name in wanted if f"{name}.npy" in members]
            if sum(members[f"{name}.npy"] for name in names) > most_bytes:
                return None
            arrays = {name: _array(_content(archive, f"{name}.npy", members[f"{name}.npy"])) for name in names}
    except (*_ERRORS, SyntaxError, TypeError, OverflowError, MemoryError, tokenize.TokenError):
        return None
    return arrays


def _content(archive: zipfile.ZipFile, name: str, most_bytes: int) -> bytes | None:
    """Return the content of a member; None if it is larger than `most_bytes`, or than it says."""
    found = archive.getinfo(name)
    if found.file_size > most_bytes:
        return None
    with archive.open(found) as member:
        content = member.read(most_bytes + 1)
    return content if len(content) <= most_bytes else None


def _array(content: bytes | None) -> NDArray[Any]:
    """Read the content of a `.npy` file.

    Raises:
        ValueError: If it is none, or not of numbers.
    """
    if content is None:
        raise ValueError("no array")
    stream = io.BytesIO(content)
    read_header = _HEADERS[np.lib.format.read_magic(stream)]
    shape, fortran, dtype = read_header(stream)
    if dtype.kind not in "biuf" or min(shape, default=0) < 0:
        raise ValueError("no array of numbers")
    values = np.frombuffer(content, dtype, offset=stream.tell())
    return values.reshape(shape, order="F" if fortran else "C")


def _is_small(data: bytes) -> bool:
    """Whether the directory of the archive has few entries, before anything reads it."""
    at = data.rfind(END, max(0, len(data) - END_BYTES - LONGEST_COMMENT))
    large = data[max(0, at - LOCATOR_BYTES) : max(0, at)].startswith(LOCATOR_OF_LARGE_ARCHIVES)
    if at < 0 or at + END_BYTES > len(data) or large:
        return False
    members, size = int.from_bytes(data[at + 10 : at + 12], "little"), int.from_bytes(data[at + 12 : at + 16], "little")
    return members <= MOST_MEMBERS and size <= LARGEST_DIRECTORY_BYTES
