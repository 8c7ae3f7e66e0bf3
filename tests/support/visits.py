"""Steps around a visit: the visitor leaves, staff open their pages, and what the archive holds afterwards."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

from app.base.buttons import ScreenKey, StaffPage, StaffTab
from app.core.state import Mode
from app.model.observation import NOTHING_SEEN
from app.views.model import Staff
from app.views.present import Surroundings, present
from tests.support.kiosks import Station


def leave_alone(station: Station) -> None:
    """Press nothing until the demonstration plays."""
    idle = station.kiosk.state.config.idle
    for seconds in (idle.after_s, idle.countdown_s):
        station.now_s += seconds
        station.settle()
    assert station.kiosk.state.mode is Mode.ATTRACT


def set_privacy(station: Station, what: str) -> None:
    config = station.kiosk.state.config
    station.kiosk.state = replace(
        station.kiosk.state, config=replace(config, privacy=replace(config.privacy, when_idle=what))
    )


def archived(station: Station) -> list[Path]:
    return sorted((station.config.data_dir / "archive").glob("*.sqlite3"))


def pictures_in(path: Path) -> int:
    database = sqlite3.connect(path)
    try:
        return int(database.execute("SELECT count(*) FROM samples WHERE length(picture) > 0").fetchone()[0])
    finally:
        database.close()


def open_staff(station: Station) -> None:
    station.panel.press(ScreenKey.CORNER)
    station.settle()
    station.settle()  # the next tick sees it held
    station.now_s += station.kiosk.state.config.staff.hold_s + 0.1
    station.settle()
    station.panel.release(ScreenKey.CORNER)
    station.settle()
    assert station.kiosk.state.mode is Mode.STAFF
    config = station.kiosk.state.config
    config = replace(config, staff=replace(config.staff, pin="2580"))  # as after the right PIN: every page works
    station.kiosk.state = replace(station.kiosk.state, config=config)


def open_page(station: Station, page: StaffPage) -> Staff:
    """Open a staff page, and return what the screen shows."""
    if station.kiosk.state.mode is not Mode.STAFF:
        open_staff(station)
    station.panel.tap(StaffTab(page))
    station.settle()
    return staff_page(station)


def staff_page(station: Station) -> Staff:
    """Return the staff page that the screen shows."""
    staff = present(station.kiosk.state, None, NOTHING_SEEN, Surroundings()).staff
    assert staff is not None
    return staff


def value(page: Staff, label: str) -> str:
    """Return the value in the row with this label."""
    return next(row.value for row in page.rows if row.label == label)
