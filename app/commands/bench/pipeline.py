"""What surrounds the model: crop and resize, and the kiosk's threads beside a single loop.

How to run: python run_kiosk.py bench pipeline

The bare model runs the same file in the same process on a tensor that is ready, in turns with the whole call. The
single loop reads a picture, classifies it and draws it, one after the other; the kiosk's workers do that side by side.
All have the same model, draw the same screen into memory, and read a webcam with 30 pictures per second that hands them
out by the rule of V4L2 (`app.commands.bench.v4l`): to the usual loop through the four buffers that OpenCV asks for, to
a loop that asks for a single one through that one, and to the kiosk through those that it asks for.

On a computer that is faster than the camera all give 30 answers a second, and no program can show an answer sooner
than a single loop: it is as old as the model and the drawing take. So the goals are for slow cores, such as those of a
Raspberry Pi 4, which has one for each thread: there each answer and each drawing is followed by a pause, so that the
bare model takes what `estimate` says, and everything else SLOWER times as much processor time as here.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from app.base.ports import Frame
from app.base.workers import Worker
from app.commands.bench.estimate import estimates
from app.commands.bench.figures import Figure, in_turns, line_of, share
from app.commands.bench.machine import machine_line
from app.commands.bench.v4l import OPENCV_BUFFERS, V4lCamera
from app.commands.streams import print_line
from app.core.facts import TaughtClass, TrainedFacts
from app.core.pace import screen_rate_hz
from app.core.state import KioskState, Mode
from app.demo.camera import DemonstrationCamera
from app.devices.camera import V4L_BUFFERS
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

REPEATS = 60
ROUNDS, RUN_S = 3, 3.0  # the kiosk and the loops run in turns, so that another program slows all of them
CAMERA_HZ, PICTURES = 30.0, 30
SLOWER = 6
"""How many times as long as the core of docs/performance.md a Raspberry Pi 4 takes for Python and drawing."""
CALL_GOAL, RATE_GOAL, LATENCY_GOAL = 1.15, 1.5, 0.6
KIOSK, USUAL_LOOP = "kiosk", "the usual loop"
LOOPS = {USUAL_LOOP: OPENCV_BUFFERS, "a loop with one buffer": 1}
"""The loops that the kiosk is compared with, and how many buffers they ask the driver for."""
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
        slow = Cores(", slow cores", SLOWER, max(0.0, estimates()[0][1] / 1000 - SLOWER * bare_s))
        for cores in (Cores(), slow):
            for figure in _compared(extractor, model, window, cores):
                print_line(line_of(figure))
        window.close()


@dataclass(frozen=True)
class Cores:
    """The cores that are simulated.

    Attributes:
        where: What is added to the names of their figures.
        times: How many times slower than this computer's they are.
        model_s: Seconds that they need beyond that for one answer of the model.
    """

    where: str = ""
    times: int = 1
    model_s: float = 0.0

    def answer(self, work: Callable[[], Result]) -> Result:
        """Answer as they would."""
        result = self.draw(work)
        time.sleep(self.model_s)
        return result

    def draw(self, work: Callable[[], Result]) -> Result:
        """Do the work, and wait as long as they would take for the rest of it.

        Only this thread's processor time counts: there, too, threads wait for each other, but not longer.
        """
        started_s = time.thread_time()
        result = work()
        time.sleep((self.times - 1) * (time.thread_time() - started_s))
        return result


def _compared(extractor: EmbeddingExtractor, model: Path, window: Window, cores: Cores) -> Iterator[Figure]:
    """The kiosk beside each of the loops."""
    where = cores.where
    runs: dict[str, Callable[[], list[float]]] = {
        name: partial(_single_loop, buffers, model, window, cores) for name, buffers in LOOPS.items()
    }
    runs[KIOSK] = partial(_threads, extractor, model, window, cores)
    ages_s = {name: list[float]() for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            ages_s[name] += run()
    rate_hz, age_s = len(ages_s[KIOSK]) / ROUNDS / RUN_S, share(ages_s[KIOSK], 0.5)
    yield Figure("pipeline", f"answers per second, kiosk{where}", rate_hz, "1/s")
    yield Figure("pipeline", f"age of the answer, kiosk{where}", 1000 * age_s, "ms")
    for loop in LOOPS:
        loop_hz, loop_s = len(ages_s[loop]) / ROUNDS / RUN_S, share(ages_s[loop], 0.5)
        rate_goal, age_goal = (RATE_GOAL, LATENCY_GOAL) if where and loop == USUAL_LOOP else (None, None)
        yield Figure("pipeline", f"answers per second, {loop}{where}", loop_hz, "1/s")
        yield Figure("pipeline", f"rate against {loop}{where}", rate_hz / loop_hz, "×", rate_goal, at_least=True)
        yield Figure("pipeline", f"age of the answer, {loop}{where}", 1000 * loop_s, "ms")
        yield Figure("pipeline", f"age against {loop}{where}", age_s / loop_s, "×", age_goal)


class SlowVision(Vision):
    """Answers as slower cores would.

    Attributes:
        cores: These.
    """

    cores = Cores()

    def observe(self, frame: Frame) -> Observation:
        """Run the model on a frame, slowly."""
        return self.cores.answer(lambda: super(SlowVision, self).observe(frame))


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


def _webcam(buffers: int) -> V4lCamera:
    camera = DemonstrationCamera(sleep=lambda _s: None)
    return V4lCamera([camera.read() for _ in range(PICTURES)], buffers, rate_hz=CAMERA_HZ)


def _single_loop(buffers: int, model: Path, window: Window, cores: Cores) -> list[float]:
    """Read, classify and draw in turn for RUN_S; return the ages of the answers, in seconds, when they are drawn."""
    camera, draw = _webcam(buffers), _drawer(window)
    engine, seen, ages = ClassificationEngine(model), NOTHING_SEEN, list[float]()
    started_s = time.monotonic()
    while time.monotonic() < started_s + RUN_S:
        frame = Frame(camera.read(), len(ages), camera.captured_s)
        judged = cores.answer(partial(engine.judge, frame.image))
        observation = Observation(
            frame, probabilities=judged.probabilities, threshold=engine.threshold or 0.0, novelty=judged.novelty
        )
        seen = smooth(seen, observation)
        cores.draw(partial(draw, frame, seen))
        ages.append(time.monotonic() - frame.captured_at_s)
    engine.close()
    return ages


def _threads(extractor: EmbeddingExtractor, model: Path, window: Window, cores: Cores) -> list[float]:
    """Let the workers of the kiosk do the same; answers that are never drawn, because newer ones come, do not count."""
    camera, draw = _webcam(V4L_BUFFERS), _drawer(window)
    vision = SlowVision(extractor, 3)
    vision.cores = cores
    engine = ClassificationEngine(model)
    vision.go_live(LiveModel(engine, model, (0, 1, 2), engine.threshold or 0.0))
    mailboxes = Mailboxes()
    for_screen, for_vision, answers = mailboxes.frames_for_screen, mailboxes.frames_for_vision, mailboxes.observations
    ages, failures = list[float](), list[Exception]()

    def deliver(taken: Frame) -> None:
        frame = replace(taken, captured_at_s=camera.captured_s)
        for_vision.put(frame)
        for_screen.put(frame)

    def something_new() -> bool:
        return answers.full

    def failed(_worker: str, error: Exception) -> None:
        failures.append(error)

    workers = [
        Worker(
            "vision", lambda stop: watch_frames(vision, for_vision, answers.put, lambda _: None, stop=stop), failed
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
            cores.draw(partial(draw, frame, seen))
        if observation is not None:
            ages.append(time.monotonic() - observation.frame.captured_at_s)
        window.wait(screen_rate_hz(pressing, time.monotonic() - tick_s), early=something_new, wake=mailboxes.answered)
    for worker in reversed(workers):
        worker.stop()
    vision.close()
    if failures:
        raise failures[0]
    return ages


if __name__ == "__main__":
    main()
