"""The lock after wrong PINs survives a restart of the kiosk and a change of the clock; the new PIN is stored hashed."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.base.buttons import LetterKey, ScreenKey, TypingKey
from app.base.pin import matches
from app.base.workers import StopSignal
from app.config.pin_lock import FILE as LOCK
from app.config.schema import Config
from app.config.settings_file import FILE, SettingsFile
from app.core import events as ev
from app.core.state import Mode
from app.jobs.tools import StationServices
from app.kiosk import Kiosk
from tests.support.kiosks import Station
from tests.support.settings import changed

pytestmark = pytest.mark.needs_runtime


def type_pin(station: Station, kiosk: Kiosk, digits: str) -> None:
    """Hold the corner, type a PIN and press "done"."""
    for _ in range(2):
        kiosk.events.put(ev.ButtonPressed(ScreenKey.CORNER))
        kiosk.tick()
        station.now_s += 3.5
    kiosk.tick()
    kiosk.events.put(ev.ButtonReleased(ScreenKey.CORNER))
    for button in (*(LetterKey(digit) for digit in digits), TypingKey.DONE):
        kiosk.events.put(ev.ButtonPressed(button))
    kiosk.tick()


def test_a_restart_does_not_open_a_locked_pad(tmp_path: Path) -> None:
    station = Station(tmp_path, changed(Config(), {"staff.pin": "2580"}))
    for _ in range(3):
        type_pin(station, station.kiosk, "1111")
        station.kiosk.events.put(ev.ButtonPressed(TypingKey.CANCEL))
        station.settle()
    assert (tmp_path / "data" / LOCK).exists()
    again = Kiosk(station.tools, StationServices())
    type_pin(station, again, "2580")
    assert str(again.state.typing.problem).startswith("Locked for ")
    assert not again.state.staff.inside
    again.events.put(ev.ButtonPressed(TypingKey.CANCEL))
    station.now_s += 61.0
    again.tick()
    type_pin(station, again, "2580")
    assert again.state.staff.inside
    while not again.session_jobs.empty():
        again.session_jobs.get_nowait()(StopSignal())
    assert not (tmp_path / "data" / LOCK).exists()


def test_a_new_pin_is_on_the_disk_as_a_key_and_holds_at_once(tmp_path: Path) -> None:
    settings = SettingsFile(changed(Config(), {"staff.pin": "2580"}), tmp_path / "data")
    station = Station(tmp_path, settings.base, StationServices(settings))
    type_pin(station, station.kiosk, "2580")
    station.kiosk.events.put(ev.ButtonPressed(ScreenKey.NEW_PIN))
    for button in (*(LetterKey(digit) for digit in "97531"), TypingKey.DONE):
        station.kiosk.events.put(ev.ButtonPressed(button))
    station.settle()
    assert matches("97531", station.kiosk.state.config.staff.pin)
    assert station.kiosk.state.mode is Mode.STAFF
    written = (tmp_path / "data" / FILE).read_text()
    assert "97531" not in written
    assert matches("97531", SettingsFile(Config(), tmp_path / "data").config.staff.pin)
