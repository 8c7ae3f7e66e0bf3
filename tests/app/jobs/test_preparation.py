"""The next training is prepared while the visitor teaches: made views of stored pictures, and the prior."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.base.buttons import Action
from app.base.workers import StopSignal
from app.core import events as ev
from app.jobs import preparation as preparation_module
from app.jobs.preparation import VIEWS_OF_SAMPLE, Preparation
from app.jobs.running import Job
from app.model.prior import ExtractorPrior
from app.session.session import MOST_MADE_VIEWS
from learning import training_rows
from learning.errors import UnsupportedExtractor
from tests.support.kiosks import Station
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path

pytestmark = pytest.mark.needs_runtime


def views_of_samples(station: Station) -> list[int]:
    return [len(one.made) for one in station.store.load().samples]


def test_views_are_made_of_several_pictures_and_never_more_than_fit_a_class(station_with_prior: Station) -> None:
    station_with_prior.teach(12)
    session = station_with_prior.store.load()
    made, source = session.made()
    of_class = Counter(session.samples[row].class_index for row in source)
    assert of_class == {0: MOST_MADE_VIEWS, 1: MOST_MADE_VIEWS}
    assert max(views_of_samples(station_with_prior)) == VIEWS_OF_SAMPLE
    assert sum(count > 0 for count in views_of_samples(station_with_prior)) == 2 * -(
        -MOST_MADE_VIEWS // VIEWS_OF_SAMPLE
    )
    assert session.shots() == (12, 12, 0)
    rows = session.embeddings()
    own = np.linalg.norm(made - rows[source], axis=1)
    others = np.linalg.norm(made - rows[(source + 12) % 24], axis=1)
    assert (own < others).mean() > 0.9


def test_made_views_go_with_their_picture(station_with_prior: Station) -> None:
    station_with_prior.teach(2)
    assert views_of_samples(station_with_prior) == [VIEWS_OF_SAMPLE] * 4
    station_with_prior.press(Action.UNDO)
    with sqlite3.connect(station_with_prior.config.data_dir / "session.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM made_views").fetchone() == (3 * VIEWS_OF_SAMPLE,)
    station_with_prior.kiosk.perform(ev.EraseSession())
    station_with_prior.settle()
    with sqlite3.connect(station_with_prior.config.data_dir / "session.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM made_views").fetchone() == (0,)


def test_a_press_waits_for_one_turn_at_most(station_with_prior: Station) -> None:
    station, stop = station_with_prior, threading.Event()
    station.teach(1)
    embedding, picture = station.store.load().samples[0].embedding, np.full((320, 320, 3), 90, np.uint8)
    for number in range(16):  # more views are missing than any machine makes in one turn
        station.store.add(number % 2, embedding, picture, hold=number)
    station.kiosk.perform(ev.CheckSamples())  # requests a turn
    station.look()
    station.panel.tap(0)
    station.kiosk.tick()
    jobs, before = station.kiosk.session_jobs, station.store.load().shots()[0]
    for _ in range(3):  # the check, the turn, the press; the next turn waits behind it
        jobs.get_nowait()(stop)
    assert station.store.load().shots()[0] == before + 1
    assert not jobs.empty()


def run_turn(station: Station) -> None:
    station.kiosk.session_jobs.get_nowait()(StopSignal())


def counted(monkeypatch: pytest.MonkeyPatch, name: str) -> list[str]:
    """Write down each call of a function of the module."""
    calls, function = list[str](), getattr(preparation_module, name)

    def call(*args: object, **options: object) -> object:
        calls.append(name)
        return function(*args, **options)

    monkeypatch.setattr(preparation_module, name, call)
    return calls


def taught_unprepared(station: Station, monkeypatch: pytest.MonkeyPatch) -> Preparation:
    """Store pictures of two classes, and return a preparation that has done nothing yet."""
    for number in range(4):
        station.store.add(
            number % 2, np.ones(station.extractor.feature_dim, np.float32), np.full((320, 320, 3), 90, np.uint8)
        )
    while not station.kiosk.session_jobs.empty():
        run_turn(station)
    monkeypatch.setattr(preparation_module, "TURN_S", 600.0)
    return Preparation(station.tools, station.kiosk.session_jobs)


def test_the_first_fit_the_layout_and_the_views_have_a_turn_each(
    station_with_prior: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = station_with_prior
    preparation = taught_unprepared(station, monkeypatch)
    fits, layouts = counted(monkeypatch, "fit_head"), counted(monkeypatch, "prepare_export")
    preparation.request()
    run_turn(station)
    assert (len(fits), len(layouts), sum(views_of_samples(station))) == (1, 0, 0)
    run_turn(station)
    assert (len(fits), len(layouts), sum(views_of_samples(station))) == (1, 1, 0)
    run_turn(station)
    assert (len(fits), len(layouts)) == (1, 1)
    assert views_of_samples(station) == [VIEWS_OF_SAMPLE] * 4


def test_a_layout_that_fails_costs_no_views_and_is_tried_again_at_the_next_request(
    station_with_prior: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = station_with_prior
    preparation, tries = taught_unprepared(station, monkeypatch), list[tuple[str, ...]]()

    def fail_once(_: bytes, labels: tuple[str, ...]) -> None:
        tries.append(labels)
        if len(tries) == 1:
            raise UnsupportedExtractor("it has no room")

    monkeypatch.setattr(preparation_module, "prepare_export", fail_once)
    preparation.request()
    while not station.kiosk.session_jobs.empty():
        run_turn(station)
    assert len(tries) == 1
    assert views_of_samples(station) == [VIEWS_OF_SAMPLE] * 4
    for _ in range(2):
        preparation.request()
        while not station.kiosk.session_jobs.empty():
            run_turn(station)
    assert len(tries) == 2


def test_nothing_is_prepared_without_a_prior(station: Station) -> None:
    station.teach(2)
    assert views_of_samples(station) == [0] * 4


def test_a_damaged_picture_gets_no_views(station_with_prior: Station) -> None:
    station = station_with_prior
    station.store.add(0, np.ones(station.extractor.feature_dim, np.float32), np.zeros((8, 8, 3), np.uint8))
    with sqlite3.connect(station.config.data_dir / "session.sqlite3") as database:
        database.execute("UPDATE samples SET picture = x'00'")
    station.teach(1)
    assert views_of_samples(station) == [0, VIEWS_OF_SAMPLE, VIEWS_OF_SAMPLE]


def test_at_train_there_is_time_for_some_of_the_missing_views(station_with_prior: Station) -> None:
    station = station_with_prior
    rng = np.random.default_rng(0)
    for number in range(40):
        station.store.add(
            number % 2, rng.random(station.extractor.feature_dim).astype(np.float32), station.table.read()
        )
    Preparation(station.tools, station.kiosk.session_jobs).make_views()
    of_class = Counter(one.class_index for one in station.store.load().samples for _ in one.made)
    assert 0 < of_class.total() < 2 * MOST_MADE_VIEWS


def test_at_train_nobody_waits_for_more_views_of_a_class_than_are_enough(
    station_with_prior: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation_module, "ENOUGH_AT_TRAIN", VIEWS_OF_SAMPLE + 1)
    monkeypatch.setattr(preparation_module, "TRAIN_S", 600.0)
    station = station_with_prior
    rng = np.random.default_rng(0)
    for number in range(40):
        station.store.add(
            number % 2, rng.random(station.extractor.feature_dim).astype(np.float32), station.table.read()
        )
    assert Preparation(station.tools, station.kiosk.session_jobs).make_views() is False
    of_class = Counter(one.class_index for one in station.store.load().samples for _ in one.made)
    assert of_class == {0: 2 * VIEWS_OF_SAMPLE, 1: 2 * VIEWS_OF_SAMPLE}


def test_train_makes_views_before_it_reads_the_session(
    station_with_prior: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any turn in the background, the training still has views."""
    monkeypatch.setattr(Preparation, "request", lambda _: None)
    station = station_with_prior
    station.train()
    model = station.kiosk.state.model
    assert model is not None
    assert model.report is not None
    assert model.report["made_views"] > 0


def test_where_made_views_do_harm_the_stored_pictures_are_turned_by_quarters(
    station_with_prior: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_rows, "TOLERANCE", -10.0)  # made views never seem to help
    monkeypatch.setattr(training_rows, "validation_score", lambda *_: 1.0)
    station = station_with_prior
    station.teach(4)
    station.press(Action.TRAIN)
    station.settle()
    model = station.kiosk.state.model
    assert model is not None
    assert model.report is not None
    assert model.report["validation_from"] == "holds"
    assert model.report["quarter_turns"] == 3 * 2 * 4


def queued_training(station: Station) -> Job:
    """Press TRAIN, run what comes before the training, and take the training from its queue."""
    station.look()
    station.panel.tap(Action.TRAIN)
    station.kiosk.tick()
    while station.kiosk.long_jobs.empty():
        station.kiosk.session_jobs.get_nowait()(StopSignal())
    return station.kiosk.long_jobs.get_nowait()


def views_after_one_more_picture(station: Station) -> list[int]:
    """Add a picture, run what is requested for it, and return the number of views of each sample."""
    embedding = station.store.load().samples[0].embedding
    station.store.add(0, embedding, np.full((320, 320, 3), 90, np.uint8))
    station.kiosk.perform(ev.CheckSamples())
    while not station.kiosk.session_jobs.empty():
        station.kiosk.session_jobs.get_nowait()(StopSignal())
    return views_of_samples(station)


def test_while_a_training_waits_nothing_is_prepared_and_afterwards_the_rest_is(station_with_prior: Station) -> None:
    station = station_with_prior
    station.teach(2)
    training = queued_training(station)
    assert views_after_one_more_picture(station) == [VIEWS_OF_SAMPLE] * 4 + [0]
    training(StopSignal())
    while not station.kiosk.session_jobs.empty():
        station.kiosk.session_jobs.get_nowait()(StopSignal())
    assert views_of_samples(station) == [VIEWS_OF_SAMPLE] * 5


class AskedOnce(StopSignal):
    """Calls a function, once, when the worker asks whether to stop and the function is due."""

    def __init__(self, call: Callable[[], object], due: Callable[[], bool] = lambda: True) -> None:
        super().__init__()
        self._call, self._due, self._called = call, due, False

    def is_set(self) -> bool:
        if not self._called and self._due():
            self._called = True
            self._call()
        return super().is_set()


def test_the_end_of_a_training_prepares_nothing_while_the_next_one_waits(station_with_prior: Station) -> None:
    """The next one is queued while the model before it is still being explained."""
    station, waiting = station_with_prior, list[Job]()

    def train_again() -> None:
        station.kiosk.tick()  # the new model answers, so TRAIN can be pressed
        waiting.append(queued_training(station))

    station.teach(2)
    queued_training(station)(AskedOnce(train_again, due=lambda: station.vision.model is not None))
    assert views_after_one_more_picture(station) == [*[VIEWS_OF_SAMPLE] * 4, 0]
    (second,) = waiting
    second(StopSignal())
    assert views_after_one_more_picture(station) == [VIEWS_OF_SAMPLE] * 6


def test_a_training_that_hangs_does_not_keep_later_pictures_from_being_prepared(station_with_prior: Station) -> None:
    station, during = station_with_prior, list[list[int]]()

    def hang() -> None:
        during.append(views_after_one_more_picture(station))
        signal.abandon()  # another worker takes the place of this one
        during.append(views_after_one_more_picture(station))

    signal = AskedOnce(hang)
    station.teach(2)
    queued_training(station)(signal)
    assert during == [[*[VIEWS_OF_SAMPLE] * 4, 0], [VIEWS_OF_SAMPLE] * 6]


def test_another_extractor_is_measured_in_the_background_and_training_says_provisional_until_then(
    tmp_path: Path, few_bank_pictures: Path
) -> None:
    extractor = EmbeddingExtractor(default_extractor_path())
    prior = ExtractorPrior("ab" * 32, None, few_bank_pictures)
    station = Station(tmp_path, extractor=extractor, prior=prior)
    try:
        station.look()
        station.panel.tap(0)
        station.kiosk.tick()
        assert prior.known is None
        station.settle()
        assert prior.known is not None
        assert station.kiosk.state.classes[0].variety is None  # of that first press: it was not known then
        station.train()
        assert station.kiosk.state.model is not None
        assert station.kiosk.state.model.provisional is False
    finally:
        station.close()
