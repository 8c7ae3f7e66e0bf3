"""A disk that does not answer is said on the screen within three seconds, and nothing is lost afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial

import pytest

from app.base.workers import Worker
from app.core.state import KioskState
from app.jobs.running import run_jobs
from app.model.observation import NOTHING_SEEN
from app.session.database import SESSION_FILE
from app.views.present import Surroundings, present
from tests.support.kiosks import Station
from tests.support.waiting import wait_until

pytestmark = pytest.mark.needs_runtime


def said(state: KioskState) -> str:
    notice = present(state, None, NOTHING_SEEN, Surroundings()).notice
    return notice.text if notice is not None else ""


def test_a_hanging_disk_is_said_within_three_seconds_and_every_press_is_stored_afterwards(
    station: Station, record_property: Callable[[str, object], None]
) -> None:
    station.store.calls.clock = lambda: station.now_s
    kiosk = station.kiosk
    station.teach(2)
    before = sum(kiosk.state.shots)
    other = sqlite3.connect(station.config.data_dir / SESSION_FILE, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")  # from now on a write waits, as for a disk
    worker = Worker("session jobs", partial(run_jobs, kiosk.session_jobs), lambda *_: None).start()
    began_s = station.now_s
    for _ in range(3):
        station.look()
        station.panel.tap(0)
        kiosk.tick()
    station.now_s += 0.1
    wait_until(lambda: station.store.calls.longest_s() > 0)
    while not kiosk.state.disk_waits and station.now_s < began_s + 10:
        station.now_s += 0.1
        kiosk.tick()
    assert station.now_s - began_s < 3.0
    assert said(kiosk.state) == "The disk does not answer. Please wait: what you taught is kept."
    record_property("said after, s", round(station.now_s - began_s, 1))
    other.execute("ROLLBACK")

    def stored() -> bool:
        kiosk.tick()
        return sum(kiosk.state.shots) == before + 3

    wait_until(stored)
    wait_until(lambda: station.store.calls.longest_s() == 0)
    kiosk.tick()
    worker.stop(20)
    assert (kiosk.state.disk_waits, said(kiosk.state)) == (False, "The disk answers again.")
    assert len(station.store.load().samples) == before + 3
    record_property("pictures kept", f"{sum(kiosk.state.shots)} of {before + 3}")
