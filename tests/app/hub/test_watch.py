"""`hub --watch` takes folders when they are whole, tries refused ones again, and forgets those that are gone."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest

from app.hub.folders import RefusedFolder, find_folders
from app.hub.watch import Look, Watch
from tests.support.stations import drawn, write_station

pytestmark = pytest.mark.needs_runtime

LABELS = ("apple", "cup")
JPEG = b"a picture"


def station(root: Path, name: str) -> Path:
    return write_station(root / name / "a", LABELS, drawn([0, 1], 0), [0, 1], pictures={0: JPEG, 1: JPEG})


def watching(root: Path, steady_looks: int = 3) -> Watch:
    return Watch(partial(find_folders, root), steady_looks)


def names(look: Look) -> list[str]:
    return [one.name for one in look.ready]


def refused(watch: Watch, look: Look) -> RefusedFolder:
    """Refuse the only folder of a look."""
    (one,) = look.ready
    folder = RefusedFolder(one.name, one.station, "it is not whole.")
    watch.refuse(one, folder)
    return folder


def test_a_folder_is_taken_once_when_it_has_not_changed_between_two_looks(tmp_path: Path) -> None:
    station(tmp_path, "one")
    watch = watching(tmp_path)
    assert watch.look() == Look(False, [], [], [])
    look = watch.look()
    assert (names(look), look.forget) == (["one/a"], False)
    assert watch.look() == Look(False, [], [], [])


def test_a_folder_that_is_still_being_copied_waits(tmp_path: Path) -> None:
    folder = station(tmp_path, "one")
    whole = (folder / "session.npz").read_bytes()
    watch = watching(tmp_path)
    for share in (3, 2, 1):
        (folder / "session.npz").write_bytes(whole[: len(whole) // share])
        assert watch.look() == Look(False, [], [], [])
    assert names(watch.look()) == ["one/a"]


def test_a_folder_whose_pictures_are_still_being_copied_waits(tmp_path: Path) -> None:
    folder = station(tmp_path, "one")
    pictures = sorted((folder / "samples").rglob("*.jpg"))
    for path in pictures:
        path.unlink()
    watch = watching(tmp_path)
    for path in pictures:
        path.write_bytes(JPEG)
        assert watch.look() == Look(False, [], [], [])
    assert names(watch.look()) == ["one/a"]


def test_a_refused_folder_is_read_again_whenever_it_has_changed(tmp_path: Path) -> None:
    folder = station(tmp_path, "one")
    (folder / "session.npz").unlink()
    watch = watching(tmp_path)
    watch.look()
    for content in (b"half", b"more than half"):
        refused(watch, watch.look())
        assert watch.look() == Look(False, [], [], [])
        (folder / "session.npz").write_bytes(content)
        assert watch.look() == Look(False, [], [], [])
    assert names(watch.look()) == ["one/a"]


@pytest.mark.parametrize("changed", ["session.npz", "SHA256SUMS", "samples/0_x/001.jpg", "samples/1_x/002.jpg"])
def test_a_refused_folder_is_left_out_when_it_stays_the_same_and_not_for_good(tmp_path: Path, changed: str) -> None:
    folder = station(tmp_path, "one")
    watch = watching(tmp_path)
    watch.look()
    bad = refused(watch, watch.look())
    assert [watch.look().left_out for _ in range(4)] == [[], [], [bad], []]
    (folder / changed).write_bytes(b"what was missing")
    assert watch.look() == Look(False, [], [bad], [])
    assert names(watch.look()) == ["one/a"]


def test_a_refused_folder_that_is_gone_is_not_left_out_any_more(tmp_path: Path) -> None:
    watch = watching(tmp_path, 1)
    station(tmp_path, "one")
    watch.look()
    bad = refused(watch, watch.look())
    assert watch.look().left_out == [bad]
    shutil.rmtree(tmp_path / "one")
    assert watch.look() == Look(False, [], [bad], [])


def test_a_folder_that_was_deleted_or_changed_makes_everything_be_collected_again(tmp_path: Path) -> None:
    for name in ("bad", "one", "two"):
        station(tmp_path, name)
    watch = watching(tmp_path, 1)
    watch.look()
    bad, *_ = watch.look().ready
    refusal = RefusedFolder(bad.name, bad.station, "it is not whole.")
    watch.refuse(bad, refusal)
    assert watch.look().left_out == [refusal]
    shutil.rmtree(tmp_path / "one")
    look = watch.look()
    assert (names(look), look.forget, look.left_out) == (["two/a"], True, [refusal])
    write_station(tmp_path / "two" / "a", LABELS, drawn([0, 1, 0], 0), [0, 1, 0])
    assert watch.look() == Look(False, [], [], [])  # it may still be changing
    look = watch.look()
    assert (names(look), look.forget, look.left_out) == (["two/a"], True, [refusal])
