"""Fixtures that several test packages share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("KIOSK_SHARED", REPOSITORY.parent / "shared"))


def _shared(folder: str, what: str) -> Path:
    path = SHARED / folder
    if not path.is_dir():
        pytest.skip(f"needs {what}: put them into {path}, or name their parent folder in KIOSK_SHARED")
    return path


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """Folder with Google's MobileNet v1 embedding extractors, plain and compiled for the Edge TPU."""
    return _shared("models", "Google's MobileNet v1 embedding extractors")


@pytest.fixture(scope="session")
def shared_photos() -> Path:
    """Folder with real photographs: `sign-digits/<digit>/*.JPG` and `scenes/*.jpg`."""
    return _shared("photos", "photographs (sign-digits by class, scenes)")
