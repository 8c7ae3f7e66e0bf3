"""What staff ask for, on the disk and in the machine: diagnostics, exports of sessions, settings, power."""

from __future__ import annotations

import logging
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from app.base.buttons import Action, PowerKey, ScreenKey, SettingStep, StaffPage, StaffTab
from app.base.errors import PowerRefused
from app.base.i18n import message
from app.base.privacy import Privacy
from app.base.recent_warnings import RecentWarnings
from app.config.schema import CameraSettings
from app.config.settings_file import SettingsFile
from app.core import events as ev
from app.core.state import Mode
from app.devices.power import switch_off
from app.jobs.machine_info import machine_lines
from app.jobs.tools import StationServices
from app.model.observation import NOTHING_SEEN
from app.session.archive import Archive
from app.views.model import Staff
from app.views.present import Surroundings, present
from tests.support.kiosks import Station

pytestmark = pytest.mark.needs_runtime


class Machine:
    """Remembers how it was switched off, unless it refuses."""

    def __init__(self) -> None:
        self.asked: list[bool] = []
        self.refuses = False

    def switch_off(self, restart: bool) -> None:
        if self.refuses:
            raise PowerRefused(message("The machine cannot be switched off from here: {reason}.", reason="not today"))
        self.asked.append(restart)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def station(tmp_path: Path, machine: Machine) -> Iterator[Station]:
    settings = SettingsFile(Station.settings_in(tmp_path), tmp_path / "data")
    made = Station(
        tmp_path,
        services=StationServices(
            settings, lambda: ["/dev/video7"], machine.switch_off, lambda: ("warning: the lamp is loose",)
        ),
    )
    yield made
    made.close()


def opened(station: Station, page: StaffPage) -> Staff:
    if station.kiosk.state.mode is not Mode.STAFF:
        station.panel.press(ScreenKey.CORNER)
        station.settle()
        station.settle()
        station.now_s += station.kiosk.state.config.staff.hold_s + 0.1
        station.settle()
        station.panel.release(ScreenKey.CORNER)
    station.panel.tap(StaffTab(page))
    station.settle()
    return shown(station)


def shown(station: Station) -> Staff:
    staff = present(station.kiosk.state, None, NOTHING_SEEN, Surroundings()).staff
    assert staff is not None
    return staff


def value(page: Staff, label: str) -> str:
    return next(row.value for row in page.rows if row.label == label)


def test_the_pages_tell_of_the_machine_and_of_its_last_fault(station: Station) -> None:
    drive = station.folder / "stick"
    drive.mkdir()
    station.drives.insert("STICK", drive)
    page = opened(station, StaffPage.SYSTEM)
    assert value(page, "Camera") == "table"
    assert value(page, "Last fault") == "warning: the lamp is loose"
    assert value(page, "Drive STICK") == "1.0 GiB, vfat"
    assert "numpy" in value(page, "Versions")
    assert "GiB" in value(page, "Free on the disk") or "MiB" in value(page, "Free on the disk")


def test_cameras_that_are_found_can_be_chosen(station: Station) -> None:
    opened(station, StaffPage.CAMERA)
    for _ in range(2):
        station.panel.tap(SettingStep("camera.source", 1))
    station.settle()
    assert station.kiosk.state.config.camera.source == "/dev/video7"
    assert value(shown(station), "Camera") == "video7"


def test_the_camera_of_the_configuration_stays_on_offer_and_tells_no_password(tmp_path: Path) -> None:
    address = "rtsp://kiosk:secret@cam.local:554/x"
    base = replace(Station.settings_in(tmp_path), camera=CameraSettings(source=address))
    station = Station(
        tmp_path, services=StationServices(SettingsFile(base, tmp_path / "data"), lambda: ["/dev/video7"])
    )
    with closing(station):
        opened(station, StaffPage.CAMERA)
        assert station.kiosk.state.config.camera.source != address
        for _ in range(3):
            station.panel.tap(SettingStep("camera.source", 1))
        station.settle()
        assert station.kiosk.state.config.camera.source == address
        assert value(shown(station), "Camera") == "cam.local"


def test_a_setting_is_on_the_disk_and_holds_after_a_restart(station: Station) -> None:
    opened(station, StaffPage.SCREEN)
    station.panel.tap(SettingStep("screen.palette", 1))
    station.settle()
    again = SettingsFile(Station.settings_in(station.folder), station.folder / "data")
    assert again.config.screen.palette == "night"


def test_all_kept_sessions_go_to_the_drive_and_can_be_opened_there(station: Station) -> None:
    drive = station.folder / "stick"
    drive.mkdir()
    station.drives.insert("STICK", drive)
    station.teach()
    archive = Archive(station.config.data_dir / "archive", 1 << 40, 0)
    for minute in (1, 2):
        archive.keep(station.store, datetime(2026, 1, 31, 14, minute), Privacy.KEEP)
    page = opened(station, StaffPage.SESSIONS)
    assert value(page, "Kept sessions") == "2"
    station.panel.tap(ScreenKey.EXPORT_SESSIONS)
    station.settle()
    assert str(station.kiosk.state.notice.text).startswith(f"All kept sessions are in {drive}/teachable/sessions.")
    written = sorted((drive / "teachable" / "sessions").glob("*/session.sqlite3"))
    assert len(written) == 2
    with sqlite3.connect(written[0]) as database:
        assert database.execute("SELECT count(*) FROM samples").fetchone() == (8,)
    database.close()


def test_kept_sessions_are_not_written_where_a_pulled_drive_was(station: Station) -> None:
    station.drives.insert("STICK", station.folder / "gone")
    station.teach()
    Archive(station.config.data_dir / "archive", 1 << 40, 0).keep(station.store, datetime(2026, 1, 31), Privacy.KEEP)
    opened(station, StaffPage.SESSIONS)
    station.panel.tap(ScreenKey.EXPORT_SESSIONS)
    station.settle()
    told = "the drive STICK was pulled too early. Plug it in and write to it again."
    assert str(station.kiosk.state.notice.text) == told
    assert not (station.folder / "gone").exists()


@pytest.mark.parametrize("link", ["teachable", "teachable/sessions"])
def test_a_link_on_the_drive_leads_no_kept_session_away(station: Station, link: str) -> None:
    drive, elsewhere = station.folder / "stick", station.folder / "elsewhere"
    (drive / link).parent.mkdir(parents=True)
    elsewhere.mkdir()
    (drive / link).symlink_to(elsewhere)
    station.drives.insert("STICK", drive)
    station.teach()
    Archive(station.config.data_dir / "archive", 1 << 40, 0).keep(station.store, datetime(2026, 1, 31), Privacy.KEEP)
    opened(station, StaffPage.SESSIONS)
    station.panel.tap(ScreenKey.EXPORT_SESSIONS)
    station.settle()
    told = f"{link} on the drive is no folder: rename it on a computer, or use another drive."
    assert str(station.kiosk.state.notice.text) == told
    assert list(elsewhere.iterdir()) == []


def test_sessions_that_go_to_a_full_folder_of_this_machine_tell_of_no_drive(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a small file system")
    station = Station(tmp_path / "kiosk")
    export = station.config.export_dir
    export.mkdir(parents=True)
    station.teach()
    Archive(station.config.data_dir / "archive", 1 << 40, 0).keep(station.store, datetime(2026, 1, 31), Privacy.KEEP)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", export], check=True)
    try:
        opened(station, StaffPage.SESSIONS)
        station.panel.tap(ScreenKey.EXPORT_SESSIONS)
        station.settle()
        told = str(station.kiosk.state.notice.text)
        assert told.endswith("MB are free. Make room on the disk, then save again.")
        assert "drive" not in told
    finally:
        station.close()
        subprocess.run(["umount", export], check=True)


def test_the_machine_is_switched_off_only_after_the_question(station: Station, machine: Machine) -> None:
    opened(station, StaffPage.SYSTEM)
    station.panel.tap(PowerKey.SHUT_DOWN)
    station.settle()
    question = present(station.kiosk.state, None, NOTHING_SEEN, Surroundings()).question
    assert question.title == "Shut the machine down?"
    assert machine.asked == []
    station.press(Action.CONFIRM)
    assert machine.asked == [False]


def test_a_machine_that_refuses_says_why(station: Station, machine: Machine) -> None:
    machine.refuses = True
    opened(station, StaffPage.SYSTEM)
    station.panel.tap(PowerKey.RESTART)
    station.press(Action.CONFIRM)
    assert str(station.kiosk.state.notice.text) == "The machine cannot be switched off from here: not today."


def test_without_systemd_switching_off_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PowerRefused, match=r"^The machine cannot be switched off from here: .*systemctl.*\.$"):
        switch_off(False)


def test_the_buttons_page_lights_what_is_pressed(station: Station) -> None:
    opened(station, StaffPage.BUTTONS)
    station.kiosk.handle(ev.InputPressed("key:t"))
    station.kiosk.handle(ev.InputPressed("pad:0:button:9"))
    lit = {row.label: row.lit for row in shown(station).rows}
    assert (lit["Train"], lit["Undo"], lit["pad:0:button:9"]) == (True, False, True)
    station.kiosk.handle(ev.InputReleased("key:t"))
    assert not next(row.lit for row in shown(station).rows if row.label == "Train")


def test_what_the_machine_does_not_tell_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 1000 kB\nMemAvailable: 51200 kB\n")
    zone = tmp_path / "thermal" / "thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "temp").write_text("81500\n")
    lines = {
        str(what): (how, wrong)
        for what, how, wrong in machine_lines(tmp_path, memory=tmp_path / "meminfo", thermal=tmp_path / "thermal")
    }
    assert lines["Free memory"] == ("50 MiB", True)
    assert lines["Temperature"] == ("82 °C", True)
    few = machine_lines(tmp_path, memory=tmp_path / "none", thermal=tmp_path / "none")
    assert {str(what) for what, _, _ in few} == {"Free on the disk", "Versions"}


def test_the_fault_log_keeps_the_last_few_lines_newest_first() -> None:
    log = RecentWarnings()
    for number in range(7):
        log.handle(logging.LogRecord("app", logging.WARNING, "x", 1, "trouble %d", (number,), None))
    assert log.lines() == tuple(f"warning: trouble {number}" for number in (6, 5, 4, 3, 2))
