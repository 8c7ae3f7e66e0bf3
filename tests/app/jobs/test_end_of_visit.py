"""The end of a visit on the disk: what is kept, what is erased, what comes back, and galleries on the way there."""

from __future__ import annotations

import numpy as np
import pytest

from app.base.buttons import (
    Action,
    ArchivedSession,
    ClassGallery,
    ClassName,
    MatrixCell,
    ScreenKey,
    SettingStep,
    TypingKey,
)
from app.core import events as ev
from app.core.state import Mode
from app.model.observation import NOTHING_SEEN
from app.views.present import Surroundings, present
from tests.support.kiosks import LABELS, Station
from tests.support.visits import kept, leave_alone, open_staff, pictures_in, privately

pytestmark = pytest.mark.needs_runtime


@pytest.mark.parametrize(("privacy", "pictures"), [("keep", 8), ("embeddings", 0)])
def test_what_was_taught_is_kept_with_or_without_its_pictures(station: Station, privacy: str, pictures: int) -> None:
    privately(station, privacy)
    station.teach()
    station.press(Action.TRAIN)
    leave_alone(station)
    assert station.store.load().samples == ()
    assert station.vision.model is None
    (session,) = kept(station)
    assert pictures_in(session) == pictures


def test_nothing_of_the_pictures_stays_anywhere_when_only_embeddings_are_kept(station: Station) -> None:
    privately(station, "embeddings")
    station.teach()
    jpegs = [one.picture[200:232] for one in station.store.load().samples]
    assert any(part in (station.config.data_dir / "session.sqlite3").read_bytes() for part in jpegs)
    leave_alone(station)
    files = [path.read_bytes() for path in station.config.data_dir.rglob("*") if path.is_file()]
    assert not any(part in data for part in jpegs for data in files)


def test_erasing_keeps_nothing_at_all(station: Station) -> None:
    privately(station, "keep")
    station.teach()
    leave_alone(station)
    station.kiosk.handle(ev.ScreenTouched())
    privately(station, "erase")
    station.teach()
    leave_alone(station)
    assert kept(station) == []


def test_what_was_taken_out_of_a_session_does_not_come_back_in_one_from_a_drive(station: Station) -> None:
    station.teach()
    station.press(Action.TRAIN)
    station.press(Action.SAVE)
    folder = station.kiosk.saved_to
    station.press(Action.CANCEL)
    take_one_out(station)
    station.press(Action.CANCEL)
    station.kiosk.events.put(ev.FolderFound("STICK", folder, LABELS, has_session=True, has_model=True))
    for _ in range(2):  # it is asked about at rest, and answered after a moment
        station.settle()
        station.now_s += 1.0
    station.settle()
    station.panel.tap(0)
    station.settle()
    assert station.store.load().shots() == (4, 4, 0)
    take_one_out(station)
    station.panel.tap(Action.UNDO)
    station.panel.tap(Action.UNDO)  # before the first is done
    station.settle()
    assert station.store.load().shots() == (4, 4, 0)


def take_one_out(station: Station) -> None:
    """Tap the newest picture of the first class."""
    before = station.store.load().shots()[0]
    station.panel.tap(ClassGallery(0))
    station.settle()
    station.panel.tap(present(station.kiosk.state, None, NOTHING_SEEN, Surroundings()).gallery.pictures[0].button)
    station.settle()
    assert station.store.load().shots()[0] == before - 1


def test_the_next_visitor_finds_a_clean_table(station: Station) -> None:
    station.teach()
    station.press(Action.TRAIN)
    leave_alone(station)
    station.kiosk.handle(ev.ScreenTouched())
    assert (station.kiosk.state.mode, station.kiosk.state.shots) == (Mode.TEACH, (0, 0, 0))
    assert all(one.thumbnails == () for one in station.kiosk.state.classes)
    station.teach()
    assert station.kiosk.state.shots == (4, 4, 0)


def test_staff_bring_a_session_back_and_it_trains_even_without_pictures(station: Station) -> None:
    station.teach()
    leave_alone(station)
    name = kept(station)[0].stem
    station.kiosk.handle(ev.ScreenTouched())
    open_staff(station)
    station.panel.tap(ArchivedSession(name))
    station.settle()
    assert station.kiosk.state.shots == (4, 4, 0)
    station.panel.tap(ScreenKey.BACK)
    station.press(Action.TRAIN)
    assert station.kiosk.state.mode is Mode.LIVE
    station.table.show("cup")
    station.look()
    assert station.kiosk.observation.probabilities.argmax() == 1


def test_bringing_back_puts_the_session_at_hand_away_first(station: Station) -> None:
    station.teach(3)
    leave_alone(station)
    first = kept(station)[0].stem
    station.kiosk.handle(ev.ScreenTouched())
    station.teach(2)
    open_staff(station)
    station.panel.tap(ArchivedSession(first))
    station.settle()
    assert station.kiosk.state.shots == (3, 3, 0)
    assert len(kept(station)) == 2


def test_bringing_the_same_session_back_twice_keeps_no_second_copy(station: Station) -> None:
    station.teach(3)
    leave_alone(station)
    first = kept(station)[0].stem
    station.kiosk.handle(ev.ScreenTouched())
    open_staff(station)
    station.panel.tap(ArchivedSession(first))
    station.panel.tap(ArchivedSession(first))
    station.settle()
    assert str(station.kiosk.state.notice.text) == "That session is the one at hand already."
    assert station.kiosk.state.shots == (3, 3, 0)
    assert [path.stem for path in kept(station)] == [first]


def test_a_session_that_is_gone_or_damaged_is_told_and_changes_nothing(station: Station) -> None:
    station.teach()
    open_staff(station)
    folder = station.config.data_dir / "archive"
    folder.mkdir(parents=True)
    (folder / "broken.sqlite3").write_bytes(b"no database")
    for name, words in (
        ("gone", "The session gone is not in the archive any more."),
        ("../session", "The session ../session is not in the archive any more."),
        ("broken", "The session broken cannot be read."),
    ):
        station.panel.tap(ArchivedSession(name))
        station.settle()
        assert str(station.kiosk.state.notice.text) == words
        assert station.store.load().shots() == (4, 4, 0)


def test_a_removed_picture_is_off_the_disk_and_comes_back_as_it_was(station: Station) -> None:
    station.teach()
    station.panel.tap(ClassGallery(0))
    station.settle()
    gallery = present(station.kiosk.state, None, NOTHING_SEEN, Surroundings()).gallery
    assert (gallery.title, len(gallery.pictures)) == ("apple: 4 pictures", 4)
    before = station.store.load()
    station.panel.tap(gallery.pictures[1].button)
    station.settle()
    assert station.store.load().shots() == (3, 4, 0)
    assert len(station.kiosk.state.gallery.pictures) == 3
    station.press(Action.UNDO)
    after = station.store.load()
    assert [one.sample_id for one in after.samples] == [one.sample_id for one in before.samples]
    assert all(
        np.array_equal(one.embedding, two.embedding) and one.picture == two.picture
        for one, two in zip(after.samples, before.samples, strict=True)
    )


def test_the_results_show_the_held_out_pictures_themselves(station: Station) -> None:
    station.teach(8)
    station.press(Action.TRAIN)
    station.press(Action.RESULTS)
    station.panel.tap(MatrixCell(0, 0))
    station.settle()
    shown = present(station.kiosk.state, None, NOTHING_SEEN, Surroundings()).results
    held_out = {one["sample"] for one in station.kiosk.state.model.report["held_out"] if one["truth"] == 0}
    assert {one.button.sample_id for one in shown.confused} <= held_out
    assert sum(cell.count for row in shown.confusion for cell in row) == len(
        station.kiosk.state.model.report["held_out"]
    )
    assert len(shown.curve) > 1


def test_a_new_name_is_in_the_live_model_and_in_what_is_saved(station: Station) -> None:
    station.teach()
    station.press(Action.TRAIN)
    before = station.vision.model.path
    picture = station.kiosk.shown.image
    judged = station.vision.model.engine.judge(picture)
    open_staff(station)
    station.panel.tap(ClassName(1))
    for _ in range(3):
        station.panel.tap(TypingKey.BACKSPACE)
    station.kiosk.events.put(ev.CharacterTyped("Tasse ß"))
    station.panel.tap(TypingKey.DONE)
    station.panel.tap(ScreenKey.BACK)
    station.settle()
    assert station.vision.model.path != before
    assert not before.exists()
    assert station.vision.model.engine.labels == ("apple", "Tasse ß")
    again = station.vision.model.engine.judge(picture)
    assert np.array_equal(again.probabilities, judged.probabilities)
    assert again.novelty == judged.novelty > 0  # the test of what was never taught came along
    station.table.show("cup")
    station.look()
    assert station.kiosk.observation.probabilities.argmax() == 1
    station.press(Action.SAVE)
    saved = station.kiosk.saved_to / "converted_tflite_quantized"
    assert (saved / "labels.txt").read_text() == "0 apple\n1 Tasse ß\n"
    assert station.store.load().labels == ("apple", "Tasse ß", "duck")
    again = type(station)(station.folder)  # after a restart, too
    assert again.kiosk.state.labels == ("apple", "Tasse ß", "duck")
    assert again.kiosk.state.mode is Mode.LIVE
    again.close()


def test_another_class_can_be_taught_at_once(station: Station) -> None:
    station.teach()
    station.press(Action.TRAIN)
    open_staff(station)
    station.panel.tap(SettingStep("classes.number", 1))
    station.panel.tap(ScreenKey.BACK)
    station.settle()
    station.look()
    assert station.kiosk.observation.probabilities.shape == (len(LABELS) + 1,)
    station.panel.tap(3)
    station.settle()
    assert station.store.load().shots() == (4, 4, 0, 1)


def test_zoom_holds_for_teaching_looking_and_what_is_saved(station: Station) -> None:
    open_staff(station)
    for _ in range(3):
        station.panel.tap(SettingStep("camera.zoom", 1))
    station.panel.tap(ScreenKey.BACK)
    station.settle()
    assert station.kiosk.state.config.camera.zoom == 2.0
    station.table.show("cup")
    station.look()
    shown = station.kiosk.shown.image
    quarter = shown[120:360, 200:440]
    assert np.allclose(station.kiosk.observation.embedding, station.extractor.embed(quarter))
    station.panel.tap(1)
    station.settle()
    (sample,) = station.store.load().samples
    assert np.allclose(sample.embedding, station.extractor.embed(quarter))
    station.teach()
    station.press(Action.TRAIN)
    station.press(Action.SAVE)
    metadata = (station.kiosk.saved_to / "metadata.json").read_text()
    assert '"crop_share": 0.5' in metadata
