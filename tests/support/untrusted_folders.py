"""Read folders from a drive with limits that only what never ends reaches, however slow the computer is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.base.errors import UntrustedFolderError
from app.guarded.sandbox import Limits
from app.importing.read_session import read_session
from app.session.session import Session
from tpu.guarded.process import GuardLimits

PATIENT = Limits(wall_s=3600.0, processor_s=3600)
PATIENT_WITH_MODELS = GuardLimits(answer_s=3600.0, processor_s=3600.0, wall_s=3600.0, open_s=3600.0)
DAMAGED = "it cannot be used: session.npz is damaged."


def session_of(folder: Path, **other: Any) -> Session:
    """Read a session with the extractor that it names; `other` replaces arguments of `read_session`."""
    known = json.loads((folder / "session.json").read_text(encoding="utf-8"))["extractor"]
    with np.load(folder / "session.npz", allow_pickle=False) as arrays:
        feature_dim = arrays["embeddings"].shape[1] if "embeddings" in arrays else 864
    here = {"extractor_name": known["name"], "extractor_sha256": known["sha256"], "feature_dim": feature_dim}

    def embed(picture: Any) -> Any:
        return np.full(3, picture.mean(), np.float32)

    return read_session(folder, **{"embed": embed, "limits": PATIENT, **here, **other})


def refusal(read: Callable[[], object]) -> str:
    """The text of the error with which a folder is refused."""
    with pytest.raises(UntrustedFolderError) as caught:
        read()
    return str(caught.value)


def read_session_of_any_extractor(folder: Path) -> Session:
    """Read a session as if it were made with another extractor than that of the kiosk."""
    return read_session(
        folder,
        extractor_name="x",
        extractor_sha256="1",
        feature_dim=3,
        embed=lambda _picture: np.zeros(3),
        limits=PATIENT,
    )
