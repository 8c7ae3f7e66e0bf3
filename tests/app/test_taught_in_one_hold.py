"""The running kiosk, taught three things in one hold each: it names them again, and refuses a thing it never saw."""

from __future__ import annotations

import numpy as np
import pytest

from app.base.buttons import Action
from app.core.state import Mode
from tests.support.kiosks import Station

pytestmark = pytest.mark.needs_runtime

TAUGHT, UNKNOWN = ("apple", "cup", "duck"), "book"
HOLD_S, LOOKS, LOOK_S = 2.5, 60, 0.033


def teach_in_one_hold(station: Station) -> None:
    """Show each thing and hold its button for HOLD_S; the thing only sways a little."""
    for index, kind in enumerate(TAUGHT):
        station.table.show(kind)
        station.table.new_view()
        station.look()
        station.panel.press(index)
        for _ in range(round(HOLD_S / LOOK_S)):
            station.look()
            station.settle()
        station.panel.release(index)
        station.settle()


def looks_at(station: Station, kind: str, *, moved: bool) -> list[str | None]:
    """Return the answers of LOOKS looks at a thing: a label, or None for "not sure"."""
    answers: list[str | None] = []
    station.table.show(kind)
    station.table.new_view()
    for _ in range(LOOKS):
        if moved:
            station.table.new_view()
        station.look()
        seen = station.kiosk.observation
        assert seen is not None
        assert seen.probabilities is not None
        sure = seen.novelty <= 1 and seen.probabilities.max() >= seen.threshold
        answers.append(TAUGHT[int(seen.probabilities.argmax())] if sure else None)
    return answers


def test_what_was_taught_in_one_hold_is_named_and_another_thing_is_refused(station_with_prior: Station) -> None:
    station = station_with_prior
    teach_in_one_hold(station)
    assert len({one.hold for one in station.store.load().samples}) == 3
    station.press(Action.TRAIN)
    assert station.kiosk.state.mode is Mode.LIVE
    assert station.kiosk.state.model is not None
    assert (station.kiosk.state.model.validation_from, station.kiosk.state.model.provisional) == ("views", False)
    for moved in (False, True):  # swaying; moved, turned and lit for each look
        named = [answer == kind for kind in TAUGHT for answer in looks_at(station, kind, moved=moved)]
        refused = [answer is None for answer in looks_at(station, UNKNOWN, moved=moved)]
        assert np.mean(named) >= 0.95, moved
        assert np.mean(refused) >= 0.8, moved
