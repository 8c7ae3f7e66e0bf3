"""A class is removed: from the disk, from the model, and from what the model answers."""

from __future__ import annotations

import pytest

from app.base.buttons import Action, ClassName, RemoveClass
from app.core.state import Mode
from tests.support.kiosks import Station

pytestmark = pytest.mark.needs_runtime


def test_after_a_class_is_removed_the_model_answers_with_the_others(station: Station) -> None:
    station.teach()
    station.table.show("duck")
    for _ in range(4):
        station.table.new_view()
        station.look()
        station.panel.tap(2)
        station.settle()
    station.press(Action.TRAIN)
    assert station.vision.model.engine.labels == ("apple", "cup", "duck")
    station.panel.tap(ClassName(0))
    station.panel.tap(RemoveClass(0))
    station.press(Action.CONFIRM)
    state = station.kiosk.state
    assert (state.mode, state.labels, state.shots) == (Mode.LIVE, ("cup", "duck"), (4, 4))
    session = station.store.load()
    assert (session.labels, session.shots()) == (("cup", "duck"), (4, 4))
    assert station.vision.model.engine.labels == ("cup", "duck")
    assert len(list(station.config.data_dir.glob("models/*.tflite"))) == 1  # that of the removed class is gone
    station.table.show("duck")
    station.look()
    assert station.kiosk.observation.probabilities.argmax() == 1
