"""Twins: a model compiled for the Edge TPU, X_edgetpu.tflite, and the one it was compiled from, X.tflite.

The Edge TPU compiler names its output so. The CPU twin lies beside the compiled file, or among the pulled models.
"""

from __future__ import annotations

from pathlib import Path

from tpu.models import models_dir

COMPILED = "_edgetpu"


def cpu_counterpart(path: Path, folder: Path | None = None) -> Path | None:
    """The CPU file of a compiled one, if it is there.

    Args:
        path: The compiled file.
        folder: Where pulled models are; None is the usual place.
    """
    name = cpu_name(path)
    if name is None:
        return None
    for where in (path.parent, folder or models_dir()):
        if (where / name).is_file():
            return where / name
    return None


def cpu_name(path: Path) -> str | None:
    """What the CPU twin of a compiled file is called; None if the file is not called like a compiled one."""
    return f"{path.stem.removesuffix(COMPILED)}{path.suffix}" if path.stem.endswith(COMPILED) else None
