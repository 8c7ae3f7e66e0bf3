"""What happens around a visit: it is left alone, staff come, and what is kept of it."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

from app.base.buttons import ScreenKey
from app.core.state import Mode
from tests.support.kiosks import Station


def leave_alone(station: Station) -> None:
    """Nobody presses anything until it plays by itself."""
    idle = station.kiosk.state.config.idle
    for seconds in (idle.after_s, idle.countdown_s):
        station.now_s += seconds
        station.settle()
    assert station.kiosk.state.mode is Mode.ATTRACT


def privately(station: Station, what: str) -> None:
    config = station.kiosk.state.config
    station.kiosk.state = replace(
        station.kiosk.state, config=replace(config, privacy=replace(config.privacy, when_idle=what))
    )


def kept(station: Station) -> list[Path]:
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
