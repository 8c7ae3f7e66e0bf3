"""Give a trained model other class names than at its training: only its label file is replaced."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from learning.metadata import LABEL_FILE, label_lines, with_label_file


def with_labels(model: bytes, names: Sequence[str]) -> bytes:
    """Return the model with these names in its label file; other files that are appended to it are kept.

    A model that has these names already is returned as it is.

    Args:
        model: A file that `learning.tflite_export.append_head` made, with or without a label file.
        names: Class names in the order of the output.
    """
    lines = label_lines(names)
    try:
        with zipfile.ZipFile(io.BytesIO(model)) as archive:
            entries = archive.infolist()
            if LABEL_FILE in archive.namelist() and archive.read(LABEL_FILE) == lines:
                return model
            begins = min(entry.header_offset for entry in entries)
            others = [(entry, archive.read(entry)) for entry in entries if entry.filename != LABEL_FILE]
    except (zipfile.BadZipFile, ValueError):
        begins, others = len(model), []
    stream = io.BytesIO(with_label_file(model[:begins], names))
    if others:
        stream.seek(0, io.SEEK_END)
        with zipfile.ZipFile(stream, "a", zipfile.ZIP_STORED) as archive:
            for entry, data in others:
                archive.writestr(zipfile.ZipInfo(entry.filename, entry.date_time), data)
    return stream.getvalue()
