"""Jobs of the staff pages: diagnostics, settings, and switching the computer off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app.base.buttons import Action, PowerKey, SettingStep, StaffPage
from app.base.errors import PowerRefused
from app.base.i18n import message
from app.config.checks import PALETTES
from app.config.portable import portable_settings
from app.config.schema import CameraSettings
from app.config.settings_file import SettingsFile
from app.core import events as ev
from app.jobs.tools import StationServices
from app.kiosk import Kiosk
from app.model.observation import NOTHING_SEEN
from app.views.present import Surroundings, present
from tests.support.kiosks import Station
from tests.support.visits import open_page, staff_page, value

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


def test_the_system_page_shows_the_computer_and_its_last_fault(station: Station) -> None:
    drive = station.folder / "stick"
    drive.mkdir()
    station.drives.insert("STICK", drive)
    page = open_page(station, StaffPage.SYSTEM)
    assert value(page, "Camera") == "table"
    assert value(page, "Last fault") == "warning: the lamp is loose"
    assert value(page, "Drive STICK") == "vfat, 1.0 GiB free"
    assert "numpy" in value(page, "Versions")
    assert "GiB" in value(page, "Free on the disk") or "MiB" in value(page, "Free on the disk")


def test_cameras_that_are_plugged_in_can_be_chosen(station: Station) -> None:
    open_page(station, StaffPage.CAMERA)
    for _ in range(2):
        station.panel.tap(SettingStep("camera.source", 1))
    station.settle()
    assert station.kiosk.state.config.camera.source == "/dev/video7"
    assert value(staff_page(station), "Camera") == "video7"


def test_the_configured_camera_can_be_chosen_again_and_its_password_is_hidden(tmp_path: Path) -> None:
    address = "rtsp://kiosk:secret@cam.local:554/x"
    base = replace(Station.settings_in(tmp_path), camera=CameraSettings(source=address))
    station = Station(
        tmp_path, services=StationServices(SettingsFile(base, tmp_path / "data"), lambda: ["/dev/video7"])
    )
    with closing(station):
        open_page(station, StaffPage.CAMERA)
        assert station.kiosk.state.config.camera.source != address
        for _ in range(3):
            station.panel.tap(SettingStep("camera.source", 1))
        station.settle()
        assert station.kiosk.state.config.camera.source == address
        assert value(staff_page(station), "Camera") == "cam.local"


def test_the_configured_starter_can_be_chosen_again_after_another_one(tmp_path: Path) -> None:
    base = Station.settings_in(tmp_path)
    base = replace(base, idle=replace(base.idle, starter="/srv/fruit"))
    station = Station(tmp_path, base, StationServices(SettingsFile(base, tmp_path / "data")))
    with closing(station):
        open_page(station, StaffPage.VISITS)
        station.panel.tap(SettingStep("idle.starter", -1))
        station.settle()
        assert station.kiosk.state.config.idle.starter == "demo"
        station.panel.tap(SettingStep("idle.starter", 1))
        station.settle()
        assert station.kiosk.state.config.idle.starter == "/srv/fruit"


def test_the_extractor_of_a_lesson_is_not_written_to_the_settings_that_leave_the_station(tmp_path: Path) -> None:
    base = Station.settings_in(tmp_path)
    used = replace(base, model=replace(base.model, extractor="mobilenet_v1_quant"))
    services = StationServices(extractor=base.model.extractor)
    state = Kiosk(replace(Station(tmp_path, base).tools, config=used), services).state
    assert "mobilenet" not in portable_settings(state.config)
    assert state.extractor_in_use == "mobilenet_v1_quant"


def test_a_changed_setting_is_in_the_settings_file(station: Station) -> None:
    open_page(station, StaffPage.SCREEN)
    station.panel.tap(SettingStep("screen.palette", 1))
    station.settle()
    again = SettingsFile(Station.settings_in(station.folder), station.folder / "data")
    assert again.config.screen.palette == PALETTES[1]


def test_the_computer_is_switched_off_only_after_a_question(station: Station, machine: Machine) -> None:
    open_page(station, StaffPage.SYSTEM)
    station.panel.tap(PowerKey.SHUT_DOWN)
    station.settle()
    question = present(station.kiosk.state, None, NOTHING_SEEN, Surroundings()).question
    assert question.title == "Shut the machine down?"
    assert machine.asked == []
    station.press(Action.CONFIRM)
    assert machine.asked == [False]


def test_a_computer_that_cannot_be_switched_off_says_why(station: Station, machine: Machine) -> None:
    machine.refuses = True
    open_page(station, StaffPage.SYSTEM)
    station.panel.tap(PowerKey.RESTART)
    station.press(Action.CONFIRM)
    assert station.notice == "The machine cannot be switched off from here: not today."


def test_the_buttons_page_highlights_what_is_pressed(station: Station) -> None:
    open_page(station, StaffPage.BUTTONS)
    station.kiosk.handle(ev.InputPressed("key:t"))
    station.kiosk.handle(ev.InputPressed("pad:0:button:9"))
    lit = {row.label: row.lit for row in staff_page(station).rows}
    assert (lit["Train"], lit["Undo"], lit["pad:0:button:9"]) == (True, False, True)
    station.kiosk.handle(ev.InputReleased("key:t"))
    assert not next(row.lit for row in staff_page(station).rows if row.label == "Train")
