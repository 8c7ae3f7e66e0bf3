"""Find the CPU file of a compiled model: for `X_edgetpu.tflite` it is `X.tflite`.

The Edge TPU compiler names its output this way. Both files have the same inputs and outputs.
"""

from __future__ import annotations

from pathlib import Path

from tpu.errors import StrPath
from tpu.models import models_dir

COMPILED_SUFFIX = "_edgetpu"


def cpu_counterpart(path: StrPath, folder: StrPath | None = None) -> Path | None:
    """Return the CPU file of a compiled model, or None if there is none.

    Args:
        path: The compiled file. Its own folder is searched first.
        folder: Folder of downloaded models, searched next; None means `models_dir()`.
    """
    name = cpu_file_name(path)
    if name is None:
        return None
    for where in (Path(path).parent, Path(folder or models_dir())):
        if (where / name).is_file():
            return where / name
    return None


def cpu_file_name(path: StrPath) -> str | None:
    """Return the name of the CPU file of a compiled model, or None if `path` does not end in `_edgetpu`."""
    path = Path(path)
    if not path.stem.endswith(COMPILED_SUFFIX):
        return None
    return f"{path.stem.removesuffix(COMPILED_SUFFIX)}{path.suffix}"
