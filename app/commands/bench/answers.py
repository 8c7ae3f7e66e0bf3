"""How old an answer is when it is shown, and how soon a press is seen: calm, and while the kiosk trains and saves.

How to run: python run_kiosk.py bench answers

A session of three things is taught and trained; then keys are pressed at random times (seeded). The age of an answer
runs from the time of its camera picture to the end of drawing it. A press runs from the key to the end of drawing the
picture that flies; its sound starts in the same tick. A press during a training or a saving does nothing at all, no
sound and no notice, so meanwhile only answers are measured. After a training presses are taken again while its second
half is computed, the report: those are measured apart.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Hashable

import pygame

from app.base.buttons import Action
from app.base.memory import resident_bytes
from app.base.paths import import_folder
from app.commands.bench.driving import settings_for, wait_for
from app.commands.bench.figures import Figure, in_turns, line_of, share
from app.commands.bench.machine import machine_line
from app.commands.streams import print_line
from app.compose import Composed, compose
from app.core.events import ButtonPressed
from app.core.state import Mode
from app.demo.camera import DemonstrationCamera
from app.kiosk import Kiosk
from tpu.classifier import ClassificationEngine

FRAME_S = 1 / 30
PRESSES, BUSY_S = 60, 12.0
REPORTS, PRESSES_OF_REPORT = 10, 3
PRESS_GOAL_MS, BUSY_PRESS_GOAL_MS, MEMORY_GOAL_MB = 34.0, 50.0, 100.0
AGE_GOALS = {0.5: 1.3, 0.95: 2.0}  # of one invoke and one frame period
BASELINE = """
import app.compose
from app.demo.camera import DemonstrationCamera
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path
from app.base.memory import resident_bytes, use_few_arenas
use_few_arenas()
extractor = EmbeddingExtractor(default_extractor_path())
camera = DemonstrationCamera(sleep=lambda _s: None)
extractor.embed(camera.read())
print(resident_bytes())
"""
TAUGHT = """
import sys
from pathlib import Path
from app.commands.bench.train_to_live import taught
taught(Path(sys.argv[1]))
"""


class Watch:
    """What is seen after each tick: ages of answers, and the times of presses."""

    def __init__(self, composed: Composed) -> None:
        self._kiosk, self._loop = composed.kiosk, composed.loop
        self._sequence, self._shots = -1, sum(composed.kiosk.state.shots)
        self._flown: Hashable = None
        self.ages_s: list[float] = []
        self.seen_s: list[float] = []
        self.stored_s: list[float] = []
        self.pressed_at_s = self._waits_since_s = 0.0
        self.complete = False

    def look(self) -> None:
        """Call it after each tick."""
        now_s, seen, view = time.monotonic(), self._kiosk.observation, self._loop.view
        if seen is not None and seen.probabilities is not None and seen.frame.sequence != self._sequence:
            self._sequence = seen.frame.sequence
            self.ages_s.append(now_s - seen.frame.captured_at_s)
        if view.flash is not None and view.flash[1].key != self._flown:
            self._flown = view.flash[1].key
            if self.pressed_at_s:
                self.seen_s.append(now_s - self.pressed_at_s)
                self._waits_since_s, self.pressed_at_s = self.pressed_at_s, 0.0
        shots = sum(self._kiosk.state.shots)
        if shots > self._shots and self._waits_since_s:
            self.stored_s.append(now_s - self._waits_since_s)
            self._waits_since_s = 0.0
        self._shots = shots


def main() -> None:
    """Print the figures."""
    print_line(machine_line())
    baseline = _in_own_process(BASELINE)  # so that nothing else is in the memory that is measured
    with tempfile.TemporaryDirectory() as folder:
        _in_own_process(TAUGHT, folder)
        with compose(settings_for(folder, DemonstrationCamera.kinds[:3]), headless=True) as composed:
            watch = Watch(composed)
            script = threading.Thread(target=_use, args=(composed, watch, int(baseline.split()[-1])), daemon=True)
            script.start()
            while composed.kiosk.running:
                composed.loop.tick()
                watch.look()
                composed.loop.wait()
            script.join()
            if not watch.complete:
                raise SystemExit(1)


def _in_own_process(code: str, *arguments: str) -> str:
    """Run Python code and return what it prints."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=import_folder(), capture_output=True, text=True, check=True).stdout


def _use(composed: Composed, watch: Watch, baseline_bytes: int) -> None:
    kiosk, rng = composed.kiosk, random.Random(0)
    started_s = time.monotonic()
    try:
        time.sleep(2.0)
        _key(pygame.K_t)
        wait_for(lambda: kiosk.state.mode is Mode.LIVE and kiosk.observation is not None)
        assert kiosk.observation is not None
        wait_for(lambda: kiosk.observation is not None and kiosk.observation.model_path is not None)
        time.sleep(1.0)
        watch.ages_s.clear()
        for _ in range(PRESSES):
            watch.pressed_at_s = time.monotonic()
            _key(pygame.K_1, hold_s=0.05)
            time.sleep(rng.uniform(0.15, 0.35))
        calm, presses, stored = list(watch.ages_s), list(watch.seen_s), list(watch.stored_s)
        while_reporting = _presses_of_reports(kiosk, watch)
        busy = _busy(kiosk, watch)
        memory = (resident_bytes() - baseline_bytes) / 1e6
        model = kiosk.observation.model_path
        assert model is not None
        engine = ClassificationEngine(model)
        picture = DemonstrationCamera(sleep=lambda _s: None).read()
        (invoke_s,) = in_turns([lambda: engine.judge(picture)], 30)
        engine.close()
        unit_s = invoke_s + FRAME_S
        found = [Figure("answers", "one answer of the model", 1000 * invoke_s, "ms")]
        for name, ages in (("calm", calm), ("while training and saving", busy)):
            for part, goal in AGE_GOALS.items():
                age = share(ages, part)
                what = f"age of the answer, {name}, p{100 * part:.0f}"
                found.append(Figure("answers", what, 1000 * age, "ms"))
                found.append(Figure("answers", f"{what}, against answer and frame", age / unit_s, "×", goal))
        found.append(Figure("answers", "press to sound and picture, p50", 1000 * share(presses, 0.5), "ms"))
        found.append(
            Figure("answers", "press to sound and picture, p95", 1000 * share(presses, 0.95), "ms", PRESS_GOAL_MS)
        )
        what = "press to sound and picture, while the report of a training is computed, p95"
        found.append(Figure("answers", what, 1000 * share(while_reporting, 0.95), "ms", BUSY_PRESS_GOAL_MS))
        found.append(Figure("answers", "press to the durable count, p95", 1000 * share(stored, 0.95), "ms"))
        lasted_s = time.monotonic() - started_s
        what = f"memory after {lasted_s:.0f} s, beyond imports, model and simulated camera"
        found.append(Figure("answers", what, memory, "MB", MEMORY_GOAL_MB))
        for figure in found:
            print_line(line_of(figure))
        watch.complete = True
    finally:
        kiosk.running = False


def _presses_of_reports(kiosk: Kiosk, watch: Watch) -> list[float]:
    """Press right after each of some trainings; return how long it takes until the press is seen."""
    watch.seen_s.clear()
    for _ in range(REPORTS):
        wait_for(lambda: kiosk.state.teaching and kiosk.long_jobs.idle)
        kiosk.events.put(ButtonPressed(Action.TRAIN))
        wait_for(lambda: kiosk.state.mode is Mode.TRAINING)
        wait_for(lambda: kiosk.state.mode is Mode.LIVE, look_every_s=0.001)
        for _ in range(PRESSES_OF_REPORT):
            if kiosk.long_jobs.idle:
                break
            watch.pressed_at_s = time.monotonic()
            _key(pygame.K_1, hold_s=0.05)
            wait_for(lambda: not watch.pressed_at_s, look_every_s=0.001)
    return list(watch.seen_s)


def _busy(kiosk: Kiosk, watch: Watch) -> list[float]:
    """Train and save in turns for BUSY_S; return the ages of the answers meanwhile."""
    ages: list[float] = []
    until_s = time.monotonic() + BUSY_S
    while time.monotonic() < until_s:
        for action, mode in ((Action.TRAIN, Mode.TRAINING), (Action.SAVE, Mode.SAVING)):
            wait_for(lambda: kiosk.state.teaching)
            watch.ages_s.clear()
            kiosk.events.put(ButtonPressed(action))
            wait_for(lambda mode=mode: kiosk.state.mode is mode)  # type: ignore[misc]
            wait_for(lambda: kiosk.state.mode is Mode.LIVE or kiosk.state.saving.finished)
            ages += watch.ages_s
            if mode is Mode.SAVING:
                kiosk.events.put(ButtonPressed(Action.SAVE))  # closes the page that says "saved"
    return ages


def _key(key: int, hold_s: float = 0.0) -> None:
    """Press a key of the keyboard and release it, as SDL reports it."""
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key))
    time.sleep(hold_s)
    pygame.event.post(pygame.event.Event(pygame.KEYUP, key=key))


if __name__ == "__main__":
    main()
