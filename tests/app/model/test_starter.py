"""The starter: a model that answers before the first training."""

from __future__ import annotations

import tempfile
from dataclasses import replace

import pytest

from app.base.buttons import Action
from app.config.schema import Config
from app.core import events as ev
from app.core.facts import ModelFacts
from app.core.state import Mode
from app.model.observation import NOTHING_SEEN
from app.views.present import Surroundings, present
from tests.support.kiosks import LABELS, Station

pytestmark = pytest.mark.needs_runtime


def starting_with(station: Station, starter: str) -> Station:
    """The same kiosk, started again with this starter."""
    station.close()
    settings = Config()
    again = Station(station.folder, replace(settings, idle=replace(settings.idle, starter=starter)))
    again.settle()
    return again


def test_the_demonstration_starter_answers_at_once_and_stops_when_something_is_taught(station: Station) -> None:
    again = starting_with(station, "demo")
    state = again.kiosk.state
    assert (state.mode, state.starter.labels) == (Mode.LIVE, again.table.kinds)
    right = 0
    for index, kind in enumerate(again.table.kinds[:3]):
        for _ in range(4):
            again.table.show(kind)
            again.table.new_view()
            again.look()
            right += int(again.kiosk.observation.probabilities.argmax() == index)
    assert right >= 11
    again.panel.tap(0)
    again.settle()
    again.look()
    assert again.kiosk.state.mode is Mode.TEACH
    assert again.store.load().shots() == (1, 0, 0)
    assert again.kiosk.observation.probabilities is None
    assert [card.label for card in view_of(again).cards] == list(LABELS)
    again.close()


def test_a_late_starter_does_not_replace_a_trained_model(station: Station) -> None:
    again = starting_with(station, "demo")
    again.teach()
    again.press(Action.TRAIN)
    taught = again.vision.model
    again.kiosk.handle(ev.StarterReady(ModelFacts(("dog", "cat"), 0.5)))
    assert again.vision.model is taught is not None
    again.close()


def test_a_full_disk_while_making_the_starter_does_not_end_the_worker(
    station: Station, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(station.folder / "gone"))
    again = starting_with(station, "demo")
    assert again.kiosk.state.mode is Mode.TEACH
    assert "the starter cannot be made" in caplog.messages
    again.close()


def view_of(station: Station):
    return present(station.kiosk.state, station.kiosk.shown, NOTHING_SEEN, Surroundings())


def test_a_folder_of_save_works_as_a_starter(station: Station) -> None:
    station.teach()
    station.press(Action.TRAIN)
    station.press(Action.SAVE)
    saved = station.kiosk.saved_to
    station.press(Action.CANCEL)
    station.press(Action.RESET)
    station.press(Action.CONFIRM)
    again = starting_with(station, str(saved))
    assert again.kiosk.state.starter.labels == ("apple", "cup")
    assert [card.label for card in view_of(again).cards] == ["apple", "cup", "duck"]
    again.press(Action.SAVE)
    assert again.kiosk.state.mode is Mode.LIVE  # it is nobody's, so nobody saves it
    again.close()


def test_an_unusable_starter_is_reported_and_the_kiosk_works(
    station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = station.folder / "nowhere"
    again = starting_with(station, str(nowhere))
    assert again.kiosk.state.mode is Mode.TEACH
    assert f"The starter in {nowhere} cannot be used. Name a folder that SAVE wrote in idle.starter." in caplog.messages
    again.close()


@pytest.mark.parametrize(
    "facts",
    [
        "[" * 100_000,
        "[]",
        "5",
        '{"model": "/dev/zero", "labels": ["a", "b"], "threshold": 0.5}',
        '{"model": "model.tflite", "labels": 7, "threshold": 0.5}',
        '{"model": "model.tflite", "labels": ["a", "b"], "threshold": []}',
    ],
    ids=["deep", "list", "number", "device", "labels", "threshold"],
)
def test_a_starter_whose_facts_are_damaged_is_reported_and_the_kiosk_works(
    facts: str, station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    folder = station.folder / "starter"
    folder.mkdir()
    (folder / "metadata.json").write_text(facts)
    again = starting_with(station, str(folder))
    assert again.kiosk.state.mode is Mode.TEACH
    assert f"The starter in {folder} cannot be used. Name a folder that SAVE wrote in idle.starter." in caplog.messages
    again.close()
