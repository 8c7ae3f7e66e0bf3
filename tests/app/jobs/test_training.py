"""The session's model: trained, verified, live, and restored after a restart."""

from __future__ import annotations

import hashlib
import importlib
import json
import resource
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.base.buttons import (
    Action,
    ClassName,
    ScreenKey,
    SettingStep,
    TypingKey,
)
from app.base.errors import SessionNotRead
from app.base.workers import StopSignal
from app.core import events as ev
from app.core.state import Mode
from app.jobs.own_model import follow_number_of_classes, restore_model
from app.jobs.training import train
from app.model.model_files import delete_model, read_report, report_path
from app.model.train import holds_of
from tests.support.kiosks import LABELS, Station
from tests.support.visits import open_staff
from tpu.classifier import ClassificationEngine
from tpu.tensors import centre_crop

pytestmark = pytest.mark.needs_runtime


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_exported_file_itself_answers(station: Station) -> None:
    station.teach()
    assert station.vision.model is None
    station.press(Action.TRAIN)
    station.look()
    assert station.kiosk.state.mode is Mode.LIVE
    seen = station.kiosk.observation
    assert seen is not None
    assert seen.model_path == station.vision.model.path
    assert list(station.config.data_dir.glob("models/*.tflite")) == [seen.model_path]
    station.press(Action.SAVE)
    saved = station.kiosk.saved_to
    assert saved is not None
    assert sha256(saved / "converted_tflite_quantized/model.tflite") == sha256(seen.model_path)


def test_the_old_model_answers_until_the_new_one_is_ready(station: Station) -> None:
    station.train()
    old = station.vision.model
    station.teach(2)
    station.panel.tap(Action.TRAIN)
    station.kiosk.tick()
    station.look()
    assert station.kiosk.state.mode is Mode.TRAINING
    assert station.kiosk.observation.model_path == old.path
    station.settle()
    station.look()
    assert station.kiosk.observation.model_path != old.path
    assert not old.path.exists()


def test_failed_training_keeps_the_old_model_and_says_why(station: Station) -> None:
    station.train()
    old = station.vision.model
    station.teach(1)
    models = station.config.data_dir / "models"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))  # the system itself refuses a file of that size
    try:
        station.press(Action.TRAIN)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert station.kiosk.state.mode is Mode.LIVE
    assert station.vision.model is old
    assert station.notice == (
        f"the model could not be written to {models}: File too large. Make room there and press TRAIN again."
    )
    assert sorted(models.iterdir()) == [old.path.with_suffix(".report.json"), old.path]


def test_a_training_that_waits_ends_the_explaining_of_the_model_before_it(station: Station) -> None:
    """And what is explained does not keep the new model from answering."""
    station.train()
    events: list[ev.Event] = []
    train(station.tools, events.append, lambda _: None, station.store.load(), StopSignal(), hurry=lambda: True)
    assert [type(event) for event in events] == [ev.TrainingFinished]
    train(station.tools, events.append, lambda _: None, station.store.load(), StopSignal())
    assert [type(event) for event in events[1:3]] == [ev.TrainingFinished, ev.ReportExplained]


def test_the_job_before_a_training_is_asked_to_hurry_until_the_training_runs(station: Station) -> None:
    station.teach(2)
    jobs, stop = station.kiosk.long_jobs, StopSignal()
    station.look()
    station.panel.tap(Action.TRAIN)
    station.kiosk.tick()
    assert not jobs.hurry.is_set()
    while jobs.empty():
        station.kiosk.session_jobs.get_nowait()(stop)
    assert jobs.hurry.is_set()
    jobs.get_nowait()(stop)
    assert not jobs.hurry.is_set()


def test_a_training_that_cannot_be_queued_leaves_no_hurry(station: Station) -> None:
    station.teach(1)
    with sqlite3.connect(station.config.data_dir / "session.sqlite3") as database:
        database.execute("DROP TABLE samples")
    station.press(Action.TRAIN)
    assert not station.kiosk.long_jobs.hurry.is_set()
    assert station.kiosk.state.mode is Mode.TEACH


def test_a_model_file_that_was_changed_is_not_restored(station: Station, tmp_path: Path) -> None:
    station.train()
    path = station.vision.model.path
    station.close()
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    again = Station(tmp_path)
    assert again.kiosk.state.mode is Mode.TEACH
    assert again.kiosk.state.shots == (4, 4, 0)
    again.close()


def test_a_new_class_name_is_in_the_export_while_the_model_of_the_session_keeps_its_file(station: Station) -> None:
    station.train()
    model = station.vision.model
    before, picture = sha256(model.path), station.kiosk.shown.image
    judged = model.engine.judge(picture)
    open_staff(station)
    station.panel.tap(ClassName(1))
    for _ in range(3):
        station.panel.tap(TypingKey.BACKSPACE)
    station.kiosk.events.put(ev.CharacterTyped("Tasse ß"))
    station.panel.tap(TypingKey.DONE)
    station.panel.tap(ScreenKey.BACK)
    station.settle()
    assert (station.vision.model is model, sha256(model.path)) == (True, before)
    station.table.show("cup")
    station.look()
    assert station.kiosk.observation.probabilities.argmax() == 1
    station.press(Action.SAVE)
    saved = station.kiosk.saved_to / "converted_tflite_quantized"
    assert (saved / "labels.txt").read_text() == "0 apple\n1 Tasse ß\n"
    assert json.loads((saved.parent / "report.json").read_text(encoding="utf-8"))["labels"] == ["apple", "Tasse ß"]
    with zipfile.ZipFile(saved / "model.tflite") as inside:
        assert inside.read("labels.txt").decode().splitlines() == ["apple", "Tasse ß"]
    taken_home = ClassificationEngine(saved / "model.tflite", runtime="auto")
    again = taken_home.judge(picture)
    assert (tuple(taken_home.labels), again.novelty) == (("apple", "Tasse ß"), judged.novelty)
    assert again.novelty > 0  # the test of what was never taught came along
    assert np.array_equal(again.probabilities, judged.probabilities)
    taken_home.close()
    assert station.store.load().labels == ("apple", "Tasse ß", "duck")
    again = type(station)(station.folder)  # after a restart, too
    assert again.kiosk.state.labels == ("apple", "Tasse ß", "duck")
    assert again.kiosk.state.mode is Mode.LIVE
    again.close()


def test_an_added_class_can_be_taught_at_once(station: Station) -> None:
    station.train()
    open_staff(station)
    station.panel.tap(SettingStep("classes.number", 1))
    station.panel.tap(ScreenKey.BACK)
    station.settle()
    station.look()
    assert station.kiosk.observation.probabilities.shape == (len(LABELS) + 1,)
    station.panel.tap(3)
    station.settle()
    assert station.store.load().shots() == (4, 4, 0, 1)


def hold(station: Station, index: int, looks: int) -> None:
    """Hold the button of a class while the camera delivers so many pictures."""
    station.look()
    station.panel.press(index)
    for _ in range(looks):
        station.look()
        station.settle()
    station.panel.release(index)
    station.settle()


def test_an_unknown_accuracy_is_stored_reported_and_restored(station: Station) -> None:
    """With one hold of each thing and an extractor that was not measured, only near-duplicates could be held out."""
    for index, kind in enumerate(LABELS[:2]):
        station.table.show(kind)
        hold(station, index, looks=60)
    station.press(Action.TRAIN)
    model = station.kiosk.state.model
    assert model is not None
    assert (model.validation_accuracy, model.validation_from, model.provisional) == (None, None, True)
    assert station.notice == "It learned, but it is not tested yet. Hold each button twice, then press TRAIN."
    restored = restore_model(station.tools)
    assert restored == model
    station.press(Action.SAVE)
    saved = station.kiosk.saved_to
    assert saved is not None
    report = json.loads((saved / "report.json").read_text(encoding="utf-8"))
    metadata = json.loads((saved / "metadata.json").read_text(encoding="utf-8"))
    assert [report[key] for key in ("validation_accuracy", "validation_from", "provisional")] == [None, None, True]
    assert [metadata[key] for key in ("validation_accuracy", "validation_from", "provisional")] == [None, None, True]
    assert report["class_accuracy"] == [None, None]
    page = (saved / "report.html").read_text(encoding="utf-8")
    assert "It was not tested with other pictures. Hold each button twice, then press TRAIN: " in page
    for figure in ("Learning curve", "Confusion matrix", "Wrong answers", "<td>100%", "That happened for"):
        assert figure not in page
    assert "The limit is provisional: the extractor had not been measured yet." in page


def test_two_holds_of_each_thing_test_each_other(station_with_prior: Station) -> None:
    station = station_with_prior
    for index, kind in (*enumerate(LABELS[:2]), *enumerate(LABELS[:2])):
        station.table.show(kind)
        station.table.new_view()
        hold(station, index, looks=40)
    station.press(Action.TRAIN)
    model = station.kiosk.state.model
    assert model is not None
    assert (model.validation_from, model.provisional) == ("holds", False)
    assert model.report is not None
    holds = {one.sample_id: one.hold for one in station.store.load().samples}
    held_out = {holds[one["sample"]] for one in model.report["held_out"]}
    assert len(held_out) == 4


def test_pictures_of_unknown_holds_are_linked_if_they_look_the_same(station_with_prior: Station) -> None:
    station = station_with_prior
    for index, kind in enumerate(LABELS[:2]):
        station.table.show(kind)
        for _ in range(2):
            station.table.new_view()
            for _ in range(3):
                station.store.add(index, station.extractor.embed(image := station.table.read()), centre_crop(image))
    session = station.store.load()
    groups = holds_of(session, station.tools.known_prior)
    assert all(len(set(groups[start : start + 3])) == 1 for start in range(0, 12, 3))
    assert not set(groups[:6]) & set(groups[6:])
    assert sorted(set(holds_of(session, None))) == [0, 1]


def test_a_new_model_answers_before_its_report_is_explained(station: Station) -> None:
    station.teach()
    happened: list[ev.Event] = []
    answered: list[bool] = []

    def announce(event: ev.Event) -> None:
        happened.append(event)
        answered.append(station.vision.model is not None)

    train(station.tools, announce, lambda _share: None, station.store.load(), StopSignal())
    finished, explained = (
        next(one for one in happened if isinstance(one, kind)) for kind in (ev.TrainingFinished, ev.ReportExplained)
    )
    assert happened.index(finished) < happened.index(explained)
    assert answered[happened.index(finished)]
    assert finished.model.report is explained.before
    assert "looks_at_background" not in explained.before
    assert len(explained.report["looks_at_background"]) == 2
    assert read_report(finished.model_path) == json.loads(json.dumps(explained.report))


def test_a_model_that_follows_the_number_of_classes_while_it_is_explained_keeps_its_explanations(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A visitor adds a class while another thread explains the model."""
    station.teach()
    happened: list[ev.Event] = []
    monkeypatch.setattr("app.jobs.backgrounds.looks_at_background", lambda _: add_class())

    def add_class() -> bool:
        labels = (*station.store.labels(), f"thing {len(station.store.labels())}")
        station.store.rename(labels)
        follow_number_of_classes(station.tools)
        return len(labels) == 5

    def announce(event: ev.Event) -> None:
        happened.append(event)
        if isinstance(event, ev.TrainingFinished):
            add_class()

    train(station.tools, announce, lambda _share: None, station.store.load(), StopSignal())
    assert happened[-1] == ev.BackgroundSeen((0,))
    model = station.vision.model
    assert model is not None
    assert (model.num_classes, len(station.store.last_model().shots)) == (6, 6)
    report = read_report(model.path)
    assert report is not None
    assert len(report["looks_at_background"]) == 2
    assert sorted((station.config.data_dir / "models").iterdir()) == [report_path(model.path), model.path]


def run_once_before(monkeypatch: pytest.MonkeyPatch, function: str, what: Callable[[], None]) -> None:
    """Let a function do something else first when it is called for the first time."""
    module, _, name = function.rpartition(".")
    works, waiting = getattr(importlib.import_module(module), name), [what]

    def called(*args: Any) -> Any:
        if waiting:
            waiting.pop()()
        return works(*args)

    monkeypatch.setattr(function, called)


@pytest.mark.parametrize("function", ["training.write_counterpart", "training.follow_number_of_classes"])
def test_if_a_class_is_added_while_the_next_model_is_trained_that_one_answers_for_it_too(
    function: str, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is added in another thread: before the new model answers, or after that."""
    station.train()
    station.settle()
    before, labels = station.vision.model, (*station.store.labels(), "key")
    happened: list[ev.Event] = []

    def add_class() -> None:
        station.store.rename(labels)
        follow_number_of_classes(station.tools)

    run_once_before(monkeypatch, f"app.jobs.{function}", add_class)
    train(station.tools, happened.append, lambda _share: None, station.store.load(), StopSignal())
    model, stored = station.vision.model, station.store.last_model()
    (finished,) = (one for one in happened if isinstance(one, ev.TrainingFinished))
    assert model is not None
    assert stored is not None
    assert before is not None
    assert model.path == finished.model_path == stored.path != before.path
    assert (model.num_classes, len(stored.shots)) == (4, 4)
    assert {one for one in (station.config.data_dir / "models").iterdir() if one.suffix == ".tflite"} == {model.path}
    assert restore_model(station.tools) is not None


def test_a_training_that_ended_does_not_fail_because_the_class_names_cannot_be_read(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.teach()
    session, happened = station.store.load(), list[ev.Event]()

    def fails() -> tuple[str, ...]:
        raise SessionNotRead("disk I/O error")

    monkeypatch.setattr(station.store, "labels", fails)
    train(station.tools, happened.append, lambda _share: None, session, StopSignal())
    assert isinstance(happened[0], ev.TrainingFinished)
    assert not [one for one in happened if isinstance(one, ev.TrainingFailed)]


def test_a_model_that_was_erased_meanwhile_leaves_no_report(station: Station) -> None:
    station.teach()

    def announce(event: ev.Event) -> None:
        if isinstance(event, ev.TrainingFinished):
            delete_model(event.model_path)

    train(station.tools, announce, lambda _share: None, station.store.load(), StopSignal())
    assert list((station.config.data_dir / "models").iterdir()) == []
