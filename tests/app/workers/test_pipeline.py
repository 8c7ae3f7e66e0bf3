"""The way of a frame: cameras that come and go, a vision step that never holds up the picture."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from app.base.i18n import message, translated
from app.base.ports import Frame
from app.base.workers import Mailbox, Worker
from app.core import events as ev
from app.demo.camera import DemonstrationCamera
from app.model.live import LiveModel, Vision
from app.model.observation import Observation
from app.workers.camera import turned, watch_camera
from app.workers.vision import watch_frames
from learning.softmax_regression import SoftmaxRegression
from learning.tflite_export import append_head
from tests.support.extractors import tiny_extractor
from tests.support.waiting import until
from tpu.classifier import ClassificationEngine
from tpu.errors import InferenceFailed
from tpu.extractor import EmbeddingExtractor

pytestmark = pytest.mark.needs_runtime


def picture(seed: int = 0) -> np.ndarray:
    image = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8)
    image.flags.writeable = False
    return image


@pytest.fixture
def extractor(tmp_path: Path) -> EmbeddingExtractor:
    path = tmp_path / "tiny.tflite"
    path.write_bytes(tiny_extractor())
    return EmbeddingExtractor(path)


def engine(extractor: EmbeddingExtractor, path: Path, favourite: int, classes: int = 2) -> ClassificationEngine:
    """A model that always answers the same class."""
    head = SoftmaxRegression(extractor.feature_dim, classes, weight_scale=0.0, rng=0)
    head.params["vec_b"][favourite] = 5.0
    head.min_score, head.max_score = 0.0, 5.0
    path.write_bytes(append_head(extractor.model_bytes, head))
    return ClassificationEngine(path, labels=[str(n) for n in range(classes)])


def test_without_a_model_a_frame_becomes_an_embedding(extractor: EmbeddingExtractor) -> None:
    vision = Vision(extractor, 3)
    seen = vision.observe(Frame(picture(), 0, 0.0))
    assert seen.probabilities is None
    assert np.array_equal(seen.embedding, extractor.embed(picture()))


def test_classes_that_were_not_taught_have_probability_zero(extractor: EmbeddingExtractor, tmp_path: Path) -> None:
    vision = Vision(extractor, 4)
    path = tmp_path / "m.tflite"
    vision.go_live(LiveModel(engine(extractor, path, 1), path, class_indices=(0, 3), threshold=0.6))
    seen = vision.observe(Frame(picture(), 0, 0.0))
    assert seen.probabilities[[1, 2]].tolist() == [0, 0]
    assert seen.probabilities.argmax() == 3
    assert (seen.threshold, seen.model_path) == (0.6, path)


def test_a_swap_counts_from_the_next_frame_and_closes_the_old_model(
    extractor: EmbeddingExtractor, tmp_path: Path
) -> None:
    vision = Vision(extractor, 2)
    old, new = engine(extractor, tmp_path / "a.tflite", 0), engine(extractor, tmp_path / "b.tflite", 1)
    vision.go_live(LiveModel(old, tmp_path / "a.tflite", (0, 1), 0.5))
    assert vision.observe(Frame(picture(), 0, 0.0)).probabilities.argmax() == 0
    vision.go_live(LiveModel(new, tmp_path / "b.tflite", (0, 1), 0.5))
    assert vision.observe(Frame(picture(), 1, 0.0)).probabilities.argmax() == 1
    with pytest.raises(InferenceFailed):
        old.classify(picture())
    vision.go_live(None)
    assert vision.observe(Frame(picture(), 2, 0.0)).probabilities is None


def test_a_pulled_camera_is_told_once_and_found_again() -> None:
    told: list[ev.Event] = []
    frames: Mailbox[Frame] = Mailbox()
    table = DemonstrationCamera(frames_per_second=200)
    worker = Worker(
        "camera",
        lambda stop: watch_camera(lambda: table, frames.put, told.append, stop=stop),
        lambda _name, error: told.append(error),
    ).start()
    until(lambda: frames.take() is not None)
    table.unplug()
    until(lambda: len(told) == 2)
    time.sleep(0.7)  # long enough for a second try to fail
    table.plug_in()
    until(lambda: len(told) == 3)
    frames.take()
    until(lambda: frames.take() is not None)
    worker.stop()
    found, lost, found_again = told
    assert found == found_again == ev.CameraFound("demonstration")
    assert isinstance(lost, ev.CameraLost)
    assert str(lost.reason) == "camera demonstration: it was unplugged. Plug it in again."
    assert translated(lost.reason, "de") == "Kamera demonstration: Sie wurde ausgesteckt. Steck sie wieder ein."


def test_frames_are_numbered_once_and_read_only() -> None:
    taken: list[Frame] = []
    done = threading.Event()

    def deliver(frame: Frame) -> None:
        taken.append(frame)
        if len(taken) == 5:
            done.set()

    table = DemonstrationCamera(sleep=lambda _s: None)
    worker = Worker(
        "camera", lambda stop: watch_camera(lambda: table, deliver, lambda _e: None, stop=stop), lambda *_: None
    ).start()
    assert done.wait(20)
    worker.stop()
    assert [frame.sequence for frame in taken[:5]] == [0, 1, 2, 3, 4]
    assert not any(frame.image.flags.writeable for frame in taken)


def test_a_slow_model_drops_frames_and_takes_the_newest() -> None:
    class Slow:
        def observe(self, frame: Frame) -> Observation:
            busy.set()
            go_on.wait(20)
            return Observation(frame)

    busy, go_on = threading.Event(), threading.Event()
    frames: Mailbox[Frame] = Mailbox()
    seen: list[int] = []
    worker = Worker(
        "vision",
        lambda stop: watch_frames(
            Slow(), frames, lambda one: seen.append(one.frame.sequence), lambda _e: None, stop=stop
        ),
        lambda *_: None,
    ).start()
    frames.put(Frame(picture(), 0, 0.0))
    assert busy.wait(20)
    for number in range(1, 8):
        frames.put(Frame(picture(), number, 0.0))
    go_on.set()
    until(lambda: len(seen) == 2)
    worker.stop()
    assert seen == [0, 7]


def test_a_failing_model_is_told_once_until_it_works_again() -> None:
    class Flaky:
        def observe(self, frame: Frame) -> Observation:
            if frame.sequence in (1, 2, 4):
                raise InferenceFailed("model", "the stick was pulled")
            return Observation(frame)

    frames: Mailbox[Frame] = Mailbox()
    told: list[ev.Event] = []
    seen: list[int] = []
    worker = Worker(
        "vision",
        lambda stop: watch_frames(Flaky(), frames, lambda one: seen.append(one.frame.sequence), told.append, stop=stop),
        lambda *_: None,
    ).start()
    for number in range(6):
        frames.put(Frame(picture(), number, 0.0))
        if number in (0, 3, 5):
            until(lambda number=number: number in seen)
        else:
            time.sleep(0.3)
    worker.stop()
    reason = message("The model gave no answer. Try again, or call a member of staff.")
    assert told == [ev.VisionFailed(reason)] * 2


def test_another_camera_is_opened_when_another_one_is_wanted_and_pictures_are_turned() -> None:
    wanted, degrees = ["left"], [0]
    opened: list[str] = []
    frames: Mailbox[Frame] = Mailbox()
    happened: list[ev.Event] = []

    class Eye:
        def __init__(self) -> None:
            self.name = wanted[0]
            opened.append(self.name)

        def read(self) -> np.ndarray:
            time.sleep(0.002)
            return np.arange(24, dtype=np.uint8).reshape(2, 4, 3)

        def close(self) -> None:
            opened.append(f"closed {self.name}")

    worker = Worker(
        "camera",
        lambda stop: watch_camera(
            Eye, frames.put, happened.append, stop=stop, wanted=lambda: wanted[0], rotation=lambda: degrees[0]
        ),
        lambda _name, error: pytest.fail(str(error)),
    ).start()
    until(lambda: ev.CameraFound("left") in happened)
    assert frames.take(5.0).image.shape == (2, 4, 3)
    degrees[0] = 90
    until(lambda: frames.take(5.0).image.shape == (4, 2, 3))
    wanted[0] = "right"
    until(lambda: ev.CameraFound("right") in happened)
    worker.stop()
    assert opened == ["left", "closed left", "right", "closed right"]


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_turning_is_clockwise(degrees: int) -> None:
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert np.array_equal(turned(image, degrees), turned_by_hand(image, degrees))


def turned_by_hand(image: np.ndarray, degrees: int) -> np.ndarray:
    """By hand: clockwise, the first row becomes the last column."""
    for _ in range(degrees // 90):
        height, width = image.shape[:2]
        image = np.array([[image[height - 1 - x, y] for x in range(height)] for y in range(width)])
    return image
