"""What surrounds the model: crop and resize, and the kiosk's threads beside a single loop.

How to run: python run_kiosk.py bench pipeline

The bare model runs the same file in the same process on a tensor that is ready, in turns with the whole call. The
single loop reads a picture, classifies it and draws it, one after the other; the kiosk's workers do that side by side.
Both have the same model, draw the same screen into memory, and read the same camera: 30 pictures per second, and a
buffer that holds one picture until it is read, as a webcam's driver does.

On a computer that is faster than the camera both give 30 answers a second, and no program can show an answer sooner
than the single loop: it is as old as the model and the drawing take. So the goals are for slow cores: there each answer
and each drawing is followed by a pause that makes it take SLOWER times as long, as on a Raspberry Pi 4, which has one
for each thread.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from app.base.ports import Frame, ImageArray
from app.base.workers import Worker
from app.commands.bench.figures import Figure, in_turns, line_of, share
from app.commands.bench.machine import machine_line
from app.commands.streams import print_line
from app.core.facts import TaughtClass, TrainedFacts
from app.core.pace import screen_rate_hz
from app.core.state import KioskState, Mode
from app.demo.camera import DemonstrationCamera
from app.model.live import LiveModel, Vision
from app.model.observation import NOTHING_SEEN, Observation, Smoothed, smooth
from app.ui.window import Window
from app.views.present import Surroundings, present
from app.worker_threads import Mailboxes
from app.workers.camera import watch_camera
from app.workers.vision import watch_frames
from learning.fit import fit_head
from learning.tflite_export import append_head
from tpu.classifier import ClassificationEngine
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path
from tpu.runtime import allocate, open_on_cpu, runtime_for_cpu
from tpu.tensors import input_tensor, prepare_picture

REPEATS, RUN_S = 60, 8.0
CAMERA_HZ, PICTURES = 30.0, 30
SLOWER = 6  # a Raspberry Pi 4 takes so many times as long as the x86-64 core of docs/performance.md
CALL_GOAL, RATE_GOAL, LATENCY_GOAL = 1.15, 1.5, 0.6
Result = TypeVar("Result")


def main() -> None:
    """Print the figures."""
    print_line(machine_line())
    bare_s, call_s = _model()
    for figure in (
        Figure("pipeline", "bare model", 1000 * bare_s, "ms"),
        Figure("pipeline", "crop, resize and model", 1000 * call_s, "ms"),
        Figure("pipeline", "crop, resize and model against the bare model", call_s / bare_s, "×", CALL_GOAL),
    ):
        print_line(line_of(figure))
    with tempfile.TemporaryDirectory() as folder, EmbeddingExtractor(default_extractor_path()) as extractor:
        model = _trained(extractor, Path(folder) / "model.tflite")
        window = Window((1280, 720), fullscreen=False, headless=True)
        for times in (1, SLOWER):
            where = f", cores {times} times slower" if times > 1 else ""
            peer_hz, peer_s = _single_loop(model, window, times)
            rate_hz, age_s = _threads(extractor, model, window, times)
            rate_goal, age_goal = (RATE_GOAL, LATENCY_GOAL) if times > 1 else (None, None)
            for figure in (
                Figure("pipeline", f"answers per second, kiosk{where}", rate_hz, "1/s"),
                Figure("pipeline", f"answers per second, single loop{where}", peer_hz, "1/s"),
                Figure("pipeline", f"rate against the single loop{where}", rate_hz / peer_hz, "×", rate_goal, True),
                Figure("pipeline", f"age of the answer, kiosk{where}", 1000 * age_s, "ms"),
                Figure("pipeline", f"age of the answer, single loop{where}", 1000 * peer_s, "ms"),
                Figure("pipeline", f"age against the single loop{where}", age_s / peer_s, "×", age_goal),
            ):
                print_line(line_of(figure))
        window.close()


def _slowed(work: Callable[[], Result], times: int) -> Result:
    """Do the work, and wait until it has taken `times` as long."""
    started_s = time.perf_counter()
    result = work()
    time.sleep((times - 1) * (time.perf_counter() - started_s))
    return result


class SlowVision(Vision):
    """Answers as a slower core would.

    Attributes:
        times: How many times slower.
    """

    times = 1

    def observe(self, frame: Frame) -> Observation:
        """Run the model on a frame, slowly."""
        return _slowed(lambda: super(SlowVision, self).observe(frame), self.times)


def _model() -> tuple[float, float]:
    """Median seconds of the bare model, and of a whole call with cropping and resizing."""
    path = default_extractor_path()
    picture = DemonstrationCamera(sleep=lambda _s: None).read()
    with EmbeddingExtractor(path) as extractor:
        bare = open_on_cpu(extractor.model_bytes, path, runtime=runtime_for_cpu())
        allocate(bare, path)
        detail = bare.get_input_details()[0]
        square = prepare_picture(picture, extractor.input_size_px)
        bare.set_tensor(detail["index"], input_tensor(square, np.dtype(detail["dtype"]), extractor.normalization))
        bare_s, call_s = in_turns([bare.invoke, lambda: extractor.embed(picture)], REPEATS)
    return bare_s, call_s


def _trained(extractor: EmbeddingExtractor, path: Path) -> Path:
    """Write a model of three things."""
    camera = DemonstrationCamera(sleep=lambda _s: None)
    vectors = []
    for kind in camera.kinds[:3]:
        camera.show(kind)
        for _ in range(8):
            camera.new_view()
            vectors.append(extractor.embed(camera.read()))
    head = fit_head(np.stack(vectors), np.arange(24) // 8, 3, rng=np.random.default_rng(0)).head
    path.write_bytes(append_head(extractor.model_bytes, head))
    return path


def _drawer(window: Window) -> Callable[[Frame, Smoothed], None]:
    """Return what draws a picture with an answer, as the kiosk does."""
    labels = DemonstrationCamera.kinds[:3]
    state = KioskState(
        classes=tuple(TaughtClass(label, 8) for label in labels),
        mode=Mode.LIVE,
        model=TrainedFacts(0.9, 0.5, (8, 8, 8)),
        camera="demonstration",
    )
    around = Surroundings(model_square=(80, 0, 480))

    def draw(frame: Frame, seen: Smoothed) -> None:
        window.draw(present(replace(state, now_s=time.monotonic()), frame, seen, around))

    return draw


class BufferedCamera:
    """Takes pictures at a steady rate; the first one after a read stays in the buffer until the next read.

    Attributes:
        captured_s: When the picture that was read last was taken.
    """

    name = "buffered"

    def __init__(self) -> None:
        camera = DemonstrationCamera(sleep=lambda _s: None)
        self._pictures = [camera.read() for _ in range(PICTURES)]
        self._started_s = self.captured_s = time.monotonic()
        self._read_s, self._count = self._started_s, 0

    def read(self) -> ImageArray:
        """Return the picture in the buffer; wait for it if the buffer is empty."""
        self.captured_s = self._started_s + math.ceil((self._read_s - self._started_s) * CAMERA_HZ) / CAMERA_HZ
        time.sleep(max(0.0, self.captured_s - time.monotonic()))
        self._read_s, self._count = max(self.captured_s + 1e-6, time.monotonic()), self._count + 1
        return self._pictures[self._count % PICTURES].copy()

    def close(self) -> None:
        """Do nothing: nothing is open."""


def _single_loop(model: Path, window: Window, times: int) -> tuple[float, float]:
    """Read, classify and draw in turn: answers per second, and their median age when they are drawn."""
    camera, draw = BufferedCamera(), _drawer(window)
    engine, seen, ages = ClassificationEngine(model), NOTHING_SEEN, list[float]()
    started_s = time.monotonic()
    while time.monotonic() < started_s + RUN_S:
        frame = Frame(camera.read(), len(ages), camera.captured_s)
        judged = _slowed(partial(engine.judge, frame.image), times)
        observation = Observation(
            frame, probabilities=judged.probabilities, threshold=engine.threshold or 0.0, novelty=judged.novelty
        )
        seen = smooth(seen, observation)
        _slowed(partial(draw, frame, seen), times)
        ages.append(time.monotonic() - frame.captured_at_s)
    engine.close()
    return len(ages) / RUN_S, share(ages, 0.5)


def _threads(extractor: EmbeddingExtractor, model: Path, window: Window, times: int) -> tuple[float, float]:
    """The workers of the kiosk: answers per second, and their median age when they are drawn."""
    camera, draw = BufferedCamera(), _drawer(window)
    vision = SlowVision(extractor, 3)
    vision.times = times
    engine = ClassificationEngine(model)
    vision.go_live(LiveModel(engine, model, (0, 1, 2), engine.threshold or 0.0))
    mailboxes = Mailboxes()
    for_screen, for_vision, answers = mailboxes.frames_for_screen, mailboxes.frames_for_vision, mailboxes.observations
    answered, ages, failures = [0], list[float](), list[Exception]()

    def deliver(taken: Frame) -> None:
        frame = replace(taken, captured_at_s=camera.captured_s)
        for_vision.put(frame)
        for_screen.put(frame)

    def answer(observation: Observation) -> None:
        answered[0] += 1
        answers.put(observation)

    def something_new() -> bool:
        return answers.full

    def failed(_worker: str, error: Exception) -> None:
        failures.append(error)

    workers = [
        Worker(
            "vision", lambda stop: watch_frames(vision, for_vision, answer, lambda _: None, stop=stop), failed
        ).start(),
        Worker("camera", lambda stop: watch_camera(lambda: camera, deliver, lambda _: None, stop=stop), failed).start(),
    ]
    pressing = KioskState(classes=(), now_s=0.0, last_input_s=0.0)
    frame, seen, started_s = None, NOTHING_SEEN, time.monotonic()
    while time.monotonic() < started_s + RUN_S and not failures:
        tick_s = time.monotonic()
        frame, observation = for_screen.take() or frame, answers.take()
        seen = smooth(seen, observation)
        if frame is not None:
            _slowed(partial(draw, frame, seen), times)
        if observation is not None:
            ages.append(time.monotonic() - observation.frame.captured_at_s)
        window.wait(screen_rate_hz(pressing, time.monotonic() - tick_s), early=something_new, wake=mailboxes.answered)
    for worker in reversed(workers):
        worker.stop()
    vision.close()
    if failures:
        raise failures[0]
    return answered[0] / RUN_S, share(ages, 0.5)


if __name__ == "__main__":
    main()
