"""Time from TRAIN to the first answer of the new model: 3 classes of 30 samples, and 9 of 100, each taught in one hold.

How to run: python run_kiosk.py bench train-to-live

Prints the seconds of each run, the number of made views, and the seconds of the fit alone; then the medians.
Like a visitor, the benchmark presses TRAIN some seconds after the samples were taken, so the kiosk has made views.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from app.base.buttons import Action
from app.commands.bench.driving import LONGEST_S, settings_for
from app.commands.bench.figures import Figure, line_of
from app.commands.bench.machine import judgement, machine_line
from app.commands.bench.reference import one_answer
from app.commands.streams import print_line
from app.compose import compose
from app.core.events import ButtonPressed
from app.demo.camera import DemonstrationCamera
from app.session.store import SessionStore
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path
from tpu.tensors import centre_crop

SHOTS, REPEATS = 30, 5
SIZES = ((3, SHOTS, 0.4), (9, 100, 1.0))  # classes, samples of each, and the goal in seconds
GOOD_S, SLOW_S = 2.0, 6.0  # until the new model answers
FIRST_WAIT_S = 4.0  # before the first run: less than it takes to teach three things


def main() -> None:
    """Print the table and the figures."""
    print_line(machine_line())
    print_line("run,seconds,made views,seconds of the fit")
    found = []
    for classes, shots, goal_s in SIZES:
        found.append(_median_s(classes, shots))
        print_line(line_of(Figure("train-to-live", f"{classes} classes of {shots} samples", found[-1], "s", goal_s)))
    print_line(line_of(one_answer("train-to-live")))
    print_line(judgement(found[0], good=GOOD_S, slow=SLOW_S, about="TRAIN takes {value} s until the new model answers"))


def _median_s(classes: int, shots: int) -> float:
    """The median seconds of REPEATS trainings."""
    with tempfile.TemporaryDirectory() as folder:
        taught(Path(folder), classes, shots)
        times = []
        with compose(settings_for(folder, names(classes)), headless=True) as composed:
            kiosk, loop = composed.kiosk, composed.loop
            for run in range(REPEATS):
                until = time.monotonic() + (FIRST_WAIT_S * classes / 3 if run == 0 else 1.0)
                while time.monotonic() < until:
                    loop.tick()
                    loop.wait()
                before = kiosk.observation.model_path if kiosk.observation else None
                started_s = time.perf_counter()
                kiosk.events.put(ButtonPressed(Action.TRAIN))
                loop.tick()
                while kiosk.observation is None or kiosk.observation.model_path in (None, before):
                    if time.perf_counter() > started_s + LONGEST_S:
                        raise TimeoutError("the new model does not answer")
                    loop.wait()
                    loop.tick()
                times.append(time.perf_counter() - started_s)
                model = kiosk.state.model
                views = model.report["made_views"] if model is not None and model.report is not None else 0
                print_line(f"{run},{times[-1]:.3f},{views},{kiosk.seconds['fit']:.3f}")
    return statistics.median(times)


def names(classes: int) -> tuple[str, ...]:
    """Class labels; there are fewer kinds of things, so some classes are things in other colours."""
    kinds = DemonstrationCamera.kinds
    return tuple(
        kinds[number % len(kinds)] + (str(number) if number >= len(kinds) else "") for number in range(classes)
    )


def taught(folder: Path, classes: int = 3, shots: int = SHOTS) -> None:
    """Store a session of things of the demonstration camera, each class in one hold."""
    camera = DemonstrationCamera(sleep=lambda _s: None)
    with EmbeddingExtractor(default_extractor_path()) as extractor:
        store = SessionStore(
            folder / "session.sqlite3",
            labels=names(classes),
            extractor_name=extractor.name,
            extractor_sha256=extractor.origin_sha256,
        )
        for index in range(classes):
            camera.show(camera.kinds[index % len(camera.kinds)])
            for _ in range(shots):
                camera.new_view()
                image = np.roll(camera.read(), index // len(camera.kinds), axis=2)  # in other colours
                store.add(index, extractor.embed(image), centre_crop(image), hold=index)
        store.close()


if __name__ == "__main__":
    main()
