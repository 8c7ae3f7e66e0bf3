"""Folders on a drive are found fast, read completely or not at all, and never trusted."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app.base.errors import FolderRefused
from app.core.events import DrivesChanged, Event, FolderFound
from app.demo.simulated import SimulatedDrives
from app.importing.find import find_folder
from app.importing.read_model import read_model
from app.importing.untrusted_folder import open_untrusted_folder
from app.model.export_folder import EXPORT_FOLDER, PLAIN_FILE
from app.workers.drives import watch_drives
from tests.support.untrusted_folders import read_session_of_any_extractor, refusal

pytestmark = pytest.mark.needs_runtime


def test_the_newest_folder_that_can_be_used_is_found(stick: Path, folder: Path) -> None:
    base = stick / EXPORT_FOLDER
    shutil.copytree(folder, base / "2031-01-01_0900_newer")
    shutil.copytree(folder, base / "2032-01-01_0900_half.partial")
    (base / "2033-01-01_0900_empty").mkdir()
    found = find_folder(stick)
    assert found is not None
    assert found.path == base / "2031-01-01_0900_newer"
    assert found.labels == ("Äpfel", "cup")
    assert (found.has_session, found.has_model) == (True, True)


def test_a_folder_is_found_among_thousands_of_others(stick: Path, folder: Path) -> None:
    base = stick / EXPORT_FOLDER
    for number in range(1000):
        (base / f"holiday {number}").mkdir()
        (base / f"2099-01-01_{number:04d}_bait").mkdir()
    found = find_folder(stick)
    assert found is not None
    assert found.path == folder


def test_a_folder_is_announced_once_when_its_drive_comes(stick: Path, folder: Path) -> None:
    drives, announced = SimulatedDrives(), list[Event]()
    steps: list[Callable[[], None]] = [
        lambda: None,
        lambda: drives.insert("STICK", stick),
        lambda: None,
        lambda: drives.pull("STICK"),
        lambda: drives.insert("STICK", stick),
    ]

    class Script:
        """A signal that lets the drive worker look once after every step."""

        def is_set(self) -> bool:
            if not steps:
                return True
            steps.pop(0)()
            return False

        def wait(self, timeout: float | None = None) -> bool:
            return False

    watch_drives(drives, announced.append, stop=Script())
    found = FolderFound("STICK", folder, ("Äpfel", "cup"), True, True)
    assert [type(event) for event in announced] == [
        DrivesChanged,
        FolderFound,
        DrivesChanged,
        DrivesChanged,
        FolderFound,
    ]
    assert announced[1] == announced[4] == found


def test_the_search_on_a_slow_drive_ends_in_time(stick: Path) -> None:
    for number in range(100):
        (stick / EXPORT_FOLDER / f"2099-01-01_{number:04d}_bait").mkdir()
    looks: list[float] = []

    def clock() -> float:
        looks.append(0.5 * len(looks))  # every folder takes half a second
        return looks[-1]

    assert find_folder(stick, clock=clock) is None
    assert len(looks) < 10


def test_a_drive_without_a_folder_of_ours_has_none(tmp_path: Path) -> None:
    assert find_folder(tmp_path) is None
    assert find_folder(tmp_path / "gone") is None
    (tmp_path / EXPORT_FOLDER).write_text("a file")
    assert find_folder(tmp_path) is None


@pytest.mark.parametrize("at", [EXPORT_FOLDER, "the folder", "the models"])
def test_a_link_in_the_path_is_not_followed(stick: Path, folder: Path, tmp_path: Path, at: str) -> None:
    place = {EXPORT_FOLDER: stick / EXPORT_FOLDER, "the folder": folder, "the models": (folder / PLAIN_FILE).parent}[at]
    elsewhere = tmp_path / "elsewhere"
    place.rename(elsewhere)
    place.symlink_to(elsewhere)
    found = find_folder(stick)
    assert found is None if at != "the models" else found is not None and not found.has_model


def test_a_linked_file_is_not_read(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "shadow"
    secret.write_text('{"labels": ["root", "secret"]}')
    (folder / "session.json").unlink()
    (folder / "session.json").symlink_to(secret)
    text = refusal(lambda: read_session_of_any_extractor(folder))
    assert text == "session.json is not a plain file or folder, so it is not opened."


def test_a_pipe_is_not_opened_and_a_path_is_not_accepted_as_a_name(folder: Path) -> None:
    (folder / "session.json").unlink()
    os.mkfifo(folder / "session.json")
    assert refusal(lambda: read_session_of_any_extractor(folder)).startswith("session.json is not a plain file")
    with open_untrusted_folder(folder) as open_folder:
        for name in ("../metadata.json", "/etc/passwd", "..", ""):
            with pytest.raises(FolderRefused) as caught:
                open_folder.read(name, 100)
            assert str(caught.value) == f"{name} is not a plain file or folder, so it is not opened."


def test_a_huge_file_is_refused_by_its_size_alone(folder: Path) -> None:
    with (folder / PLAIN_FILE).open("r+b") as model:
        model.truncate(1 << 40)
    text = refusal(lambda: read_model(folder, runtime="litert"))
    assert text == "model.tflite is larger than 64 MB, so it is not opened."
    with (folder / "metadata.json").open("r+b") as facts:
        facts.truncate(1 << 30)
    assert find_folder(folder.parents[1]) is None


@pytest.mark.parametrize(
    "facts",
    ["[" * 100_000, "{}", "[]", "\x00", '{"labels": "ab"}', '{"labels": ["a"]}', '{"labels": ["a", "a"]}',
     '{"labels": ["a", 7]}', '{"labels": ["a", "\\u202e\\u0007"]}', json.dumps({"labels": list("abcdefghij")})],
)  # fmt: skip
def test_a_folder_with_invalid_metadata_is_not_found(stick: Path, folder: Path, facts: str) -> None:
    (folder / "metadata.json").write_text(facts)
    assert find_folder(stick) is None


def test_labels_are_cleaned_for_the_screen(stick: Path, folder: Path) -> None:
    family = "👩\u200d👧"  # one emoji, joined by an invisible character
    (folder / "metadata.json").write_text(json.dumps({"labels": ["\u202eevil\x1b[2J\n name ", family + "x" * 900]}))
    found = find_folder(stick)
    assert found is not None
    assert found.labels == ("evil[2J name", (family + "x" * 900)[:200])
