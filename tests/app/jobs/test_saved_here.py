"""SAVE without a drive: the folders on this computer have a largest size, and leave room on the disk."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.base.buttons import Action
from app.base.errors import ExportFailed
from app.core.events import CopySaved
from app.jobs.saved_here import LAST_NUMBER, make_room, next_number, saved_here
from tests.support.kiosks import Station, station_that_learns_fast

pytestmark = pytest.mark.needs_runtime


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    station = station_that_learns_fast(tmp_path)
    yield station
    station.close()


def lay_folders(exports: Path, orders: dict[str, object]) -> None:
    """Saved folders of 1000 bytes and a little more."""
    for name, order in orders.items():
        (exports / name / "samples").mkdir(parents=True)
        (exports / name / "metadata.json").write_text(json.dumps({"order": order, "number": order}))
        (exports / name / "samples" / "1.jpg").write_bytes(bytes(1000))


def names(exports: Path) -> set[str]:
    return {path.name for path in exports.iterdir()}


def test_the_oldest_folders_are_deleted_by_their_order_and_not_by_their_names_or_times(tmp_path: Path) -> None:
    lay_folders(tmp_path, {"2031-01-01_0000_a": 5, "2026-01-01_0000_b": 7, "2020-01-01_0000_c": 6})
    make_room(tmp_path, max_bytes=2200, floor_bytes=0)
    assert names(tmp_path) == {"2026-01-01_0000_b", "2020-01-01_0000_c"}


def test_folders_that_save_did_not_write_stay(tmp_path: Path) -> None:
    lay_folders(tmp_path, {"mine": "5", "holiday": True, "trained": 4})
    (tmp_path / "trained" / "metadata.json").write_text(json.dumps({"order": 4}))  # by `train`
    (tmp_path / "letter.txt").write_text("x")
    (tmp_path / "elsewhere").symlink_to(tmp_path / "mine")
    make_room(tmp_path, max_bytes=0, floor_bytes=0)
    assert names(tmp_path) == {"mine", "holiday", "trained", "letter.txt", "elsewhere"}


def test_no_model_is_deleted_if_that_does_not_make_enough_room(tmp_path: Path) -> None:
    lay_folders(tmp_path, {"a": 1, "b": 2})
    with pytest.raises(ExportFailed):
        make_room(tmp_path, max_bytes=1 << 40, floor_bytes=9000, free_bytes=lambda _: 5000)
    make_room(tmp_path, max_bytes=1 << 40, floor_bytes=9000, free_bytes=lambda _: 5000, keep=tmp_path / "b")
    assert names(tmp_path) == {"a", "b"}


def test_folders_are_deleted_until_the_floor_is_free_and_never_the_newest(tmp_path: Path) -> None:
    lay_folders(tmp_path, {"a": 1, "b": 2, "c": 3})

    def free(folder: Path) -> int:
        return 5000 - 1000 * len(list(folder.iterdir()))

    make_room(tmp_path, max_bytes=1 << 40, floor_bytes=3000, free_bytes=free)
    assert names(tmp_path) == {"b", "c"}
    make_room(tmp_path, max_bytes=0, floor_bytes=0, free_bytes=free, keep=tmp_path / "c")
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


def test_each_saved_model_has_a_number_that_is_never_given_twice(tmp_path: Path) -> None:
    exports, data = tmp_path / "exports", tmp_path / "data"
    data.mkdir()
    assert [next_number(data, exports) for _ in range(3)] == [1, 2, 3]
    lay_folders(exports, {"a": 5})
    (exports / "a" / "metadata.json").write_text(json.dumps({"order": 5, "number": 16, "labels": ["apple", "cup"]}))
    (data / LAST_NUMBER).unlink()
    os.mkfifo(data / LAST_NUMBER)
    assert next_number(data, exports) == 17  # also if the data directory is new
    (found,) = saved_here(exports)
    assert (found.number, found.labels) == (16, ("apple", "cup"))
    shutil.rmtree(exports)
    assert next_number(data, exports) == 18


@pytest.mark.parametrize("kept", ["", "no number", "-"])
def test_a_damaged_number_is_replaced_by_the_next_one_of_the_folders(tmp_path: Path, kept: str) -> None:
    (tmp_path / LAST_NUMBER).write_text(kept)
    assert next_number(tmp_path, tmp_path / "none") == 1
    assert (tmp_path / LAST_NUMBER).read_text() == "1"


def test_a_number_is_given_although_the_disk_is_gone(tmp_path: Path) -> None:
    assert next_number(tmp_path / "missing", tmp_path / "none") == 1


def copied(station: Station, number: int) -> str:
    """Ask for a model as staff do; returns the notice."""
    station.kiosk.perform(CopySaved(number))
    station.settle()
    return station.notice


def test_staff_copy_a_visitors_model_to_a_drive_by_its_number(station: Station) -> None:
    station.train()
    for _ in range(2):
        station.press(Action.SAVE)
        station.press(Action.SAVE)  # leaves the page
    kept = {one.number: one for one in saved_here(station.config.export_dir / "teachable")}
    assert set(kept) == {1, 2}
    assert copied(station, 2) == "Plug in a drive first: model 2 is copied to it."
    drive = station.folder / "stick"
    drive.mkdir()
    station.drives.insert("STICK", drive)
    assert copied(station, 2).strip() == "Model 2 is on STICK."
    (folder,) = (drive / "teachable").iterdir()
    assert contents(folder) == contents(kept[2].path)
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=folder, check=True)
    assert copied(station, 3) == "Model 3 is not here any more: others needed its room."
    copied(station, 2)
    assert len(list((drive / "teachable").iterdir())) == 2  # beside the first copy


def test_a_model_that_was_damaged_here_is_not_copied(station: Station) -> None:
    station.train()
    station.press(Action.SAVE)
    (kept,) = saved_here(station.config.export_dir / "teachable")
    readme = kept.path / "README.txt"
    readme.write_bytes(readme.read_bytes()[:-1])
    drive = station.folder / "stick"
    drive.mkdir()
    station.drives.insert("STICK", drive)
    assert copied(station, 1) == "Model 1 was damaged on this computer, so it is not copied."
    assert list(drive.iterdir()) == []


def test_a_model_is_copied_with_ascii_names_to_a_drive_that_takes_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = Station(tmp_path / "kiosk", labels=("Äpfel", "Tasse", "Ente"), save_pictures=True)
    station.train()
    station.press(Action.SAVE)
    drive = tmp_path / "stick"
    drive.mkdir()
    station.drives.insert("STICK", drive)
    mkdir = Path.mkdir

    def narrow(path: Path, *args: Any, **kwargs: Any) -> None:
        if not path.name.isascii():
            raise OSError(errno.EINVAL, "Invalid argument")
        mkdir(path, *args, **kwargs)

    monkeypatch.setattr(Path, "mkdir", narrow)
    notice = copied(station, 1)
    station.close()
    assert notice.strip() == "Model 1 is on STICK."
    (folder,) = (drive / "teachable").iterdir()
    assert folder.name.endswith("_Apfel_Tasse")
    assert (folder / "samples" / "0_Apfel" / "001.jpg").is_file()
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=folder, check=True)


def test_a_model_that_had_to_make_room_is_gone_by_its_number_too(station: Station) -> None:
    station.train()
    for _ in range(2):
        station.press(Action.SAVE)
        station.press(Action.SAVE)
    exports = station.config.export_dir / "teachable"
    make_room(exports, max_bytes=0, floor_bytes=0, keep=saved_here(exports)[-1].path)
    assert [one.number for one in saved_here(exports)] == [2]
    assert copied(station, 1) == "Model 1 is not here any more: others needed its room."


def contents(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}
