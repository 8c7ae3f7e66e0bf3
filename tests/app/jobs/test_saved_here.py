"""SAVE without a drive: the folders on this computer have a largest size, and leave room on the disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.base.buttons import Action
from app.base.errors import ExportFailed
from app.jobs.saved_here import make_room
from tests.support.kiosks import Station

pytestmark = pytest.mark.needs_runtime


def lay_folders(exports: Path, orders: dict[str, object]) -> None:
    """Saved folders of 1000 bytes and a little more."""
    for name, order in orders.items():
        (exports / name / "samples").mkdir(parents=True)
        (exports / name / "metadata.json").write_text(json.dumps({"order": order}))
        (exports / name / "samples" / "1.jpg").write_bytes(bytes(1000))


def names(exports: Path) -> set[str]:
    return {path.name for path in exports.iterdir()}


def test_the_oldest_folders_are_deleted_by_their_order_and_not_by_their_names_or_times(tmp_path: Path) -> None:
    lay_folders(tmp_path, {"2031-01-01_0000_a": 5, "2026-01-01_0000_b": 7, "2020-01-01_0000_c": 6})
    make_room(tmp_path, max_bytes=2200, floor_bytes=0)
    assert names(tmp_path) == {"2026-01-01_0000_b", "2020-01-01_0000_c"}


def test_folders_that_save_did_not_write_stay(tmp_path: Path) -> None:
    lay_folders(tmp_path, {"mine": "5", "holiday": True})
    (tmp_path / "letter.txt").write_text("x")
    (tmp_path / "elsewhere").symlink_to(tmp_path / "mine")
    make_room(tmp_path, max_bytes=0, floor_bytes=0)
    assert names(tmp_path) == {"mine", "holiday", "letter.txt", "elsewhere"}


def test_folders_are_deleted_until_the_floor_is_free_and_never_the_newest(tmp_path: Path) -> None:
    lay_folders(tmp_path, {"a": 1, "b": 2, "c": 3})

    def free(folder: Path) -> int:
        return 5000 - 1000 * len(list(folder.iterdir()))

    make_room(tmp_path, max_bytes=1 << 40, floor_bytes=3000, free_bytes=free)
    assert names(tmp_path) == {"b", "c"}
    make_room(tmp_path, max_bytes=0, floor_bytes=9000, free_bytes=free, keep=tmp_path / "c")
    assert names(tmp_path) == {"c"}


def test_without_room_the_visitor_is_asked_for_a_drive(tmp_path: Path) -> None:
    with pytest.raises(ExportFailed) as caught:
        make_room(tmp_path / "none", max_bytes=1, floor_bytes=100, free_bytes=lambda _: 99)
    assert str(caught.value) == "There is too little room on this computer. Plug in a drive and press SAVE again."


def test_save_keeps_the_newest_folders(station: Station) -> None:
    station.train()
    folders = []
    for _ in range(3):
        station.press(Action.SAVE)
        folders.append(station.kiosk.saved_to)
        station.press(Action.SAVE)  # leaves the page
    size = sum(path.stat().st_size for path in folders[0].rglob("*") if path.is_file())
    make_room(station.config.export_dir / "teachable", max_bytes=2 * size + size // 2, floor_bytes=0)
    assert [folder.is_dir() for folder in folders] == [False, True, True]
