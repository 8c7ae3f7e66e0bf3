"""Lessons on a station: their cards on a drive, and a restart with the extractor of one."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from app.base.errors import SettingsNotWritten
from app.base.start_problems import Fallbacks
from app.commands.kiosk import start_again
from app.config.lesson import Lesson, parse_lesson
from app.config.lesson_card import lesson_card
from app.config.settings_file import SettingsFile
from app.core import events as ev
from app.core.state import Mode
from app.importing.lessons import chosen_lesson
from app.importing.visit_lesson import FILE, VisitLesson, remember_visit_lesson, visit_lesson
from app.jobs import lessons
from app.jobs.first_state import first_state
from app.jobs.lessons import CARDS, end_visit_lesson, store_for_next_start, write_cards
from app.jobs.tools import StationServices
from app.openers import open_lessons, open_outputs, with_extractor_of
from app.session.store import SessionStore
from tests.support.kiosks import Station
from tpu.models import default_extractor_path

pytestmark = pytest.mark.needs_runtime

SOURCE = 'name = "Fruit"\ntask = "Bring fruit."\nclasses = ["pear", "fig", "kiwi"]\nextractor = "built-in"\n'
FRUIT = parse_lesson(SOURCE.encode(), "fruit.toml")


def stored(station: Station, services: StationServices, lesson: Lesson | None, *, for_good: bool) -> list[ev.Event]:
    events: list[ev.Event] = []
    labels, extractor = (lesson.labels("en"), lesson.extractor) if lesson is not None else (("a", "b"), "")
    command = ev.StartWithLesson(lesson, labels, extractor, for_good)
    store_for_next_start(station.tools, events.append, services, command)
    return events


def settings_of(station: Station) -> SettingsFile:
    return SettingsFile(station.config, station.config.data_dir)


def test_for_good_the_settings_name_the_lesson_and_its_file_is_here(station: Station) -> None:
    services = StationServices(settings_of(station))
    assert stored(station, services, FRUIT, for_good=True) == [ev.ReadyToStartAgain()]
    config = settings_of(station).config
    assert config.classes.lesson == "fruit"
    assert chosen_lesson(config.data_dir, "fruit") == FRUIT
    assert station.store.load().labels == ("pear", "fig", "kiwi")
    kept, of_visit = open_lessons(config, Fallbacks(print))
    assert (kept, of_visit) == (FRUIT, None)
    assert with_extractor_of(config, kept).model.extractor == "built-in"


@pytest.mark.parametrize("lesson", [FRUIT, None])
def test_without_a_pin_the_lesson_is_there_after_the_restart_until_the_visit_ends(
    station: Station, lesson: Lesson | None
) -> None:
    services = StationServices(settings_of(station))
    assert stored(station, services, lesson, for_good=False) == [ev.ReadyToStartAgain()]
    assert settings_of(station).config.classes.lesson == ""
    of_visit = open_lessons(station.config, Fallbacks(print))[1]
    assert of_visit == VisitLesson(lesson)
    state = first_state(station.tools, replace(services, visit_lesson=of_visit))
    assert (state.lesson, state.kept_lesson, state.lesson_stored, state.mode) == (lesson, None, True, Mode.TEACH)
    events: list[ev.Event] = []
    end_visit_lesson(station.tools, events.append, True)
    assert (events, visit_lesson(station.config.data_dir)) == ([ev.ReadyToStartAgain(visit_over=True)], None)


def test_a_network_that_is_not_here_is_said_and_nothing_changes(station: Station) -> None:
    before = station.store.load().labels
    services = StationServices(settings_of(station))
    (failed,) = stored(station, services, replace(FRUIT, extractor="mobilenet_v9"), for_good=True)
    assert isinstance(failed, ev.StaffFailed)
    assert settings_of(station).config.classes.lesson == ""
    assert station.store.load().labels == before


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"null", b"0", b'""', b"{", b'{"key": 1, "source": 2}', b'{"key": "a", "source": "x"}', b"\xff"],
)
def test_a_damaged_file_of_the_visit_is_no_lesson(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert visit_lesson(tmp_path) is None


def test_a_lesson_for_good_takes_the_place_of_one_that_was_kept_for_the_visit(station: Station) -> None:
    services = StationServices(settings_of(station))
    stored(station, services, None, for_good=False)
    assert stored(station, services, FRUIT, for_good=True) == [ev.ReadyToStartAgain()]
    assert open_lessons(settings_of(station).config, Fallbacks(print)) == (FRUIT, None)


@pytest.mark.parametrize("fails", [(SessionStore, "rename"), (SettingsFile, "save"), (lessons, "keep_lesson")])
def test_what_cannot_be_stored_changes_neither_the_next_start_nor_the_classes(
    station: Station, monkeypatch: pytest.MonkeyPatch, fails: tuple[object, str]
) -> None:
    services = StationServices(settings_of(station))
    rename, names = SessionStore.rename, ("red", "blue", "green")
    station.store.rename(names, (None, 0, 1))
    origins = station.store.names_from()

    def refuse(*_: object) -> None:
        monkeypatch.setattr(SessionStore, "rename", rename)  # only the first one fails
        raise SettingsNotWritten

    monkeypatch.setattr(*fails, refuse)
    (failed,) = stored(station, services, FRUIT, for_good=True)
    assert failed == ev.StaffFailed(SettingsNotWritten().message)
    assert open_lessons(settings_of(station).config, Fallbacks(print)) == (None, None)
    assert (station.store.load().labels, station.store.names_from()) == (names, origins)


@pytest.mark.parametrize("for_good", [False, True])
def test_with_the_session_in_memory_alone_no_restart_loses_the_lesson(station: Station, for_good: bool) -> None:
    events: list[ev.Event] = []
    before = station.store.load().labels
    tools = replace(station.tools, on_disk=station.config)
    command = ev.StartWithLesson(FRUIT, FRUIT.labels("en"), "built-in", for_good)
    store_for_next_start(tools, events.append, StationServices(settings_of(station)), command)
    text = "A restart would lose this choice: the disk could not be used at the start. Check the disk first."
    assert [str(one.reason) for one in events if isinstance(one, ev.StaffFailed)] == [text]
    assert (len(events), station.store.load().labels) == (1, before)
    assert open_lessons(settings_of(station).config, Fallbacks(print)) == (None, None)


def test_a_visit_lesson_that_cannot_be_forgotten_brings_no_restart_after_restart(
    station: Station, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    events: list[ev.Event] = []
    disk = replace(station.config, storage=replace(station.config.storage, data_dir=str(tmp_path / "disk")))
    tools = replace(station.tools, on_disk=disk)
    (disk.data_dir / FILE).mkdir(parents=True)  # what cannot be unlinked, as on a disk that cannot be written
    end_visit_lesson(tools, events.append, True)
    assert (events, (disk.data_dir / FILE).exists()) == ([ev.VisitLessonLeft()], True)
    assert "the lesson of the visit that ended cannot be forgotten" in caplog.text
    (disk.data_dir / FILE).rmdir()
    remember_visit_lesson(disk.data_dir, FRUIT)
    end_visit_lesson(tools, events.append, True)
    assert (events[1:], visit_lesson(disk.data_dir)) == ([ev.ReadyToStartAgain(visit_over=True)], None)


def test_another_lesson_for_the_same_visit_is_the_one_after_a_power_cut(station: Station) -> None:
    stored(station, StationServices(), FRUIT, for_good=False)
    for lesson in (replace(FRUIT, key="again"), None):
        station.kiosk.perform(ev.KeepVisitLesson(lesson))
        station.settle()
        assert visit_lesson(station.config.data_dir) == VisitLesson(lesson)
    (station.config.data_dir / FILE).unlink()
    (station.config.data_dir / FILE).mkdir()
    station.kiosk.perform(ev.KeepVisitLesson(FRUIT))
    station.settle()
    assert station.notice.startswith("The lesson holds until the kiosk stops: it could not be kept (")


def test_the_kiosk_ends_and_starts_again_once_everything_is_stored(station: Station) -> None:
    extractor = str(default_extractor_path())
    lesson = replace(FRUIT, extractor=extractor)
    station.kiosk.perform(ev.StartWithLesson(lesson, lesson.labels("en"), extractor, for_good=False))
    assert station.kiosk.running
    station.settle()
    assert (station.kiosk.running, station.kiosk.starts_again) == (False, True)
    assert station.store.load().labels == ("pear", "fig", "kiwi")


def test_the_program_starts_again_in_its_process_with_its_own_command_line_and_no_open_device(tmp_path: Path) -> None:
    left_open = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(left_open, True)
    started: list[tuple[str, list[str]]] = []
    environment = {"NOTIFY_SOCKET": "/run/systemd/notify"}
    start_again(environment, lambda program, arguments: started.append((program, arguments)))
    inherited = [os.get_inheritable(one) for one in (1, 2, left_open)]
    os.close(left_open)
    assert started == [(sys.executable, [sys.executable, *sys.orig_argv[1:]])]
    assert environment == {"NOTIFY_SOCKET": "/run/systemd/notify", "KIOSK_STARTED_AGAIN": "1"}
    assert inherited == [True, True, False]


@pytest.mark.parametrize(("again", "said"), [(True, b"WATCHDOG_USEC=300000000"), (False, b"STOPPING=1")])
def test_the_service_is_told_whether_the_kiosk_ends_or_starts_again(
    again: bool, said: bytes, station: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as service:
        service.bind(str(tmp_path / "notify"))
        service.settimeout(60)
        with ExitStack() as stack:
            open_outputs(station.config, station.kiosk, cast(Any, None), cast(Any, None), True, stack, Fallbacks(print))
            station.kiosk.perform(ev.Leave(again))
        assert service.recv(100) == said


def cards(station: Station) -> ev.Event:
    events: list[ev.Event] = []
    write_cards(station.tools, events.append, (FRUIT,), "de")
    (event,) = events
    return event


def test_cards_are_written_to_a_drive_and_the_screen_says_where(station: Station, tmp_path: Path) -> None:
    nowhere = cards(station)
    assert isinstance(nowhere, ev.StaffFailed)
    assert str(nowhere.reason) == "Plug in a drive first."
    stick = tmp_path / "stick"
    stick.mkdir()
    station.drives.insert("STICK", stick)
    done = cards(station)
    assert isinstance(done, ev.StaffDone)
    assert str(done.text).startswith("The cards are in the folder lesson_cards on STICK.")
    assert (stick / CARDS / "fruit_de.html").read_text(encoding="utf-8") == lesson_card(FRUIT, "de")


def test_no_card_is_written_through_a_link(station: Station, tmp_path: Path) -> None:
    stick, here = tmp_path / "stick", tmp_path / "here"
    (stick / CARDS).mkdir(parents=True)
    here.write_text("mine")
    (stick / CARDS / "fruit_de.html").symlink_to(here)
    station.drives.insert("STICK", stick)
    refused = cards(station)
    assert isinstance(refused, ev.StaffFailed)
    text = "fruit_de.html on the drive is a link: delete it on a computer, or use another drive."
    assert (str(refused.reason), here.read_text()) == (text, "mine")


def test_no_card_is_written_into_a_folder_that_is_a_link(station: Station, tmp_path: Path) -> None:
    stick, here = tmp_path / "stick", tmp_path / "here"
    stick.mkdir()
    here.mkdir()
    (stick / CARDS).symlink_to(here)
    station.drives.insert("STICK", stick)
    refused = cards(station)
    assert isinstance(refused, ev.StaffFailed)
    text = f"{CARDS} on the drive is no folder: rename it on a computer, or use another drive."
    assert (str(refused.reason), list(here.iterdir())) == (text, [])
