"""Store a trained head in one `.npz` file: its arrays, and its other facts as JSON.

The file holds data only. Reading it never unpickles, so a file from a stranger cannot run code.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from learning.archive import DAMAGED_ARCHIVE
from learning.errors import CheckpointUnreadable
from learning.files import system_reason, write_file
from learning.layers import FloatArray

VERSION = 1
NOT_SURE_PREFIX = "not_sure/"  # before the names of the arrays of `learning.novelty`


def write_checkpoint(
    path: Path, weights: Mapping[str, FloatArray], facts: Mapping[str, Any], not_sure: Mapping[str, Any]
) -> None:
    """Write a checkpoint; a file that was there stays whole until the new one is.

    Args:
        path: Usually ends in `.npz`; nothing is added to it.
        weights: `mat_w` (D, C) and `vec_b` (C,), float32.
        facts: Values that JSON can hold.
        not_sure: The arrays of `learning.novelty`; may be empty.

    Raises:
        OutputNotWritten: If the system cannot write the file.
    """
    arrays: dict[str, Any] = {**weights, **{NOT_SURE_PREFIX + name: value for name, value in not_sure.items()}}
    stream = io.BytesIO()
    np.savez(stream, facts=np.array(json.dumps({"version": VERSION, **facts})), **arrays)
    write_file(path, stream.getvalue())


def read_checkpoint(path: Path) -> tuple[dict[str, FloatArray], dict[str, Any], dict[str, Any]]:
    """Return the `weights`, `facts` and `not_sure` arrays that `write_checkpoint` wrote.

    Raises:
        CheckpointUnreadable: If the file is missing, damaged, of another version, or no checkpoint.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        facts: dict[str, Any] = json.loads(str(arrays.pop("facts")))
        weights = {name: np.asarray(arrays.pop(name), np.float32) for name in ("mat_w", "vec_b")}
    except OSError as error:
        raise CheckpointUnreadable(path, system_reason(error)) from error
    except DAMAGED_ARCHIVE as error:
        raise CheckpointUnreadable(path, "it is damaged, or no checkpoint") from error
    if not isinstance(facts, dict):
        raise CheckpointUnreadable(path, "it is damaged, or no checkpoint")
    if facts.get("version") != VERSION:
        raise CheckpointUnreadable(path, "it was written by another version")
    if weights["mat_w"].ndim != 2 or weights["vec_b"].shape != weights["mat_w"].shape[1:]:
        raise CheckpointUnreadable(path, "its weights do not fit each other")
    return weights, facts, {name.removeprefix(NOT_SURE_PREFIX): value for name, value in arrays.items()}
