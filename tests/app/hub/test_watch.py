"""`hub --watch` takes folders when they are whole, and forgets those that are gone."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest

from app.hub.folders import find_folders
from app.hub.watch import Watch
from tests.support.stations import drawn, write_station

pytestmark = pytest.mark.needs_runtime


def station(root: Path, name: str) -> Path:
    return write_station(root / name / "a", ("apple", "cup"), drawn([0, 1], 0), [0, 1])


def names(found: list) -> list[str]:
    return [one.name for one in found]


def test_a_folder_is_taken_once_when_it_has_not_changed_between_two_looks(tmp_path: Path) -> None:
    station(tmp_path, "one")
    watch = Watch(partial(find_folders, tmp_path))
    assert watch.look() == ([], False)
    found, forget = watch.look()
    assert (names(found), forget) == (["one/a"], False)
    assert watch.look() == ([], False)


def test_a_folder_that_is_still_being_copied_waits(tmp_path: Path) -> None:
    folder = station(tmp_path, "one")
    whole = (folder / "session.npz").read_bytes()
    watch = Watch(partial(find_folders, tmp_path))
    for share in (3, 2, 1):
        (folder / "session.npz").write_bytes(whole[: len(whole) // share])
        assert watch.look() == ([], False)
    assert names(watch.look()[0]) == ["one/a"]


def test_a_folder_that_was_deleted_or_changed_makes_everything_be_collected_again(tmp_path: Path) -> None:
    for name in ("one", "two"):
        station(tmp_path, name)
    watch = Watch(partial(find_folders, tmp_path))
    watch.look()
    watch.look()
    shutil.rmtree(tmp_path / "one")
    found, forget = watch.look()
    assert (names(found), forget) == (["two/a"], True)
    write_station(tmp_path / "two" / "a", ("apple", "cup"), drawn([0, 1, 0], 0), [0, 1, 0])
    assert watch.look() == ([], False)  # it may still be changing
    found, forget = watch.look()
    assert (names(found), forget) == (["two/a"], True)
