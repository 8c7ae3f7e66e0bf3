"""Read text files that people wrote: UTF-8, with or without a byte order mark, of bounded size."""

from __future__ import annotations

from pathlib import Path

from tpu.plain_files import read_plain_file

LARGEST_TEXT_BYTES = 4 << 20
NOT_UTF_8 = "it is not UTF-8 text: save it as UTF-8"
_MARKS_OF_OTHERS = (b"\xff\xfe", b"\xfe\xff")  # of UTF-16 and UTF-32
_IN_OTHERS = b"\0"  # UTF-16 and UTF-32 without a mark are full of it; people do not type it


class NotText(ValueError):
    """The file is text in another encoding, or no text; the error's text says what to do."""


def read_text_file(path: Path) -> str:
    """Return the text of a file without a byte order mark.

    Raises:
        OSError: If it is missing, no plain file, too large, or cannot be read.
        NotText: If it is not UTF-8.
    """
    return decode_text(read_plain_file(path, LARGEST_TEXT_BYTES))


def decode_text(data: bytes) -> str:
    """Decode the content of a text file; see `read_text_file`."""
    if data.startswith(_MARKS_OF_OTHERS) or _IN_OTHERS in data:
        raise NotText(NOT_UTF_8)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotText(f"{NOT_UTF_8} (line {line})") from error
