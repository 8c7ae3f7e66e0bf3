"""SAVE chooses a place and says where the folder is. `test_save_to_real_drives` uses real file systems."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.base.buttons import Action
from app.core import events as ev
from app.core.state import Mode
from app.model.observation import NOTHING_SEEN
from app.model.saved_folder.facts import EXPORT_FOLDER
from app.views.present import Surroundings, present
from app.views.saving import saving
from app.views.words import Translator
from tests.support.kiosks import Station, station_that_learns_fast

pytestmark = pytest.mark.needs_runtime


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    station = station_that_learns_fast(tmp_path)
    yield station
    station.close()


NO_FOLDER = "teachable on the drive is no folder: rename it on a computer, or use another drive."


def test_after_saving_the_screen_says_that_the_drive_may_be_pulled_out(station: Station) -> None:
    drive = station.folder / "stick"
    drive.mkdir()
    station.drives.insert("STICK", drive)
    station.train()
    station.press(Action.SAVE)
    assert station.kiosk.saved_to.is_relative_to(drive / "teachable")
    shown = present(station.kiosk.state, None, NOTHING_SEEN, Surroundings()).saving
    assert shown is not None
    assert (shown.safe, shown.text) == (True, "You may pull the drive out now.")
    assert [step.done for step in shown.steps] == [True] * 4


def test_without_a_drive_the_folder_is_written_to_the_export_directory(station: Station) -> None:
    station.train()
    station.press(Action.SAVE)
    shown = saving(station.kiosk.state, Translator("en"))
    assert shown is not None
    assert (shown.onto_drive, shown.text) == (False, "It is kept on this machine.")
    assert shown.home == "To take it home, plug in a drive and press SAVE again."
    assert station.kiosk.saved_to.parent == station.config.export_dir / "teachable"


def test_if_the_first_drive_fails_the_second_is_used(station: Station) -> None:
    good = station.folder / "b"
    good.mkdir()
    station.drives.insert("A", station.folder / "a")  # gone already
    station.drives.insert("B", good)
    station.train()
    station.press(Action.SAVE)
    assert station.kiosk.saved_to.is_relative_to(good)


def test_a_drive_that_takes_no_large_file_is_reported_and_left_empty(station: Station) -> None:
    drive = station.folder / "stick"
    drive.mkdir()
    station.drives.insert("STICK", drive)
    station.train()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        station.press(Action.SAVE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert station.kiosk.state.mode is Mode.LIVE
    assert station.notice == (
        f"the model could not be saved to {drive}/teachable: File too large. "
        "The drive takes no file of this size: use another one, then save again."
    )
    assert list(drive.rglob("*.*")) == []


def test_a_write_protected_drive_is_not_used(station: Station) -> None:
    (station.folder / "locked").mkdir()
    station.drives.insert("LOCKED", station.folder / "locked", read_only=True)
    station.train()
    station.press(Action.SAVE)
    assert station.kiosk.saved_to is not None
    assert station.kiosk.saved_to.is_relative_to(station.folder / "export")


def test_nothing_is_written_to_the_mount_point_of_a_pulled_drive(station: Station) -> None:
    station.drives.insert("STICK", station.folder / "stick")  # in the list still, its folder gone already
    station.train()
    station.press(Action.SAVE)
    assert station.notice == "the drive STICK was pulled too early. Plug it in again, then press SAVE again."
    assert not (station.folder / "stick").exists()


@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_on_the_drive_is_not_followed(station: Station, tmp_path: Path, is_there: bool) -> None:
    stick, elsewhere = tmp_path / "stick", tmp_path / "elsewhere"
    stick.mkdir()
    if is_there:
        elsewhere.mkdir()
    (stick / EXPORT_FOLDER).symlink_to(elsewhere)
    station.drives.insert("STICK", stick)
    station.train()
    station.press(Action.SAVE)
    assert station.notice == NO_FOLDER
    assert station.kiosk.saved_to is None
    assert not elsewhere.exists() or list(elsewhere.iterdir()) == []


def test_a_file_with_the_name_of_the_folder_is_reported_and_unchanged(station: Station, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / EXPORT_FOLDER).write_text("a visitor's")
    station.drives.insert("STICK", stick)
    station.train()
    station.press(Action.SAVE)
    assert station.notice == NO_FOLDER
    assert (stick / EXPORT_FOLDER).read_text() == "a visitor's"


def test_a_save_right_after_a_new_language_writes_the_new_names_and_waits_for_them(station: Station) -> None:
    station.train()
    station.kiosk.perform(ev.NameClasses(("Apfel", "Tasse", "Ente")))
    station.panel.tap(Action.SAVE)
    station.kiosk.tick()
    assert station.kiosk.long_jobs.empty()  # the names are being stored
    station.settle()
    assert station.kiosk.saved_to is not None
    metadata = json.loads((station.kiosk.saved_to / "metadata.json").read_text())
    assert metadata["labels"] == ["Apfel", "Tasse"]


def test_of_several_languages_in_a_row_the_last_names_are_saved_and_the_model_keeps_its_file(station: Station) -> None:
    station.train()
    model = station.vision.model
    for names in (("Apfel", "Tasse", "Ente"), ("pomme", "tasse", "canard"), ("mela", "tazza", "anatra")):
        station.kiosk.perform(ev.NameClasses(names))
    station.press(Action.SAVE)
    assert station.vision.model is model
    assert station.kiosk.saved_to is not None
    metadata = json.loads((station.kiosk.saved_to / "metadata.json").read_text())
    assert metadata["labels"] == ["mela", "tazza"]
