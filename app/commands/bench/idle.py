"""The processor time of a kiosk at which nobody presses anything, in a window of 1280 × 720.

How to run: python run_kiosk.py bench idle

Prints the share of one core that the whole process takes, with the rendering of the demonstration camera. Without a
screen the kiosk draws into memory.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from dataclasses import replace

from app.commands.bench.driving import settings_for, wait_for
from app.commands.bench.figures import Figure, line_of
from app.commands.bench.machine import machine_line
from app.commands.streams import print_line
from app.compose import Composed, compose
from app.core.pace import IDLE_AFTER_S
from app.core.state import Mode
from app.devices.display import screen_chosen

ASKED_AFTER_S = 26.0  # then "still there?", and after COUNTDOWN_S the attract screen
COUNTDOWN_S = 3.0
SETTLES_S, TEACH_S = 2.0, 12.0
ATTRACT_S = 16.5  # the whole demonstration once
TEACH_GOAL, ATTRACT_GOAL = 25.0, 10.0


def main() -> None:
    """Print the figures."""
    print_line(machine_line())
    print_line("# in a window" if screen_chosen(os.environ) else "# drawn into memory: there is no screen")
    with tempfile.TemporaryDirectory() as folder:
        config = settings_for(folder)
        config = replace(config, idle=replace(config.idle, after_s=ASKED_AFTER_S, countdown_s=COUNTDOWN_S))
        with compose(config, headless=not screen_chosen(os.environ)) as composed:
            script = threading.Thread(target=_measure, args=(composed,), daemon=True)
            script.start()
            composed.loop.run()
            script.join()


def _measure(composed: Composed) -> None:
    kiosk = composed.kiosk
    try:
        wait_for(lambda: kiosk.state.now_s - kiosk.state.last_input_s > IDLE_AFTER_S + SETTLES_S)
        print_line(line_of(Figure("idle", "teach, nobody presses", _share(TEACH_S), "%", TEACH_GOAL)))
        wait_for(lambda: kiosk.state.mode is Mode.ATTRACT)
        time.sleep(SETTLES_S)
        print_line(line_of(Figure("idle", "attract", _share(ATTRACT_S), "%", ATTRACT_GOAL)))
    finally:
        kiosk.running = False


def _share(seconds: float) -> float:
    """The process's share of one core within the next seconds, in percent."""
    used_s, started_s = time.process_time(), time.monotonic()
    time.sleep(seconds)
    return 100 * (time.process_time() - used_s) / (time.monotonic() - started_s)


if __name__ == "__main__":
    main()
