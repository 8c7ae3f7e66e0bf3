"""Durable files, free names, and damaged files that are set aside."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.base.files import free_path, set_aside, write_durably


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "file"
    write_durably(path, b"first")
    write_durably(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_durably(path, b"first")
    (tmp_path / "file.partial").mkdir()  # the system cannot open it for writing, not even for root
    with pytest.raises(OSError):  # noqa: PT011  # the caller says what the file was for
        write_durably(path, b"second")
    assert path.read_bytes() == b"first"


def test_a_free_path_has_the_first_number_that_no_file_has(tmp_path: Path) -> None:
    assert free_path(tmp_path / "missing", "name") == tmp_path / "missing" / "name"
    (tmp_path / "name.txt").touch()
    (tmp_path / "name_2.txt").mkdir()
    (tmp_path / "name_4.txt").touch()
    assert free_path(tmp_path, "name", ".txt") == tmp_path / "name_3.txt"
    assert free_path(tmp_path, "name") == tmp_path / "name"


def test_damaged_files_are_set_aside_under_growing_numbers(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    for number in (1, 2):
        path.write_text(f"damaged {number}")
        assert set_aside(path) == tmp_path / f"settings.toml.damaged-{number}"
    assert not path.exists()
    assert (tmp_path / "settings.toml.damaged-1").read_text() == "damaged 1"
