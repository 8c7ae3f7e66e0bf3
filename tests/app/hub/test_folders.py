"""Folders of stations are strangers' files: whatever they hold, they are read or refused with a reason."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any, cast

import pytest

from app.hub import folders
from app.hub.folders import RefusedFolder, find_folders, read_folder

pytestmark = pytest.mark.needs_runtime

NEEDED = ("session.npz", "session.json")


def lay(folder: Path, *more: str) -> None:
    """A folder whose files have the right checksums; `more` are names that its SHA256SUMS lists as well."""
    (folder / "samples").mkdir(parents=True)
    digest = hashlib.sha256(b"x").hexdigest()
    for name in NEEDED:
        (folder / name).write_bytes(b"x")
    (folder / "SHA256SUMS").write_text("".join(f"{digest}  {name}\n" for name in (*NEEDED, *more)))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("samples/a\0b", ""),
        ("samples/" + "a/" * 2000 + "b", "SHA256SUMS lists a file that is too deep. Copy the whole folder again."),
        ("samples/../../x", "SHA256SUMS lists a file that is too deep. Copy the whole folder again."),
    ],
)
def test_a_folder_that_lists_names_that_no_folder_has_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    lay(tmp_path / "station" / "visit", name)
    (found,) = find_folders(tmp_path)
    refused = read_folder(found, cast(Any, None))
    assert isinstance(refused, RefusedFolder)
    assert reason in refused.reason


def test_the_name_of_a_station_that_is_not_utf_8_can_be_written(tmp_path: Path) -> None:
    lay(Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")) / "visit")
    (found,) = find_folders(tmp_path)
    assert (found.station, found.name) == ("caf?", "caf?/visit")
    assert Path(found.path).is_dir()


def test_the_search_ends_with_the_number_of_folders_that_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "MOST_FOLDERS", 3)
    for name in ("a", "b", "c", "d", "e"):
        lay(tmp_path / "station" / name)
    looked_at: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: looked_at.append(Path(path).name) or scandir(path))
    assert [one.name for one in find_folders(tmp_path)] == ["station/a", "station/b", "station/c"]
    assert not {"d", "e"} & set(looked_at)


def test_more_folders_than_the_hub_reads_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(folders, "MOST_FOLDERS", 2)
    for name in ("a", "b", "c"):
        lay(tmp_path / name)
    assert [one.name for one in find_folders(tmp_path)] == ["a", "b"]
    assert caplog.messages == ["the search for folders ends with the first 2"]
