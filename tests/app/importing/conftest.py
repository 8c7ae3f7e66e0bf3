"""A drive with a folder that SAVE wrote; tests may change its files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.base.buttons import Action
from app.model.saved_folder.facts import EXPORT_FOLDER
from tests.support.kiosks import Station


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drive with one folder, saved with pictures."""
    root = tmp_path_factory.mktemp("elsewhere")
    station = Station(root / "kiosk", labels=("Äpfel", "cup", "duck"), save_pictures=True)
    (root / "stick").mkdir()
    station.drives.insert("STICK", root / "stick")
    station.teach()
    station.press(Action.TRAIN)
    station.press(Action.SAVE)
    station.close()
    return root / "stick"


@pytest.fixture
def stick(saved: Path, tmp_path: Path) -> Path:
    """A copy of it that may be tampered with."""
    return Path(shutil.copytree(saved, tmp_path / "stick"))


@pytest.fixture
def folder(stick: Path) -> Path:
    (folder,) = (stick / EXPORT_FOLDER).iterdir()
    return folder
