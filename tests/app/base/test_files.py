"""Files are replaced completely or not at all, and new names never take the place of existing files."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from app.base.files import free_path, set_aside, write_durably


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "settings.toml"
    write_durably(path, b"first")
    write_durably(path, b"second")
    assert {one.name: one.read_bytes() for one in path.parent.iterdir()} == {"settings.toml": b"second"}


def test_a_failed_write_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    write_durably(path, b"first")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_durably(path, b"much too long")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == {"settings.toml": b"first"}


def test_the_first_error_of_a_failed_write_is_raised(tmp_path: Path) -> None:
    (tmp_path / "folder").touch()  # a file in the place of the folder
    with pytest.raises(FileExistsError):
        write_durably(tmp_path / "folder" / "settings.toml", b"data")


def test_the_content_is_synced_before_the_rename_and_the_directory_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "settings.toml"
    synced: list[tuple[str, bool]] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append((Path(f"/proc/self/fd/{descriptor}").readlink().name, path.exists()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    write_durably(path, b"data")
    assert synced == [("settings.toml.partial", False), (tmp_path.name, True)]


def test_a_name_in_use_gets_the_next_free_number(tmp_path: Path) -> None:
    made = []
    for _ in range(3):
        path = free_path(tmp_path, "visit", ".sqlite3")
        path.touch()
        made.append(path.name)
    assert made == ["visit.sqlite3", "visit_2.sqlite3", "visit_3.sqlite3"]


def test_a_free_number_between_used_ones_is_taken_and_the_folder_need_not_exist(tmp_path: Path) -> None:
    for name in ("visit", "visit_2", "visit_4"):
        (tmp_path / name).mkdir()
    assert free_path(tmp_path, "visit") == tmp_path / "visit_3"
    assert free_path(tmp_path / "missing", "visit") == tmp_path / "missing" / "visit"


def test_a_damaged_file_keeps_its_content_under_a_new_name(tmp_path: Path) -> None:
    path = tmp_path / "session.sqlite3"
    for content in (b"one", b"two"):
        path.write_bytes(content)
        assert set_aside(path).read_bytes() == content
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "session.sqlite3.damaged-1",
        "session.sqlite3.damaged-2",
    ]
