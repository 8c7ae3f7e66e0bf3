"""Holds and made views from the press to the disk and to every other place that a session goes to."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from app.base.buttons import Action, ArchivedSession, ClassGallery, ScreenKey, StaffPage
from app.base.privacy import Privacy
from app.core.events import ExportSessions, FolderFound, RemoveSample
from app.importing.find import find_folder
from app.session.archive import Archive
from app.session.session import Session
from app.session.store import SessionStore
from tests.support.kiosks import Station
from tests.support.visits import archived, leave_alone, open_page, open_staff, pictures_in, set_privacy

pytestmark = pytest.mark.needs_runtime


def hold_button(station: Station, class_index: int, pictures: int) -> None:
    """Hold a class button until it took so many pictures."""
    station.panel.press(class_index)
    before = station.kiosk.state.shots[class_index]
    while station.kiosk.state.shots[class_index] < before + pictures:
        station.table.new_view()
        station.look()
        station.settle()
    station.panel.release(class_index)
    station.settle()


def test_samples_are_stored_with_the_hold_in_which_they_were_taken(station: Station) -> None:
    station.look()
    hold_button(station, 0, 4)
    hold_button(station, 1, 1)
    hold_button(station, 0, 2)
    session = station.store.load()
    assert session.label_indices().tolist() == [0, 0, 0, 0, 1, 0, 0]
    assert session.holds().tolist() == [0, 0, 0, 0, 1, 2, 2]


def test_presses_that_wait_for_a_new_frame_keep_their_own_holds(station: Station) -> None:
    station.look()
    for class_index in (0, 1, 0):
        station.panel.tap(class_index)
    for _ in range(3):
        station.settle()
        station.look()
    station.settle()
    assert station.store.load().holds().tolist() == [0, 1, 2]


def test_after_a_restart_holds_are_counted_above_the_largest_one_that_is_stored(tmp_path: Path) -> None:
    station = Station(tmp_path)
    station.look()
    hold_button(station, 0, 2)
    hold_button(station, 1, 2)
    station.close()
    again = Station(tmp_path)
    again.look()
    hold_button(again, 0, 1)
    assert again.store.load().holds().tolist() == [0, 0, 1, 1, 2]
    again.close()


def with_views(station: Station) -> None:
    """Two classes with a hold of three pictures each, and made views of the first picture of each hold."""
    station.look()
    for class_index in (0, 1):
        hold_button(station, class_index, 3)
    for row in (0, 3):
        sample = station.store.load().samples[row]
        views = np.stack([sample.embedding + number for number in (1, 2)])
        assert station.store.add_made_views(sample.sample_id, views, station.extractor.origin_sha256) == 2


def assert_same_holds_and_views(session: Session, before: Session) -> None:
    assert session.shots() == before.shots() == (3, 3, 0)
    assert session.holds().tolist() == before.holds().tolist() == [0, 0, 0, 1, 1, 1]
    made, made_source = session.made()
    assert made_source.tolist() == [0, 0, 3, 3]
    assert np.array_equal(made, before.made()[0])


@pytest.mark.parametrize("save_pictures", [True, False])
def test_a_saved_session_is_carried_on_elsewhere_with_its_holds_and_views(tmp_path: Path, save_pictures: bool) -> None:
    station = Station(tmp_path / "there", save_pictures=save_pictures)
    (tmp_path / "stick").mkdir()
    station.drives.insert("STICK", tmp_path / "stick")
    with_views(station)
    before = station.store.load()
    station.press(Action.TRAIN)
    station.press(Action.SAVE)
    station.close()
    found = find_folder(tmp_path / "stick")
    assert found is not None
    here = Station(tmp_path / "here")
    here.kiosk.events.put(FolderFound("STICK", found.path, found.labels, found.has_session, found.has_model))
    for passed_s in (0.0, 0.0, 1.0):
        here.now_s += passed_s
        here.kiosk.tick()
    here.panel.tap(0)
    here.settle()
    session = here.store.load()
    assert_same_holds_and_views(session, before)
    assert all(bool(one.picture) is save_pictures for one in session.samples)
    here.look()
    hold_button(here, 2, 1)
    assert here.store.load().holds().tolist()[-1] == 2
    here.close()


@pytest.mark.parametrize("privacy", ["keep", "embeddings"])
def test_an_archived_session_comes_back_with_its_holds_and_views(station: Station, privacy: str) -> None:
    set_privacy(station, privacy)
    with_views(station)
    before = station.store.load()
    leave_alone(station)
    assert station.store.load().samples == ()
    (path,) = archived(station)
    station.kiosk.state = replace(station.kiosk.state, next_hold=0)  # as after a restart
    assert pictures_in(path) == (6 if privacy == "keep" else 0)
    station.press(Action.TRAIN)  # leaves the attract mode
    open_staff(station)
    open_page(station, StaffPage.SESSIONS)
    station.panel.tap(ArchivedSession(path.stem))
    station.settle()
    assert_same_holds_and_views(station.store.load(), before)
    station.panel.tap(ScreenKey.BACK)
    station.settle()
    station.look()
    hold_button(station, 2, 1)
    assert station.store.load().holds().tolist()[-1] == 2


def test_deleting_the_pictures_of_the_archive_keeps_holds_and_views(station: Station, tmp_path: Path) -> None:
    with_views(station)
    before = station.store.load()
    archive = Archive(tmp_path / "kept", 1 << 40, 0)
    name = archive.keep(station.store, datetime(2026, 1, 31), Privacy.KEEP)
    assert name is not None
    archive.delete_pictures()
    session = archive.load(name, station.extractor.name, station.extractor.origin_sha256)
    assert_same_holds_and_views(session, before)
    assert not any(one.picture for one in session.samples)


def test_exported_sessions_hold_their_holds_and_views(station: Station) -> None:
    set_privacy(station, "embeddings")
    with_views(station)
    before = station.store.load()
    leave_alone(station)
    (kept_path,) = archived(station)
    station.kiosk.perform(ExportSessions())
    station.settle()
    (exported,) = station.config.export_dir.rglob("session.sqlite3")
    assert exported.parent.name == kept_path.stem
    facts = {"extractor_name": "x", "extractor_sha256": station.extractor.origin_sha256}
    with closing(SessionStore(Path(shutil.copy(exported, station.folder / "copy")), labels=(), **facts)) as copy:
        assert_same_holds_and_views(copy.load(), before)


def test_a_picture_that_is_brought_back_in_the_gallery_has_its_hold_and_views_again(station: Station) -> None:
    with_views(station)
    before = station.store.load()
    station.panel.tap(ClassGallery(0))
    station.settle()
    station.kiosk.perform(RemoveSample(before.samples[0].sample_id))
    station.settle()
    assert station.store.load().made()[1].tolist() == [2, 2]
    station.press(Action.UNDO)
    assert_same_holds_and_views(station.store.load(), before)


def test_after_another_extractor_embedded_the_pictures_holds_stay_and_views_are_made_again(station: Station) -> None:
    with_views(station)
    name = Archive(station.folder / "kept", 1 << 40, 0).keep(station.store, datetime(2026, 1, 31), Privacy.KEEP)
    path = station.folder / "kept" / f"{name}.sqlite3"
    other = SessionStore(path, labels=(), extractor_name="other", extractor_sha256="0" * 64)
    with closing(other):
        other.switch_extractor()
        other.re_embed(lambda _picture: (np.zeros(3, np.float32), "cpu"))
        session = other.load()
        assert session.holds().tolist() == [0, 0, 0, 1, 1, 1]
        assert session.made()[0].shape == (0, 3)
        assert len(other.samples_without_views(9)) == 6
