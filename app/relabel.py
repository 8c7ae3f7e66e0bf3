"""New class names for a model that is trained: the label file behind it is written anew, all else stays."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from learning.metadata import with_label_file


def relabelled(model: bytes, names: Sequence[str]) -> bytes:
    """The model with other names in its label file.

    Args:
        model: A file that `learning.tflite_export.append_head` made, with or without a label file.
        names: In the order of the output.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(model)) as archive:
            begins = min(entry.header_offset for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError):
        begins = len(model)
    return with_label_file(model[:begins], names)
