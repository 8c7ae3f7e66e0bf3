"""A class is removed: from the disk, from the model, and from what the model answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from app.base.buttons import Action, ClassGallery, ClassName, EmptyClass, RemoveClass
from app.base.errors import SessionNotRead
from app.base.privacy import Privacy
from app.core import events as ev
from app.core.state import Mode
from app.jobs.archive_jobs import erase_session
from app.jobs.class_removal import drop_class
from app.jobs.samples import RemovedSamples
from app.session.store import SessionStore
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


@pytest.mark.parametrize(("emptied", "gone", "place"), [(0, 2, 0), (1, 0, 0), (0, 1, 0), (1, 2, 1)])
def test_the_pictures_of_other_classes_can_still_be_brought_back(
    station: Station, emptied: int, gone: int, place: int
) -> None:
    station.teach()
    label, before = station.kiosk.state.labels[emptied], station.store.load()
    station.panel.tap(ClassName(emptied))
    station.panel.tap(EmptyClass(emptied))
    station.settle()
    station.panel.tap(ClassName(gone))
    station.panel.tap(RemoveClass(gone))
    station.settle()
    station.press(Action.CONFIRM)
    assert len(station.kiosk.state.labels) == 2
    station.panel.tap(ClassGallery(place))
    station.settle()
    station.press(Action.UNDO)
    taught = station.kiosk.state.classes[place]
    assert (taught.label, taught.shots, taught.removed) == (label, 4, ())
    session = station.store.load()
    assert session.labels[place] == label
    assert [one.sample_id for one in session.samples if one.class_index == place] == [
        one.sample_id for one in before.samples if one.class_index == emptied
    ]


def test_the_pictures_of_a_class_that_is_gone_come_back_nowhere(station: Station) -> None:
    station.teach()
    station.panel.tap(ClassName(0))
    station.panel.tap(EmptyClass(0))
    station.settle()
    station.panel.tap(ClassName(0))
    station.panel.tap(RemoveClass(0))
    station.settle()
    station.press(Action.CONFIRM)
    assert [(one.shots, one.removed) for one in station.kiosk.state.classes] == [(4, ()), (0, ())]
    for index in range(2):
        station.panel.tap(ClassGallery(index))
        station.settle()
        station.press(Action.UNDO)
    assert station.store.load().shots() == (4, 0)


class ReadsNothingAfterwards:
    """A store whose disk fails as soon as a class was removed."""

    def __init__(self, store: Any) -> None:
        self._store, self._gone = store, False

    def drop_class(self, *args: Any) -> None:
        self._store.drop_class(*args)
        self._gone = True

    def __getattr__(self, name: str) -> Any:
        if self._gone:
            raise SessionNotRead("disk I/O error")
        return getattr(self._store, name)


def test_a_class_that_is_gone_from_the_disk_is_gone_from_the_screen_also_if_the_disk_fails_then(
    station: Station,
) -> None:
    station.teach()
    tools = replace(station.tools, store=cast(SessionStore, ReadsNothingAfterwards(station.store)))
    events: list[ev.Event] = []
    drop_class(tools, events.append, RemovedSamples(), 0, ("cup", "duck"), "apple")
    (event,) = events
    assert isinstance(event, ev.ClassRemoved)
    assert [(one.label, one.shots, len(one.thumbnails)) for one in event.classes] == [("cup", 4, 4), ("duck", 0, 0)]
    assert station.store.load().labels == ("cup", "duck")


def test_the_model_changes_neither_while_a_class_is_removed_nor_while_the_session_is_erased(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A training that ends in another thread would bring back a model of what is over."""
    station.teach()
    tools, removed = station.tools, RemovedSamples()
    alone: list[bool] = []
    for name in ("drop_class", "erase"):
        works = getattr(station.store, name)

        def recorded(*args: Any, works: Any = works, **more: Any) -> None:
            alone.append(tools.model_change.locked())
            works(*args, **more)

        monkeypatch.setattr(station.store, name, recorded)
    drop_class(tools, lambda _: None, removed, 0, ("cup", "duck"), "apple")
    erase_session(tools, lambda _: None, removed, Privacy.ERASE)
    assert alone == [True, True]
    assert not tools.model_change.locked()


def test_a_thread_that_hangs_while_it_changes_the_model_does_not_keep_a_session(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.tools.MODEL_CHANGE_S", 0.01)
    station.teach()
    with station.tools.model_change:
        erase_session(station.tools, lambda _: None, RemovedSamples(), Privacy.ERASE)
    assert station.store.load().samples == ()
