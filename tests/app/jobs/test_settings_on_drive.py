"""Settings go from one station to another on a drive: never the PIN, and nothing that would harm."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.base.buttons import Action
from app.config.portable import portable_settings, read_portable
from app.config.schema import Config
from app.core import events as ev
from app.jobs.settings_on_drive import FILE, export_settings, import_settings
from app.jobs.starter import Starter, has_own_starter, make_own_starter, own_starter_folder
from tests.support.kiosks import Station, station_that_learns_fast
from tests.support.settings import changed

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytestmark = pytest.mark.needs_runtime


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    station = station_that_learns_fast(tmp_path)
    yield station
    station.close()


HERE = changed(
    Config(),
    {
        "screen.palette": "night",
        "inputs.train": ("key:x",),
        "staff.pin": "2580",
        "staff.contact": "the desk",
        "storage.data_dir": "/data",
        "accelerator.library": "evil.so",
        "classes.lesson": "fruit",
    },
)


@pytest.fixture
def stick(station: Station, tmp_path: Path) -> Path:
    path = tmp_path / "stick"
    path.mkdir()
    station.drives.insert("STICK", path)
    return path


def exported(station: Station, config: Config) -> list[ev.Event]:
    events: list[ev.Event] = []
    export_settings(station.tools, events.append, config)
    return events


def imported(station: Station, config: Config) -> list[ev.Event]:
    events: list[ev.Event] = []
    import_settings(station.tools, events.append, config)
    return events


def test_settings_come_to_the_other_station_as_they_were(station: Station, stick: Path) -> None:
    assert exported(station, HERE) == [ev.StaffDone(exported_text(station, HERE))]
    (read,) = imported(station, Config())
    assert isinstance(read, ev.SettingsRead)
    assert dict(read.changes) == {
        "screen.palette": "night",
        "inputs.train": ("key:x",),
        "staff.contact": "the desk",
    }
    assert changed(Config(), dict(read.changes)).screen == HERE.screen
    assert list(stick.iterdir()) == [stick / FILE]


@pytest.mark.parametrize("path", ["/dev/video2", "/dev/v4l/by-id/usb-046d_C270_A1B2-video-index0", "/srv/pictures"])
def test_a_camera_that_is_plugged_in_here_stays_here_and_any_other_one_is_copied(path: str) -> None:
    here, there = changed(Config(), {"camera.source": path, "camera.zoom": 2.0}), tomllib.loads
    assert there(portable_settings(here)) == {"camera": {"zoom": 2.0}}
    assert read_portable({"camera": {"source": path, "zoom": 2.0}}, Config(), FILE) == (("camera.zoom", 2.0),)
    assert read_portable({"camera": {"zoom": 2.0}}, here, FILE) == ()
    for source in ("rpicam", "demo", "http://192.168.1.7/video"):
        text = portable_settings(changed(Config(), {"camera.source": source}))
        assert read_portable(there(text), Config(), FILE) == (("camera.source", source),)
        assert read_portable(there(text), here, FILE) == (("camera.zoom", 1.0),)


def exported_text(station: Station, config: Config):
    (done,) = exported(station, config)
    assert isinstance(done, ev.StaffDone)
    assert str(done.text).startswith(f"The settings are in {FILE} on STICK.")
    return done.text


def test_the_file_never_holds_the_pin_or_what_belongs_to_one_machine() -> None:
    text = portable_settings(HERE)
    assert set(tomllib.loads(text)) == {"screen", "inputs", "staff"}
    for secret in ("2580", "/data", "evil.so", "fruit"):
        assert secret not in text


def test_a_file_that_names_them_all_the_same_changes_none_of_them() -> None:
    table = {
        "staff": {"pin": "1111", "hold_s": 2.0},
        "accelerator": {"library": "evil.so"},
        "storage": {"data_dir": "/x"},
    }
    assert read_portable(table, Config(), FILE) == (("staff.hold_s", 2.0),)


def test_a_setting_that_is_default_there_becomes_default_here() -> None:
    assert read_portable({}, replace(Config(), screen=HERE.screen), FILE) == (("screen.palette", "paper"),)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"a = [", f"{FILE} is not valid TOML."),
        (b"\xff\xfe", f"{FILE} is not valid TOML."),
        (b"a = " + b"[" * 9000, f"{FILE} is not valid TOML."),
        (b"#" * 70_000, f"{FILE} is larger than 0 MB, so it is not opened."),
        (
            b"[screen]\npalette = 'red'",
            f"{FILE}: screen.palette is 'red'. Choose one of: paper, night, contrast, distinct.",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(
    station: Station, stick: Path, content: bytes, line: str
) -> None:
    (stick / FILE).write_bytes(content)
    (failed,) = imported(station, Config())
    assert isinstance(failed, ev.StaffFailed)
    assert str(failed.reason) == line


def test_links_on_the_drive_are_neither_read_nor_written_through(station: Station, stick: Path, tmp_path: Path) -> None:
    target = tmp_path / "target.toml"
    target.write_text("[screen]\npalette = 'night'\n")
    (stick / FILE).symlink_to(target)
    (failed,) = imported(station, Config())
    assert isinstance(failed, ev.StaffFailed)
    assert str(failed.reason) == f"{FILE} is not a plain file or folder, so it is not opened."
    (stick / FILE).unlink()
    (stick / f"{FILE}.partial").symlink_to(target)
    (failed,) = exported(station, HERE)
    assert isinstance(failed, ev.StaffFailed)
    assert str(failed.reason) == (
        f"{FILE}.partial on the drive is a link: delete it on a computer, or use another drive."
    )
    assert target.read_text() == "[screen]\npalette = 'night'\n"


def test_without_a_drive_or_a_file_it_says_so(station: Station, tmp_path: Path) -> None:
    for job in (exported, imported):
        (failed,) = job(station, HERE)
        assert isinstance(failed, ev.StaffFailed)
        assert str(failed.reason) == "Plug in a drive first."
    (tmp_path / "empty").mkdir()
    station.drives.insert("EMPTY", tmp_path / "empty")
    (failed,) = imported(station, HERE)
    assert isinstance(failed, ev.StaffFailed)
    assert str(failed.reason) == f"No drive has a file {FILE}."


def test_the_model_of_a_session_answers_as_the_starter_after_the_session_is_erased(station: Station) -> None:
    station.train()
    events: list[ev.Event] = []
    make_own_starter(station.tools, events.append)
    assert events == [ev.StarterMade()]
    folder = own_starter_folder(station.config.data_dir)
    assert not list(folder.rglob("*.jpg"))
    assert not (folder / "session.npz").exists()
    station.press(Action.RESET)
    station.now_s += 2.0
    station.press(Action.CONFIRM)
    events.clear()
    Starter(None).load(station.tools, events.append, "own")
    (ready,) = events
    assert isinstance(ready, ev.StarterReady)
    assert ready.model.labels == ("apple", "cup")


@pytest.mark.parametrize("cut", ["before the first rename", "between both", "before the old one is deleted"])
def test_a_power_cut_while_a_starter_is_made_leaves_a_whole_one(station: Station, cut: str) -> None:
    station.train()
    make_own_starter(station.tools, lambda _event: None)
    folder = own_starter_folder(station.config.data_dir)
    new, old = folder.with_name("own.new"), folder.with_name("own.old")
    shutil.copytree(folder, old if "old" in cut else new)
    if cut == "between both":
        folder.rename(old)
    events: list[ev.Event] = []
    station.press(Action.RESET)
    station.now_s += 2.0
    station.press(Action.CONFIRM)
    assert has_own_starter(station.config.data_dir)
    Starter(None).load(station.tools, events.append, "own")
    assert [type(one) for one in events] == [ev.StarterReady]
    station.train()
    make_own_starter(station.tools, events.append)
    assert events[-1] == ev.StarterMade()
    assert (folder / "metadata.json").is_file()
    assert not any(one.exists() for one in (new, old))


def test_without_a_model_no_starter_is_made(station: Station) -> None:
    events: list[ev.Event] = []
    make_own_starter(station.tools, events.append)
    (failed,) = events
    assert isinstance(failed, ev.StaffFailed)
    assert str(failed.reason) == "There is no model to save. Press TRAIN first."
    assert not own_starter_folder(station.config.data_dir).exists()
