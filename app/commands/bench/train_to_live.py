"""Time from TRAIN to the first answer of the new model, with 3 classes of 30 samples, each taught in one hold.

How to run: python run_kiosk.py bench train-to-live

Prints the seconds of five runs and their median, the number of made views, and the seconds of the fit alone.
Like a visitor, the benchmark presses TRAIN some seconds after the samples were taken, so the kiosk has made views.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pygame

from app.base.buttons import Action
from app.commands.bench.machine import judgement, machine_line
from app.commands.streams import print_line
from app.compose import compose
from app.config.schema import Config
from app.core.events import ButtonPressed
from app.core.pace import ACTIVE_HZ
from app.demo.camera import DemonstrationCamera
from app.session.store import SessionStore
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path
from tpu.tensors import centre_crop

SHOTS, REPEATS = 30, 5
GOOD_S, SLOW_S = 2.0, 6.0  # until the new model answers
FIRST_WAIT_S = 4.0  # before the first run: less than it takes to teach three things


def main() -> None:
    """Print the table."""
    print_line(machine_line())
    print_line("run,seconds,made views,seconds of the fit")
    with tempfile.TemporaryDirectory() as folder:
        taught(Path(folder))
        settings = Config()
        config = replace(
            settings,
            camera=replace(settings.camera, source="demo"),
            classes=replace(settings.classes, labels=DemonstrationCamera.kinds[:3]),
            storage=replace(settings.storage, data_dir=folder),
        )
        times = []
        wait_for_tick = pygame.time.Clock().tick  # as in the kiosk: a loop without pauses would starve the workers
        with compose(config, headless=True) as composed:
            kiosk, loop = composed.kiosk, composed.loop
            for run in range(REPEATS):
                until = time.monotonic() + (FIRST_WAIT_S if run == 0 else 1.0)
                while time.monotonic() < until:
                    loop.tick()
                    wait_for_tick(ACTIVE_HZ)
                before = kiosk.observation.model_path if kiosk.observation else None
                started_s = time.perf_counter()
                kiosk.events.put(ButtonPressed(Action.TRAIN))
                while kiosk.observation is None or kiosk.observation.model_path in (None, before):
                    loop.tick()
                    wait_for_tick(ACTIVE_HZ)
                times.append(time.perf_counter() - started_s)
                model = kiosk.state.model
                views = model.report["made_views"] if model is not None and model.report is not None else 0
                print_line(f"{run},{times[-1]:.3f},{views},{kiosk.seconds['fit']:.3f}")
        print_line(f"median,{statistics.median(times):.3f}")
        about = "TRAIN takes {value} s until the new model answers"
        print_line(judgement(statistics.median(times), good=GOOD_S, slow=SLOW_S, about=about))


def taught(folder: Path) -> None:
    """Store a session with SHOTS samples of three things of the demonstration camera."""
    camera = DemonstrationCamera(sleep=lambda _s: None)
    kinds = camera.kinds[:3]
    with EmbeddingExtractor(default_extractor_path()) as extractor:
        store = SessionStore(
            folder / "session.sqlite3",
            labels=kinds,
            extractor_name=extractor.name,
            extractor_sha256=extractor.origin_sha256,
        )
        for index, kind in enumerate(kinds):
            camera.show(kind)
            for _ in range(SHOTS):
                camera.new_view()
                image = camera.read()
                store.add(index, extractor.embed(image), centre_crop(image), hold=index)
        store.close()


if __name__ == "__main__":
    main()
