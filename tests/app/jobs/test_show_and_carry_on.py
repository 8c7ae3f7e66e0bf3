"""Carrying on with a session from a drive; `tests/app/importing` tests which folders are accepted."""

from __future__ import annotations

import pytest

from app.base.buttons import (
    Action,
    ClassGallery,
)
from app.core import events as ev
from app.model.observation import NOTHING_SEEN
from app.views.present import Surroundings, present
from tests.support.kiosks import LABELS, Station

pytestmark = pytest.mark.needs_runtime


def test_undo_does_not_restore_samples_of_the_session_before(station: Station) -> None:
    station.train()
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
