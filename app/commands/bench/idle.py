"""The processor time of a kiosk at which nobody presses anything, in a window of 1280 × 720.

How to run: python run_kiosk.py bench idle

Prints the share of one core that the process takes. The rendering of the demonstration camera is printed apart, because
no real camera needs it. The time of one answer of the bare model in the same run tells how fast the machine was.
Without a screen the kiosk draws into memory.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from dataclasses import replace

from app.base.ports import ImageArray
from app.commands.bench.driving import settings_for, wait_for
from app.commands.bench.figures import Figure, line_of
from app.commands.bench.machine import machine_line
from app.commands.bench.reference import one_answer
from app.commands.streams import print_line
from app.compose import Composed, compose
from app.core.pace import IDLE_AFTER_S
from app.core.state import Mode
from app.demo.camera import DemonstrationCamera
from app.devices.display import screen_chosen

ASKED_AFTER_S = 26.0  # then "still there?", and after COUNTDOWN_S the attract screen
COUNTDOWN_S = 3.0
SETTLES_S, TEACH_S = 2.0, 12.0
ATTRACT_S = 16.5  # the whole demonstration once
TEACH_GOAL, ATTRACT_GOAL = 25.0, 10.0


class MeasuredCamera(DemonstrationCamera):
    """The demonstration camera, which measures the processor time of its rendering.

    Attributes:
        used_s: The processor time so far.
    """

    used_s = 0.0

    def read(self) -> ImageArray:
        """Wait for the next picture, and render it."""
        started_s = time.thread_time()
        picture = super().read()
        self.used_s += time.thread_time() - started_s
        return picture


def main() -> None:
    """Print the figures."""
    print_line(machine_line())
    print_line("# in a window" if screen_chosen(os.environ) else "# drawn into memory: there is no screen")
    with tempfile.TemporaryDirectory() as folder:
        config = settings_for(folder)
        config = replace(config, idle=replace(config.idle, after_s=ASKED_AFTER_S, countdown_s=COUNTDOWN_S))
        camera = MeasuredCamera()
        with compose(config, headless=not screen_chosen(os.environ), table=camera) as composed:
            script = threading.Thread(target=_measure, args=(composed, camera), daemon=True)
            script.start()
            composed.loop.run()
            script.join()


def _measure(composed: Composed, camera: MeasuredCamera) -> None:
    kiosk = composed.kiosk
    try:
        wait_for(lambda: kiosk.state.now_s - kiosk.state.last_input_s > IDLE_AFTER_S + SETTLES_S)
        _print_share("teach, nobody presses", camera, TEACH_S, TEACH_GOAL)
        wait_for(lambda: kiosk.state.mode is Mode.ATTRACT)
        time.sleep(SETTLES_S)
        _print_share("attract", camera, ATTRACT_S, ATTRACT_GOAL)
    finally:
        kiosk.running = False
    print_line(line_of(one_answer("idle")))


def _print_share(what: str, camera: MeasuredCamera, seconds: float, goal: float) -> None:
    """Measure the next seconds, and print the shares of one core in percent: without rendering, and of rendering."""
    used_s, rendered_s, started_s = time.process_time(), camera.used_s, time.monotonic()
    time.sleep(seconds)
    passed_s = time.monotonic() - started_s
    whole, rendered = (
        100 * (now_s - before_s) / passed_s
        for now_s, before_s in ((time.process_time(), used_s), (camera.used_s, rendered_s))
    )
    print_line(line_of(Figure("idle", f"{what}, without the rendering of the camera", whole - rendered, "%", goal)))
    print_line(line_of(Figure("idle", f"{what}: the rendering", rendered, "%")))


if __name__ == "__main__":
    main()
