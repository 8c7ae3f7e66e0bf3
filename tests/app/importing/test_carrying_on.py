"""At the kiosk: continue a session from a drive, or show its model."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app.base.buttons import Action
from app.config.schema import Config
from app.core.events import FolderFound
from app.core.state import Mode
from app.importing.find import find_folder
from app.session.archive import FOLDER as ARCHIVE
from tests.support.kiosks import Station
from tests.support.untrusted_folders import DAMAGED
from tests.support.visits import archived, pictures_in, set_privacy

pytestmark = pytest.mark.needs_runtime


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    station = Station(tmp_path / "here")
    yield station
    station.close()


def plug_in(station: Station, stick: Path) -> None:
    """Plug the drive in, and wait out the moment in which a press is no answer."""
    station.drives.insert("STICK", stick)
    found = find_folder(stick)
    assert found is not None
    station.kiosk.events.put(FolderFound("STICK", found.path, found.labels, found.has_session, found.has_model))
    for passed_s in (0.0, 0.0, 1.0):
        station.now_s += passed_s
        station.kiosk.tick()
    assert station.kiosk.state.mode is Mode.ASK_FOLDER


def test_continuing_archives_the_current_session_and_loads_the_other(station: Station, stick: Path) -> None:
    station.teach(shots=3)
    plug_in(station, stick)
    station.panel.tap(0)
    station.settle()
    state = station.kiosk.state
    assert state.mode is Mode.LIVE
    assert state.labels == ("Äpfel", "cup", "duck")
    assert state.shots == (4, 4, 0)
    assert len(state.classes[0].thumbnails) == 4
    (put_away,) = (station.config.data_dir / ARCHIVE).iterdir()
    database = sqlite3.connect(put_away)
    assert database.execute("SELECT class_index, count(*) FROM samples GROUP BY 1").fetchall() == [(0, 3), (1, 3)]
    database.close()
    station.table.show("apple")
    station.look()
    assert station.kiosk.observation is not None
    assert station.kiosk.observation.probabilities is not None


@pytest.mark.parametrize(("privacy", "kept_shots", "pictures"), [("keep", 6, 6), ("embeddings", 6, 0), ("erase", 0, 0)])
def test_a_session_archived_for_a_drive_follows_the_privacy_setting(
    station: Station, stick: Path, privacy: str, kept_shots: int, pictures: int
) -> None:
    set_privacy(station, privacy)
    station.teach(shots=3)
    plug_in(station, stick)
    station.panel.tap(0)
    station.settle()
    assert station.store.load().labels == ("Äpfel", "cup", "duck")
    put_away = archived(station)
    assert [path.stem.partition("_")[2].partition("_")[2] for path in put_away] == ["apple_cup"] * bool(kept_shots)
    assert sum(map(pictures_in, put_away)) == pictures


def test_sessions_archived_for_a_drive_count_for_the_size_of_the_archive(tmp_path: Path, stick: Path) -> None:
    settings = Config()
    settings = replace(settings, privacy=replace(settings.privacy, archive_max_mib=0))
    station = Station(tmp_path / "small", settings)
    with closing(station):
        station.teach(shots=3)
        plug_in(station, stick)
        station.panel.tap(0)
        station.settle()
        assert station.store.load().labels == ("Äpfel", "cup", "duck")
        assert archived(station) == []


def test_the_current_session_stays_if_the_disk_has_no_room_to_archive_it(tmp_path: Path, stick: Path) -> None:
    settings = Config()
    settings = replace(settings, privacy=replace(settings.privacy, free_floor_mib=1 << 40))
    station = Station(tmp_path / "full", settings)
    with closing(station):
        station.teach(shots=3)
        plug_in(station, stick)
        station.panel.tap(0)
        station.settle()
        assert station.store.load().shots() == (3, 3, 0)
        assert archived(station) == []
        assert station.kiosk.state.notice is not None
        assert str(station.kiosk.state.notice.text) == (
            "That folder is not used: the session could not be put away (No space left on device). "
            "Make room on the disk."
        )


def test_a_session_that_is_refused_changes_nothing(station: Station, stick: Path, folder: Path) -> None:
    station.teach(shots=3)
    before = station.store.load()
    plug_in(station, stick)
    (folder / "session.npz").write_bytes(b"broken meanwhile")
    station.panel.tap(0)
    station.settle()
    after, state = station.store.load(), station.kiosk.state
    assert [one.picture for one in after.samples] == [one.picture for one in before.samples]
    assert (state.mode, state.shots) == (Mode.TEACH, (3, 3, 0))
    assert state.notice is not None
    assert str(state.notice.text) == f"That folder is not used: {DAMAGED}"
    assert not (station.config.data_dir / ARCHIVE).exists()


def test_a_model_is_shown_and_reset_returns_to_the_current_session(station: Station, stick: Path) -> None:
    station.teach(shots=3)
    station.press(Action.TRAIN)
    own = station.vision.model
    plug_in(station, stick)
    station.panel.tap(1)
    station.settle()
    assert (station.kiosk.state.labels, station.kiosk.state.shown_from) == (("Äpfel", "cup"), "STICK")
    for button in (0, Action.TRAIN, Action.SAVE, Action.UNDO):
        station.panel.tap(button)
        station.settle()
    assert station.store.load().shots() == (3, 3, 0)
    station.press(Action.RESET)
    state = station.kiosk.state
    assert (state.mode, state.labels, state.shots) == (Mode.LIVE, ("apple", "cup", "duck"), (3, 3, 0))
    assert own is not None
    assert station.vision.model is not None
    assert station.vision.model.path == own.path
    assert list((station.config.data_dir / "models").glob("shown-*")) == []


def test_results_and_staleness_survive_a_model_that_is_shown(station: Station, stick: Path) -> None:
    station.teach(shots=3)
    station.press(Action.TRAIN)
    station.press(Action.UNDO)
    station.look()
    station.panel.tap(1)
    station.settle()
    before = station.kiosk.state
    assert before.model is not None
    assert before.model.report is not None
    assert before.model.shots == before.shots, "as many samples, yet not the same ones"
    assert before.stale
    plug_in(station, stick)
    station.panel.tap(1)
    station.settle()
    assert not station.kiosk.state.stale
    station.press(Action.RESET)
    after = station.kiosk.state
    assert after.model == before.model
    assert after.model is not None
    assert after.model.report == before.model.report
    assert after.stale
    station.press(Action.RESULTS)
    assert station.kiosk.state.mode is Mode.RESULTS


def test_answering_no_or_not_at_all_changes_nothing(station: Station, stick: Path) -> None:
    station.teach(shots=2)
    plug_in(station, stick)
    station.press(Action.CANCEL)
    assert station.kiosk.state.mode is Mode.TEACH
    plug_in(station, stick)
    station.now_s += 31.0
    station.kiosk.tick()
    assert station.kiosk.state.mode is not Mode.ASK_FOLDER
    assert station.store.load().shots() == (2, 2, 0)
