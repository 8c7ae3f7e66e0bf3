"""Carrying on with a session from a drive; `tests/app/importing` tests which folders are accepted."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from app.base.buttons import (
    Action,
    ClassGallery,
)
from app.base.ports import Frame
from app.core import events as ev
from app.model.observation import NOTHING_SEEN
from app.model.saved_folder.facts import PLAIN_FILE
from app.views.present import Surroundings, present
from tests.support.hostile_models import changed, hangs_on_bright_pictures
from tests.support.kiosks import LABELS, Station
from tests.support.waiting import wait_until
from tpu.errors import ModelStopped

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


def test_a_shown_model_answers_in_a_process_of_its_own_for_as_long_as_it_is_shown(station: Station) -> None:
    station.train()
    station.press(Action.SAVE)
    folder = station.kiosk.saved_to
    station.press(Action.CANCEL)
    path = folder / PLAIN_FILE
    path.write_bytes(changed(path.read_bytes(), hangs_on_bright_pictures))
    station.kiosk.perform(ev.ShowModel(folder, "STICK"))
    station.settle()
    assert station.kiosk.state.shown_from == "STICK"
    shown = station.vision.model.engine
    assert not shown.trusted
    black, bright = (Frame(np.full((96, 96, 3), level, np.uint8), 1, 0.0) for level in (0, 255))
    assert station.vision.observe(black).probabilities.sum() > 0.9
    pid = shown.guard.pid
    started_s = time.monotonic()
    with pytest.raises(ModelStopped):
        station.vision.observe(bright)
    assert time.monotonic() - started_s < 2 * shown.guard.limits.answer_s
    station.kiosk.perform(ev.EndShow())
    station.settle()
    station.look()
    assert station.kiosk.state.shown_from == ""
    assert station.vision.model.engine.trusted, "the kiosk's own model runs here"
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), "the process of the shown model is gone")
