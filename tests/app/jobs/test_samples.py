"""Samples of the current session: pictures for galleries and results, removing and restoring."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from app.base.buttons import (
    Action,
    ClassGallery,
    ClassName,
    EmptyClass,
    MatrixCell,
    ScreenKey,
    SettingStep,
    StoredPicture,
)
from app.base.errors import SessionNotRead
from app.core import events as ev
from app.core.facts import TaughtClass
from app.jobs.class_removal import drop_class
from app.jobs.classes import taught_classes
from app.jobs.samples import RemovedSamples
from app.model.observation import NOTHING_SEEN
from app.session.session import same_samples
from app.session.store import SessionStore
from app.views.present import Surroundings, present
from tests.support.kiosks import Station
from tests.support.visits import open_staff

pytestmark = pytest.mark.needs_runtime


def test_a_removed_sample_is_deleted_from_the_disk_and_undo_restores_it(station: Station) -> None:
    station.teach()
    station.panel.tap(ClassGallery(0))
    station.settle()
    gallery = present(station.kiosk.state, None, NOTHING_SEEN, Surroundings()).gallery
    assert (gallery.title, len(gallery.pictures)) == ("apple: 4 pictures", 4)
    before = station.store.load()
    station.panel.tap(gallery.pictures[1].button)
    station.settle()
    assert station.store.load().shots() == (3, 4, 0)
    assert len(station.kiosk.state.gallery.pictures) == 3
    station.press(Action.UNDO)
    after = station.store.load()
    assert [one.sample_id for one in after.samples] == [one.sample_id for one in before.samples]
    assert all(
        np.array_equal(one.embedding, two.embedding) and one.picture == two.picture
        for one, two in zip(after.samples, before.samples, strict=True)
    )


def test_nothing_keeps_the_pictures_of_a_class_that_is_gone_or_of_the_classes_before_a_lesson(station: Station) -> None:
    removed, classes = RemovedSamples(), len(station.kiosk.state.classes)
    events: list[ev.Event] = []
    station.teach()
    for index in range(classes):
        removed.remove_class(station.tools, events.append, index)
    assert [one.class_index for one in events if isinstance(one, ev.SamplesRemoved)] == [0, 1]
    removed.forget(station.tools, events.append, 1)
    events.clear()
    removed.restore_last(station.tools, events.append, 1)
    (failed,) = events  # the gallery waits for an answer
    assert isinstance(failed, ev.UndoFailed)
    assert str(failed.reason) == "There is nothing to undo yet."
    removed.restore_last(station.tools, events.append)
    assert [type(one) for one in events[1:]] == [ev.SamplesRestored]


def tapped(station: Station, index: int) -> None:
    station.look()
    station.panel.tap(index)
    station.settle()


def emptied(station: Station, index: int) -> None:
    station.panel.tap(ClassName(index))
    station.panel.tap(EmptyClass(index))
    station.settle()


def test_undo_takes_back_the_last_act_and_then_the_one_before(station: Station) -> None:
    states = [station.store.load()]
    for index in (0, 1):
        tapped(station, index)
        states.append(station.store.load())
    emptied(station, 0)
    states.append(station.store.load())
    tapped(station, 1)
    states.append(station.store.load())
    station.panel.tap(ClassGallery(1))
    station.settle()
    station.panel.tap(StoredPicture(2))
    station.panel.tap(ScreenKey.BACK)
    station.settle()
    assert station.store.load().shots() == (0, 1, 0)
    said = []
    for before in reversed(states):
        station.press(Action.UNDO)
        assert same_samples(station.store.load(), before)
        assert station.kiosk.state.shots == before.shots()
        said.append(station.notice)
    gone = "Removed the last picture of {}. The number on its card brings it back.".format
    assert said == ["1 picture of cup is back.", gone("cup"), "1 picture of apple is back.", gone("cup"), gone("apple")]
    station.press(Action.UNDO)
    assert station.notice == "There is nothing to undo yet."


def test_after_a_training_and_a_save_undo_still_brings_back_what_was_emptied_before(station: Station) -> None:
    station.teach(2)
    for _ in range(2):
        tapped(station, 2)
    before = station.store.load()
    emptied(station, 0)
    station.press(Action.TRAIN)
    station.press(Action.SAVE)
    station.press(Action.SAVE)  # leaves the page
    station.press(Action.UNDO)
    assert same_samples(station.store.load(), before)


def test_undo_takes_no_older_hold_in_the_place_of_an_act_that_nothing_can_take_back(station: Station) -> None:
    removed, events = RemovedSamples(), list[ev.Event]()
    station.teach(2)
    removed.remove_class(station.tools, events.append, 1)
    drop_class(station.tools, events.append, removed, 1, ("apple", "duck"), "cup")
    before = station.store.load()
    removed.undo(station.tools, events.append)
    assert isinstance(events[-1], ev.UndoFailed)
    assert str(events[-1].reason) == "What was done last can no longer be undone."
    assert same_samples(station.store.load(), before)
    removed.remove_class(station.tools, events.append, 0)  # a later act
    removed.undo(station.tools, events.append)
    assert isinstance(events[-1], ev.SamplesRestored)
    removed.forget(station.tools, events.append, 0)
    removed.undo(station.tools, events.append)
    assert isinstance(events[-1], ev.UndoFailed)
    assert same_samples(station.store.load(), before)


@pytest.mark.parametrize(("emptied_first", "whole_class"), [(False, True), (True, True), (True, False)])
def test_undo_brings_nothing_back_from_before_an_act_that_nothing_can_take_back_but_the_gallery_does(
    station: Station, *, emptied_first: bool, whole_class: bool
) -> None:
    """The newest pictures are gone then: their ids no longer tell what came last."""
    removed, events = RemovedSamples(), list[ev.Event]()
    station.teach(2)
    tapped(station, 2)
    removed.remove_class(station.tools, events.append, 0)
    if emptied_first:
        removed.remove_class(station.tools, events.append, 2)
    if whole_class:
        drop_class(station.tools, events.append, removed, 2, ("apple", "cup"), "duck")
    else:
        removed.forget(station.tools, events.append, 2)
    assert removed.of_class(0, TaughtClass("")).removed == ((1, 2),)
    for sample_id in (None, 4, 3):  # a later act is taken back, and nothing more
        before = station.store.load()
        if sample_id is not None:
            removed.remove(station.tools, events.append, sample_id)
            removed.undo(station.tools, events.append)
            assert isinstance(events[-1], ev.SamplesRestored)
        removed.undo(station.tools, events.append)
        assert isinstance(events[-1], ev.UndoFailed)
        assert str(events[-1].reason) == "What was done last can no longer be undone."
        assert same_samples(station.store.load(), before)
    removed.restore_last(station.tools, events.append, 0)
    assert station.store.load().shots()[:2] == (2, 2)


def test_undo_does_not_bring_back_what_undo_removed_but_the_gallery_does(station: Station) -> None:
    removed, events = RemovedSamples(), list[ev.Event]()
    station.teach(2)
    before = station.store.load()
    for _ in range(4):
        removed.undo(station.tools, events.append)
    assert [type(one) for one in events] == [ev.SamplesRemoved] * 4
    removed.undo(station.tools, events.append)
    assert isinstance(events[-1], ev.UndoFailed)
    assert [removed.of_class(index, TaughtClass("")).undone for index in (0, 1)] == [((2,), (1,)), ((4,), (3,))]
    for index in (0, 0, 1, 1):
        removed.restore_last(station.tools, events.append, index)
    assert same_samples(station.store.load(), before)


def test_after_a_restart_undo_takes_back_the_last_hold_that_is_stored(station: Station) -> None:
    station.teach(2)
    RemovedSamples().undo(station.tools, lambda _: None)
    assert [one.sample_id for one in station.store.load().samples] == [1, 2, 3]


class FailsToMeasure:
    """A store whose disk fails when the sums of a class are read."""

    def __init__(self, store: SessionStore) -> None:
        self._store = store

    def spread_of_class(self, _class_index: int) -> None:
        raise SessionNotRead("disk I/O error")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def test_a_disk_that_fails_after_samples_were_removed_or_restored_does_not_deny_it(
    station_with_prior: Station,
) -> None:
    station = station_with_prior
    station.teach(2)
    tools = replace(station.tools, store=cast(SessionStore, FailsToMeasure(station.store)))
    removed = RemovedSamples()
    events: list[ev.Event] = []
    removed.remove_class(tools, events.append, 0)
    removed.restore_last(tools, events.append)
    assert [type(one) for one in events] == [ev.SamplesRemoved, ev.SamplesRestored]
    assert [one.variety for one in events if isinstance(one, (ev.SamplesRemoved, ev.SamplesRestored))] == [None, None]
    assert station.store.load().shots() == (2, 2, 0)


def test_the_results_show_the_pictures_of_held_out_samples(station: Station) -> None:
    station.teach(8)
    station.press(Action.TRAIN)
    station.press(Action.RESULTS)
    station.panel.tap(MatrixCell(0, 0))
    station.settle()
    shown = present(station.kiosk.state, None, NOTHING_SEEN, Surroundings()).results
    held_out = {one["sample"] for one in station.kiosk.state.model.report["held_out"] if one["truth"] == 0}
    assert {one.button.sample_id for one in shown.confused} <= held_out
    assert sum(cell.count for row in shown.confusion for cell in row) == len(
        station.kiosk.state.model.report["held_out"]
    )
    assert len(station.kiosk.state.model.report["curve"]) > 1
    assert station.kiosk.state.model.report["holds"] == [8, 8]
    explained = dict(station.kiosk.state.results.explanations)
    assert set(explained) == {one.button.sample_id for one in shown.confused}
    assert all(why.winner == 0 and why.cells.max() > 0 for why in explained.values())
    assert all(one.light is not None for one in shown.confused)


def test_zoom_applies_to_samples_answers_and_the_export(station: Station) -> None:
    open_staff(station)
    for _ in range(3):
        station.panel.tap(SettingStep("camera.zoom", 1))
    station.panel.tap(ScreenKey.BACK)
    station.settle()
    assert station.kiosk.state.config.camera.zoom == 2.0
    station.table.show("cup")
    station.look()
    shown = station.kiosk.shown.image
    quarter = shown[120:360, 200:440]
    assert np.allclose(station.kiosk.observation.embedding, station.extractor.embed(quarter))
    station.panel.tap(1)
    station.settle()
    (sample,) = station.store.load().samples
    assert np.allclose(sample.embedding, station.extractor.embed(quarter))
    station.train()
    station.press(Action.SAVE)
    metadata = (station.kiosk.saved_to / "metadata.json").read_text()
    assert '"crop_share": 0.5' in metadata


def test_each_sample_reports_how_much_the_samples_of_its_class_differ(station_with_prior: Station) -> None:
    """A thing that does not move has no variety; turning it adds some, and UNDO takes that away again."""
    station = station_with_prior
    station.table.show("apple")

    def tap() -> float:
        station.look()
        station.panel.tap(0)
        station.settle()
        variety = station.kiosk.state.classes[0].variety
        assert variety is not None
        return variety

    still = [tap() for _ in range(4)]
    assert still[0] == 0.0
    assert still[-1] < 0.25
    turned = 0.0
    for _ in range(5):
        station.table.new_view()
        turned = tap()
    assert turned > 0.6
    assert taught_classes(station.tools, station.store.load())[0].variety == pytest.approx(turned)
    for _ in range(5):
        station.press(Action.UNDO)
    assert station.kiosk.state.classes[0].variety == pytest.approx(still[-1], abs=0.01)


def test_a_thing_that_is_held_still_is_asked_to_be_turned_until_somebody_turns_it(station_with_prior: Station) -> None:
    station = station_with_prior
    station.table.show("cup")

    def taken(pictures: int, *, turned: bool) -> tuple[list[str], float]:
        """Hold on for some pictures; returns what the screen said after each, and how full the ring is then."""
        said = []
        while len(said) < pictures:
            before = station.kiosk.state.shots[0]
            if turned:
                station.table.new_view()
            station.look()
            station.settle()
            if station.kiosk.state.shots[0] > before:
                shown = present(station.kiosk.state, station.kiosk.shown, NOTHING_SEEN, Surroundings())
                said.append(shown.guidance)
        return said, shown.cards[0].ring

    station.look()
    station.panel.press(0)
    still, ring_still = taken(12, turned=False)
    turning, ring_turned = taken(12, turned=True)
    ask, praise = "Turn it! These all look the same.", "Keep turning it – every picture helps."
    assert still == [praise] * 5 + [ask] * 7
    asked = turning.count(ask)
    assert asked <= 5
    assert turning == [ask] * asked + [praise] * (12 - asked)  # it does not ask again
    assert (ring_still < 0.45, ring_turned > 0.9) == (True, True)


def test_variety_is_unknown_until_the_extractor_was_measured(station: Station) -> None:
    station.teach(2)
    assert station.kiosk.state.classes[0].variety is None
