"""A trained head on disk: arrays, and facts as JSON, in one `.npz`. It holds data only: nothing in it runs."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from learning.errors import CheckpointUnreadable
from learning.layers import FloatArray

VERSION = 1
TEST = "not_sure/"


def write_checkpoint(
    path: Path, weights: Mapping[str, FloatArray], facts: Mapping[str, Any], not_sure: Mapping[str, Any]
) -> None:
    """Write a checkpoint; a file that was there stays whole until the new one is.

    Args:
        path: Usually ends in `.npz`; it is used as it is.
        weights: `mat_w` (D, C) and `vec_b` (C,), float32.
        facts: Plain values.
        not_sure: The arrays of `learning.novelty`, or none.
    """
    told = json.dumps({"version": VERSION, **facts})
    partial = path.with_name(path.name + ".partial")
    arrays: dict[str, Any] = {**weights, **{TEST + name: value for name, value in not_sure.items()}}
    with partial.open("wb") as file:
        np.savez(file, facts=np.array(told), **arrays)
    partial.replace(path)


def read_checkpoint(path: Path) -> tuple[dict[str, FloatArray], dict[str, Any], dict[str, Any]]:
    """Give weights, facts and the test for the unknown of a checkpoint.

    Raises:
        CheckpointUnreadable: Saying what is wrong.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        facts: dict[str, Any] = json.loads(str(arrays.pop("facts")))
        weights = {name: np.asarray(arrays.pop(name), np.float32) for name in ("mat_w", "vec_b")}
    except OSError as error:
        raise CheckpointUnreadable(path, error.strerror or "it is no checkpoint") from error
    except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise CheckpointUnreadable(path, "it is damaged, or no checkpoint") from error
    if facts.get("version") != VERSION:
        raise CheckpointUnreadable(path, "it was written by another version")
    if weights["mat_w"].ndim != 2 or weights["vec_b"].shape != weights["mat_w"].shape[1:]:
        raise CheckpointUnreadable(path, "its weights do not fit each other")
    return weights, facts, {name.removeprefix(TEST): value for name, value in arrays.items()}
