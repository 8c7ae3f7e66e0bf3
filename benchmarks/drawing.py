"""Time to draw every screen, with its motion: the median of many ticks.

python benchmarks/drawing.py [--size 1280x720] [--ticks 60] [--only NAME]

Every tick has a new camera picture of 640 × 480 pixels and the next step of the motion, as in the window. The screens
are those of the reference pictures, with nine classes, the highlight of the one switch, and the ring of staff, too.
Prints the processor milliseconds of the median tick, of the slowest (after another one, which a cache may explain), and
of the first, in which texts and shapes are made; the slowest screen first.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import pygame

from app.base.picture import Picture
from app.ui import screens
from app.ui.painting.motion import Animator
from app.ui.painting.surfaces import CACHE, PRINTS
from app.ui.painting.theme import load_theme
from app.views.model import KioskView, Screen
from benchmarks._shared import machine_line, option_parser
from tests.support.page_views import every_view
from tests.support.painted import picture

SIZES = ("1280x720", "1080x1920")
TICK_S = 1 / 60
CAMERA = tuple(np.random.default_rng(n).integers(0, 256, (480, 640, 3), np.uint8) for n in range(4))


def screens_by_name() -> dict[str, KioskView]:
    """The views that are measured."""
    views = every_view()
    nine = every_view(9)
    return {
        **views,
        "live, 9 classes": nine["live"],
        "teach, 9 classes": nine["teach"],
        "results, 9 classes": nine["results"],
        "one switch": replace(views["live"], scanned=(1,)),
        "staff hold": replace(views["live"], staff_hold=0.5),
    }


def ticks(view: KioskView, count: int) -> Iterator[KioskView]:
    """The view at the following ticks: a new picture of the camera, and a new sample now and then in a hold."""
    holds = view.screen is Screen.TEACH and any(card.held for card in view.cards)
    for number in range(count):
        now_s = 100.0 + number * TICK_S
        shown = None if view.picture is None else Picture(("camera", number), CAMERA[number % 4])
        flash = (0, picture(0, number // 9), number % 9 * TICK_S) if holds else None
        mirrored = None if shown is None else shown.as_seen(mirror=True)
        square = None if view.model_square is None else (80, 0, 480)
        yield replace(view, picture=mirrored, model_square=square, flash=flash, now_s=now_s)


def measured(view: KioskView, size: tuple[int, int], count: int) -> list[float]:
    """Milliseconds of each tick; the first one makes what is cached later."""
    surface, theme, animator = pygame.Surface(size), load_theme(size, view.palette), Animator()
    CACHE.clear()
    PRINTS.clear()
    portrait, times = size[1] > size[0], []
    for one in ticks(view, count):
        started_s = time.thread_time()
        screens.draw(surface, one, theme, animator.step(one, portrait=portrait))
        times.append(1000 * (time.thread_time() - started_s))
    return times


def main() -> None:
    """Print the table."""
    options = option_parser(__doc__)
    options.add_argument(
        "--size", action="append", help="WIDTHxHEIGHT; may be repeated (default: 1280x720 and 1080x1920)"
    )
    options.add_argument("--ticks", type=int, default=60)
    options.add_argument("--only", help="only screens with this in their name")
    given = options.parse_args()
    pygame.display.init()
    pygame.display.set_mode((64, 64))  # so that surfaces have the format of a screen
    pygame.font.init()
    print(machine_line())
    print("size,screen,median ms,slowest ms,first ms")
    for size_text in given.size or SIZES:
        width, height = map(int, size_text.split("x"))
        rows = []
        for name, view in screens_by_name().items():
            if given.only and given.only not in name:
                continue
            first, *others = measured(view, (width, height), given.ticks)
            rows.append((statistics.median(others), sorted(others)[-2], first, name))
        for median, slowest, first, name in sorted(rows, reverse=True):
            print(f"{size_text},{name},{median:.2f},{slowest:.2f},{first:.1f}")


if __name__ == "__main__":
    main()
