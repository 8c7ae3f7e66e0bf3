"""Folders on a drive are found fast, read completely or not at all, and never trusted."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from app.base.errors import FolderRefused
from app.core.events import DrivesChanged, Event, FolderFound
from app.demo.simulated import SimulatedDrives
from app.importing.find import LONGEST_SEARCH_S, MOST_DEEPER, find_folder, next_order
from app.importing.read_model import read_model
from app.importing.untrusted_folder import open_untrusted_folder
from app.model.saved_folder.facts import EXPORT_FOLDER, PLAIN_FILE
from app.workers.drives import watch_drives
from run_kiosk import main
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


ODD_NAMES = ["my model", "Äpfel & Birnen", "-rf", "a'b\"c", "🍎", "x" * 200, "2026-13-45_9999_no date", "2026"]


def with_order(folder: Path, order: object) -> None:
    facts = json.loads((folder / "metadata.json").read_text())
    (folder / "metadata.json").write_text(json.dumps({**facts, "order": order}))


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_folder_at_the_top_of_the_drive_is_found_by_any_name(stick: Path, folder: Path, name: str) -> None:
    moved = folder.rename(stick / name)
    (stick / EXPORT_FOLDER).rmdir()
    found = find_folder(stick)
    assert found is not None
    assert found.path == moved
    assert read_model(moved, runtime="litert").labels == ("Äpfel", "cup")


@pytest.mark.parametrize("name", [*ODD_NAMES, EXPORT_FOLDER])
def test_a_folder_beside_those_of_save_is_found_by_any_name(stick: Path, folder: Path, name: str) -> None:
    moved = folder.rename(stick / EXPORT_FOLDER / name)
    found = find_folder(stick)
    assert found is not None
    assert found.path == moved
    assert read_model(moved, runtime="litert").labels == ("Äpfel", "cup")


def test_a_folder_at_the_top_may_have_the_name_of_the_place_of_save(stick: Path, folder: Path) -> None:
    moved = folder.rename(stick / "moved")
    (stick / EXPORT_FOLDER).rmdir()
    moved.rename(stick / EXPORT_FOLDER)
    found = find_folder(stick)
    assert found is not None
    assert found.path == stick / EXPORT_FOLDER
    assert read_model(found.path, runtime="litert").labels == ("Äpfel", "cup")


@pytest.mark.parametrize("place", ["school", "school/year 5", "a/b/c", f"{EXPORT_FOLDER}/year 5/group 1"])
def test_a_folder_that_somebody_sorted_into_folders_is_found(stick: Path, folder: Path, place: str) -> None:
    (stick / place).mkdir(parents=True)
    moved = folder.rename(stick / place / "my model")
    found = find_folder(stick)
    assert found is not None
    assert found.path == moved
    assert read_model(moved, runtime="litert").labels == ("Äpfel", "cup")


def test_a_folder_in_a_hidden_or_a_very_deep_folder_is_not_looked_for(stick: Path, folder: Path) -> None:
    for place in (".Trashes", "a/b/c/d/e/f"):
        (stick / place).mkdir(parents=True)
        moved = folder.rename(stick / place / "my model")
        assert find_folder(stick) is None
        folder = moved


def test_inside_a_saved_folder_no_other_one_is_looked_for(stick: Path, folder: Path) -> None:
    inner = shutil.copytree(folder, stick / "inner")
    with_order(inner, 1 << 50)
    inner.rename(folder / "inner")
    found = find_folder(stick)
    assert found is not None
    assert found.path == folder


def test_a_link_to_a_folder_with_a_saved_one_is_not_followed(stick: Path, folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder.rename(elsewhere / "my model")
    (stick / "link").symlink_to(elsewhere)
    assert find_folder(stick) is None
    assert refusal(lambda: read_model(stick / "link" / "my model", runtime="litert")) == (
        "link is not a plain file or folder, so it is not opened."
    )


def test_folders_full_of_folders_are_searched_only_so_far(stick: Path, folder: Path) -> None:
    for number in range(3):
        for other in range(1000):
            (stick / f"photos {number}" / f"day {other}").mkdir(parents=True)
    looks: list[float] = []
    find_folder(stick, clock=lambda: looks.append(0.0) or 0.0)  # type: ignore[func-returns-value]
    assert len(looks) < MOST_DEEPER + 20


def test_the_largest_order_is_the_newest_in_both_places_even_if_a_clock_was_wrong(stick: Path, folder: Path) -> None:
    ahead = folder.rename(folder.with_name("2099-01-01_0900_clock was ahead"))
    by_train = Path(shutil.copytree(ahead, stick / "by train"))
    with_order(ahead, 4_070_941_200)
    with_order(by_train, 4_070_941_201)
    found = find_folder(stick)
    assert found is not None
    assert found.path == by_train
    with_order(ahead, 4_070_941_202)
    found = find_folder(stick)
    assert found is not None
    assert found.path == ahead


@pytest.mark.parametrize("order", [None, "7", True, -1, 1 << 60, 1.5, [], {}])
def test_without_a_valid_order_the_date_in_the_name_counts_then_that_of_the_file(
    stick: Path, folder: Path, order: object
) -> None:
    dated = folder.rename(folder.with_name("2031-01-01_0900_dated"))
    undated = Path(shutil.copytree(dated, stick / "undated"))
    for one in (dated, undated):
        with_order(one, order)
    os.utime(undated / "metadata.json", (0, datetime(2030, 12, 31).timestamp()))
    found = find_folder(stick)
    assert found is not None
    assert found.path == dated
    os.utime(undated / "metadata.json", (0, datetime(2031, 1, 2).timestamp()))
    found = find_folder(stick)
    assert found is not None
    assert found.path == undated


def test_the_next_order_is_larger_than_all_others(stick: Path, folder: Path) -> None:
    places = [stick / EXPORT_FOLDER, stick, stick / "missing"]
    (stick / "no folder").write_text("")
    with_order(folder, 100)
    assert next_order(places, datetime.fromtimestamp(1000)) == 1000
    with_order(folder, 1000)
    assert next_order(places, datetime.fromtimestamp(1000)) == 1001
    with_order(Path(shutil.copytree(folder, stick / "by train")), 5000)
    assert next_order(places, datetime.fromtimestamp(1000)) == 5001
    with_order(folder, 1 << 53)
    assert next_order(places, datetime.fromtimestamp(1000)) == 1 << 53


def test_the_search_for_the_next_order_ends_in_time_whatever_the_clock_says_at_its_beginning(
    stick: Path, folder: Path
) -> None:
    with_order(folder, 5000)
    copies = [folder.with_name(f"2099-01-01_{number:04d}_copy") for number in range(40)]
    for one in copies:
        one.mkdir()
        shutil.copy(folder / "metadata.json", one)
    looks = [1e6]  # seconds since the computer was started

    def clock() -> float:
        looks.append(looks[-1] + 0.5)  # every folder takes half a second
        return looks[-1]

    assert next_order([stick / EXPORT_FOLDER], datetime.fromtimestamp(1000), clock=clock) == 5001
    assert 2 < len(looks) < len(copies)


def test_save_writes_an_order_and_train_a_larger_one_beside_it(
    stick: Path, folder: Path, shared_photos: Path, tmp_path: Path
) -> None:
    order = json.loads((folder / "metadata.json").read_text())["order"]
    assert abs(order - time.time()) < 3600
    with_order(folder, order + 10_000_000)  # the clock was ahead there
    for digit in ("0", "2"):
        (tmp_path / "data" / digit).mkdir(parents=True)
        for path in sorted((shared_photos / "sign-digits" / digit).iterdir())[:4]:
            shutil.copy(path, tmp_path / "data" / digit)
    assert main(["train", str(tmp_path / "data"), "--out", str(stick / "signs")]) == 0
    found = find_folder(stick)
    assert found is not None
    assert (found.path, found.labels) == (stick / "signs", ("0", "2"))


def test_a_link_at_the_top_of_the_drive_is_not_followed(stick: Path, folder: Path, tmp_path: Path) -> None:
    (stick / "link").symlink_to(folder.rename(tmp_path / "elsewhere"))
    assert find_folder(stick) is None
    assert refusal(lambda: read_model(stick / "link", runtime="litert")) == (
        "link is not a plain file or folder, so it is not opened."
    )


def test_a_drive_with_thousands_of_folders_at_its_top_is_searched_in_time(stick: Path, folder: Path) -> None:
    folder.rename(stick / "zzz")
    for number in range(6000):
        (stick / f"photos {number}").mkdir()
    started_s = time.monotonic()
    find_folder(stick)
    assert time.monotonic() - started_s < LONGEST_SEARCH_S + 1
