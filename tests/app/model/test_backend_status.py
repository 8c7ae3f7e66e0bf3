"""The status strip names the device that answers, and samples are checked when the device or extractor changes."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from app.base.buttons import Action
from app.core import events as ev
from app.core.facts import TaughtClass
from app.core.state import KioskState, Mode
from app.core.transitions import advance
from app.jobs.own_model import restore_model
from app.model.backend_status import backend_now
from app.model.observation import NOTHING_SEEN
from app.views.model import KioskView, Screen
from app.views.present import Surroundings, present
from tests.support.edge_tpu.fixtures import PLAIN
from tests.support.edge_tpu.stick import SimulatedStick
from tests.support.extractors import tiny_extractor
from tests.support.kiosks import Station
from tests.support.waiting import wait_until
from tpu.edgetpu.supervisor import EdgeTpuSupervisor, Phase, Status
from tpu.extractor import EmbeddingExtractor

pytestmark = pytest.mark.needs_runtime

NEEDED = (
    "the model mobilenet_v1_1.0_224_quant_embedding_extractor_edgetpu needs an Edge TPU, and none is plugged in. "
    f"To go on without, put its CPU file {PLAIN} beside it."
)


def view(event: ev.BackendChanged, **changes: object) -> KioskView:
    state = KioskState(classes=(TaughtClass("apple"), TaughtClass("cup")), camera="webcam", **changes)
    state, _ = advance(state, event)
    return present(state, None, NOTHING_SEEN, Surroundings())


@pytest.mark.parametrize(
    ("status", "strip", "problem"),
    [
        (None, "CPU", False),
        (Status(Phase.ABSENT), "CPU", False),
        (Status(Phase.OPENING, "usb:0"), "CPU – opening the Edge TPU", False),
        (Status(Phase.READY, "usb:0"), "Edge TPU usb:0", False),
        (Status(Phase.BROKEN, "usb:0", "it hangs."), "CPU – the Edge TPU does not answer", True),
    ],
)
def test_the_strip_names_the_device_that_answers(
    status: Status | None, strip: str, problem: bool, extractors: Path, supervise: Callable[..., EdgeTpuSupervisor]
) -> None:
    with EmbeddingExtractor(extractors, accelerator=supervise()) as extractor:
        seen = view(backend_now(extractor, status))
    assert (seen.status.backend, seen.status.problem, seen.screen) == (strip, problem, Screen.TEACH)


def test_without_counterpart_and_accelerator_the_screen_says_what_is_needed(
    extractors: Path, supervise: Callable[..., EdgeTpuSupervisor]
) -> None:
    extractors.with_name(PLAIN).unlink()
    supervisor = supervise().start()
    with EmbeddingExtractor(extractors, accelerator=supervisor) as extractor:
        seen = view(backend_now(extractor, supervisor.wait_until_settled(20)))
    assert (seen.screen, seen.fault) == (Screen.FAULT, ("The Edge TPU is needed", NEEDED))


def test_samples_are_checked_only_when_another_device_answers() -> None:
    taught = KioskState(classes=(TaughtClass("apple", 2), TaughtClass("cup")), camera="webcam")
    opening = ev.BackendChanged("CPU – opening the Edge TPU")
    state, commands = advance(taught, opening)
    assert commands == (ev.CheckSamples(),)
    state, commands = advance(state, ev.BackendChanged("CPU"))
    assert commands == ()
    state, commands = advance(state, ev.BackendChanged("Edge TPU usb:0", device="usb:0"))
    assert commands == (ev.CheckSamples(),)
    assert advance(KioskState(classes=(TaughtClass("apple"),)), opening)[1] == ()


@pytest.fixture
def taught_with_another_extractor(tmp_path: Path) -> Iterator[Station]:
    """A session of six samples, opened again with another extractor."""
    path = tmp_path / "other.tflite"
    path.write_bytes(tiny_extractor())
    before = Station(tmp_path, extractor=EmbeddingExtractor(path))
    before.teach(shots=3)
    before.close()
    station = Station(tmp_path)
    station.kiosk.events.put(backend_now(station.extractor, None))
    station.kiosk.tick()
    yield station
    station.close()


def test_another_extractor_embeds_in_the_background_and_presses_are_handled_in_between(
    taught_with_another_extractor: Station,
) -> None:
    station = taught_with_another_extractor
    kiosk = station.kiosk
    assert station.store.stale_samples == 6
    station.look()
    station.panel.tap(0)
    kiosk.tick()
    stop = threading.Event()
    kiosk.session_jobs.get_nowait()(stop)  # one turn of embedding again
    assert 0 < station.store.stale_samples < 6 or kiosk.session_jobs.empty() is False
    kiosk.session_jobs.get_nowait()(stop)  # the press, before the rest
    kiosk.tick()
    assert kiosk.state.shots == (4, 3, 0)
    station.settle()
    assert station.store.stale_samples == 0
    assert kiosk.state.re_embedding == 0
    assert station.store.load().embeddings().shape == (7, station.extractor.feature_dim)


def test_the_strip_counts_the_pictures_that_are_embedded_again() -> None:
    state = KioskState(classes=(TaughtClass("apple", 3), TaughtClass("cup")), backend=ev.BackendChanged("CPU"))
    state, _ = advance(state, ev.SamplesReEmbedded(2, dropped=(0,)))
    assert state.shots == (2, 0)
    seen = present(state, None, NOTHING_SEEN, Surroundings())
    assert seen.status.backend == "CPU – looks at 2 pictures again"


def test_training_waits_until_every_sample_has_its_new_embedding(taught_with_another_extractor: Station) -> None:
    station = taught_with_another_extractor
    station.press(Action.TRAIN)
    assert station.kiosk.state.mode is Mode.LIVE
    assert {one.extractor_sha256 for one in station.store.load().samples} == {station.extractor.sha256}


def test_a_session_without_pictures_still_answers_and_says_why_it_cannot_be_taught_further(tmp_path: Path) -> None:
    path = tmp_path / "other.tflite"
    path.write_bytes(tiny_extractor())
    before = Station(tmp_path, extractor=EmbeddingExtractor(path))
    before.train()
    before.close()
    with closing(sqlite3.connect(before.config.data_dir / "session.sqlite3")) as database, database:
        database.execute("UPDATE samples SET picture = x''")  # as in a session that was saved without pictures
    station = Station(tmp_path)
    assert restore_model(station.tools) is not None
    station.look()
    assert station.kiosk.observation is not None
    assert station.kiosk.observation.probabilities is not None
    station.press(Action.TRAIN)
    assert station.notice == (
        "This was taught with an earlier network, and its pictures were not kept. So nothing can be added to it, but "
        "it still answers. Press RESET to begin again."
    )
    assert station.store.load().shots() == (4, 4, 0)
    station.close()


@pytest.fixture
def compiled(
    tmp_path: Path, extractors: Path, stick: SimulatedStick, supervise: Callable[..., EdgeTpuSupervisor]
) -> Iterator[Station]:
    """A kiosk with Google's compiled extractor; its stick is not plugged in yet."""
    supervisor = supervise()
    extractor = EmbeddingExtractor(extractors, accelerator=supervisor)
    station = Station(tmp_path / "kiosk", extractor=extractor, accelerator=supervisor)
    supervisor.start()
    yield station
    station.close()


def looked(station: Station) -> str:
    """Which device saw a new picture: a busy machine may miss the stick's deadline, and then the CPU answers."""
    station.look()
    assert station.kiosk.observation is not None
    return station.kiosk.observation.device


def test_samples_record_their_device_and_both_devices_agree(
    compiled: Station, stick: SimulatedStick, caplog: pytest.LogCaptureFixture
) -> None:
    compiled.look()
    compiled.panel.tap(0)
    compiled.settle()
    stick.plug_in()
    wait_until(lambda: looked(compiled) == "usb:0", "the stick answers")
    compiled.panel.tap(0)
    compiled.settle()
    session = compiled.store.load()
    assert [one.device for one in session.samples] == ["cpu", "usb:0"]
    assert {one.extractor_sha256 for one in session.samples} == {compiled.extractor.origin_sha256}
    assert compiled.store.stale_samples == 0
    with caplog.at_level(logging.INFO):
        compiled.kiosk.events.put(backend_now(compiled.extractor, Status(Phase.READY, "usb:0")))
        compiled.kiosk.tick()
        compiled.settle()
    assert (
        "usb:0 compared with the device before: cosine similarity 1.0000 on average, 1.0000 at least, over 1 pictures"
    ) in caplog.text


def test_a_compiled_model_runs_on_the_stick_and_its_counterpart_answers_after_it_is_pulled(
    compiled: Station, stick: SimulatedStick
) -> None:
    stick.plug_in()
    wait_until(lambda: compiled.extractor.device == "usb:0", "the stick is ready")
    compiled.teach()
    compiled.press(Action.TRAIN)
    assert compiled.kiosk.state.mode is Mode.LIVE
    compiled.look()
    by_stick = compiled.kiosk.observation
    assert by_stick.device == "usb:0"
    stick.unplug()
    wait_until(lambda: compiled.extractor.device == "cpu", "its end is noticed")
    image = by_stick.frame
    by_cpu = compiled.vision.observe(image)
    assert by_cpu.device == "cpu"
    assert np.array_equal(by_cpu.probabilities, by_stick.probabilities)
    compiled.press(Action.SAVE)
    (folder,) = (compiled.folder / "export" / "teachable").iterdir()
    assert (folder / "converted_edgetpu" / "model_edgetpu.tflite").is_file()
    assert (folder / "converted_tflite_quantized" / "model.tflite").is_file()
    assert json.loads((folder / "metadata.json").read_text())["extractor"]["sha256"] == compiled.extractor.origin_sha256


def test_the_stored_model_answers_on_the_cpu_until_the_stick_is_plugged_in(
    tmp_path: Path, extractors: Path, stick: SimulatedStick, supervise: Callable[..., EdgeTpuSupervisor]
) -> None:
    first = supervise()
    station = Station(
        tmp_path / "kiosk", extractor=EmbeddingExtractor(extractors, accelerator=first), accelerator=first
    )
    station.teach()
    station.press(Action.TRAIN)
    assert station.kiosk.state.mode is Mode.LIVE
    station.close()
    second = supervise()
    station = Station(
        tmp_path / "kiosk", extractor=EmbeddingExtractor(extractors, accelerator=second), accelerator=second
    )
    assert station.kiosk.state.mode is Mode.LIVE
    station.look()
    assert station.kiosk.observation.device == "cpu"
    second.start()
    stick.plug_in()
    wait_until(lambda: station.vision.model.engine.device == "usb:0", "the model is open on the stick")
    station.look()
    assert station.kiosk.observation.device == "usb:0"
    station.close()
