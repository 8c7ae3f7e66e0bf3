"""Add files to the zip archive behind a model's flatbuffer.

TFLite interpreters stop reading at the end of the flatbuffer; zip programs read from the end of the file. So one file
can be both. TFLite Model Metadata keeps label files this way.
"""

from __future__ import annotations

import io
import lzma
import struct
import tokenize
import zipfile
import zlib

DAMAGED_ARCHIVE = (
    OSError, ValueError, KeyError, TypeError, IndexError, OverflowError, EOFError, NotImplementedError, RuntimeError,
    SyntaxError, MemoryError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, tokenize.TokenError,
)  # fmt: skip
"""What NumPy and zipfile raise for a damaged `.npz` file: it depends on the damage."""

FIXED_DATE = (1980, 1, 1, 0, 0, 0)  # the zip format's earliest: equal models must be equal files


def with_file(model: bytes, name: str, data: bytes) -> bytes:
    """Return the model with one more file in its archive; a model without an archive gets one."""
    stream = io.BytesIO(model)
    stream.seek(0, io.SEEK_END)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(name, FIXED_DATE), data)
    return stream.getvalue()
