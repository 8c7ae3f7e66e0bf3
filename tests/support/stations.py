"""Saved folders of stations, with embeddings that are drawn and not computed."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.model.saved_folder.verified_folder import with_checksums

VALUES = 864  # of the built-in extractor
SHA256 = "97a3c17c6526d7fa2fb08b3381e6ef21c88c86aa47436c316cbd676d0f3b9d47"
FloatArray = NDArray[np.float32]


def drawn(kinds: Sequence[int], station: int, *, seed: int = 0, habit: float = 0.5) -> FloatArray:
    """Embeddings of things of these kinds: a kind looks alike everywhere, and a station shifts all that it sees."""
    of_kinds = np.random.default_rng(99).gamma(0.6, 2.0, (20, VALUES))
    shift = habit * np.random.default_rng(1000 + station).normal(0, 1, VALUES)
    noise = np.random.default_rng((seed, station)).normal(0, 1, (len(kinds), VALUES))
    return np.maximum(of_kinds[list(kinds)] + shift + noise, 0).astype(np.float32)


def write_station(
    folder: Path,
    labels: Sequence[str],
    embeddings: FloatArray,
    label_indices: Sequence[int],
    *,
    holds: Sequence[int] | None = None,
    sha256: str = SHA256,
    pictures: Mapping[int, bytes] | None = None,
    order: int | None = None,
) -> Path:
    """Write a folder as SAVE does, without its model.

    Args:
        folder: The folder.
        labels: Class labels.
        embeddings: (N, D).
        label_indices: (N,).
        holds: (N,); None writes none, as old versions.
        sha256: Of the extractor.
        pictures: JPEG by row.
        order: Of the folder.
    """
    stream = io.BytesIO()
    arrays: dict[str, Any] = {
        "embeddings": np.asarray(embeddings, np.float32),
        "label_indices": np.asarray(label_indices, np.int64),
    }
    if holds is not None:
        arrays["holds"] = np.asarray(holds, np.int64)
    np.savez_compressed(stream, **arrays)
    facts = {"labels": list(labels), "extractor": {"name": "some network", "sha256": sha256}}
    files = {
        "session.npz": stream.getvalue(),
        "session.json": json.dumps(facts).encode(),
        "metadata.json": json.dumps({"labels": list(labels), **({} if order is None else {"order": order})}).encode(),
    }
    for row, picture in (pictures or {}).items():
        label = label_indices[row]
        number = list(label_indices[: row + 1]).count(label)
        files[f"samples/{label}_x/{number:03d}.jpg"] = picture
    for name, data in with_checksums(files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder
