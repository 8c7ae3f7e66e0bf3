"""Time of each part of a tick: drawing every screen, rendering the demonstration camera, embedding, classifying.

How to run: python run_kiosk.py bench screen

Prints the median milliseconds of 60 runs, and their share of a tick at 60 Hz. Rows that start with "part" are the parts
of drawing the live screen, with their share of that. "WHY against none" are two screens drawn in turns: processor time
with and without WHY, and their ratio. "tick with nothing new" is a tick in which nothing is drawn.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pygame

from app.base.explanation import Explanation, Way
from app.base.picture import Picture
from app.base.ports import Frame
from app.base.tone import Tone
from app.commands.bench.machine import judgement, machine_line
from app.commands.streams import print_line
from app.core.events import SavingStage
from app.core.facts import TaughtClass, TrainedFacts
from app.core.pages import SavingState
from app.core.state import KioskState, Mode, Notice
from app.demo.camera import DemonstrationCamera
from app.model.observation import NOTHING_SEEN, Smoothed
from app.session.pictures import thumbnail
from app.ui import screens
from app.ui.pages.main_screen import draw_cards, draw_keys, draw_speech
from app.ui.painting import paint
from app.ui.painting.canvas import Canvas
from app.ui.painting.layout import arrange
from app.ui.painting.motion import Animator, settled
from app.ui.painting.theme import load_theme
from app.ui.window import Window
from app.views.present import Surroundings, present
from learning.fit import fit_head
from learning.tflite_export import append_head
from tpu.classifier import ClassificationEngine
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path
from tpu.tensors import centre_crop

REPEATS = 60
TICK_MS = 1000 / 60
GOOD_TICKS = 3  # at a third of the usual rate motion is no longer smooth
GOOD_ANSWER_MS, SLOW_ANSWER_MS = 70.0, 250.0  # 14 and 4 answers a second
SIZES = ((1280, 720), (1920, 1080), (1080, 1920))


def main() -> None:
    """Print the table."""
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    print_line(machine_line())
    print_line("what,milliseconds,share of a tick")
    camera = DemonstrationCamera(sleep=lambda _s: None)
    camera.show("apple")
    row("demonstration camera 640x480", camera.read)
    frame = Frame(camera.read(), 1, 0.0)
    for size in SIZES:
        surface = pygame.Surface(size)
        works = {name: drawing(surface, state, seen) for name, state, seen in scenes(frame)}
        for name, work in works.items():
            row(f"{name} {size[0]}x{size[1]}", work)
        in_turns(f"WHY against none {size[0]}x{size[1]}", works["draw live"], works["draw live with WHY"])
    drawn_ms = profile(frame)
    with EmbeddingExtractor(default_extractor_path()) as extractor, tempfile.TemporaryDirectory() as folder:
        row("embed one frame", lambda: extractor.embed(frame.image))
        vectors = np.stack([extractor.embed(camera.read()) for _ in range(12)])
        head = fit_head(vectors, np.arange(12) % 3, 3, rng=np.random.default_rng(0)).head
        path = Path(folder) / "model.tflite"
        path.write_bytes(append_head(extractor.model_bytes, head))
        engine = ClassificationEngine(path)
        answers_ms = row("classify one frame", lambda: engine.classify(frame.image))
        engine.close()
    print_line(
        judgement(drawn_ms, good=TICK_MS, slow=GOOD_TICKS * TICK_MS, about="drawing the live screen takes {value} ms")
    )
    print_line(judgement(answers_ms, good=GOOD_ANSWER_MS, slow=SLOW_ANSWER_MS, about="an answer takes {value} ms"))


def row(name: str, work: Callable[[], object], whole_ms: float = TICK_MS) -> float:
    """Print the median milliseconds of REPEATS runs and their share of `whole_ms`; return the median."""
    times = []
    work()
    for _ in range(REPEATS):
        started_s = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - started_s))
    middle = statistics.median(times)
    print_line(f"{name},{middle:.2f},{middle / whole_ms:.2f}")
    return middle


def in_turns(name: str, work: Callable[[], object], other: Callable[[], object]) -> None:
    """Print the median processor milliseconds of two works done in turns, and how many times the first the second is.

    Processor time and turns, because another program must not decide the result.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(REPEATS):
        for done, one in zip(times, (work, other), strict=True):
            started_s = time.thread_time()
            one()
            done.append(1000 * (time.thread_time() - started_s))
    first, second = (statistics.median(those) for those in times)
    print_line(f"{name}: processor,{second:.2f} to {first:.2f},{second / first:.2f}")


def profile(frame: Frame) -> float:
    """Print the parts of drawing the live screen, at the reference size; return the milliseconds of all of it."""
    size = SIZES[0]
    surface, theme = pygame.Surface(size), load_theme(size)
    _, state, seen = scenes(frame)[1]
    around = Surroundings(model_square=(80, 0, 480))
    view = present(state, frame, seen, around)
    turned = replace(frame, image=frame.image[:, ::-1])
    mirrored = present(state, turned, seen, around).picture
    canvas, moving = Canvas(surface, theme), settled(view)
    layout = arrange(view, size, theme)
    assert view.picture is not None
    assert mirrored is not None
    picture = view.picture
    whole_ms = row("part: everything", lambda: screens.draw(surface, view, theme, moving))
    for name, work in (
        ("background", lambda: surface.fill(theme.palette.background)),
        ("camera picture", lambda: paint.camera(surface, picture, layout.camera)),
        ("round corners", lambda: paint.round_corners(surface, layout.camera, 30, theme.palette.background)),
        ("speech", lambda: draw_speech(canvas, view.guidance, layout, moving)),
        ("cards", lambda: draw_cards(canvas, view, layout, moving)),
        ("keys", lambda: draw_keys(canvas, view, layout, moving)),
    ):
        row(f"part: {name}", work, whole_ms)
    row("camera picture, mirrored", lambda: paint.camera(surface, mirrored, layout.camera))
    row("present", lambda: present(state, frame, seen, around))
    animator = Animator()
    row("animate", lambda: animator.step(view))
    window = Window(size, fullscreen=False, headless=True)
    window.draw(view)
    row("tick with nothing new", lambda: window.draw(view))
    return whole_ms


def drawing(surface: pygame.Surface, state: KioskState, seen: Smoothed) -> Callable[[], None]:
    """Return a function that presents and draws a state as the window does, with a new camera picture each time."""
    theme, animator = load_theme(surface.get_size()), Animator()
    width, height = surface.get_size()
    camera = DemonstrationCamera(sleep=lambda _s: None)
    frames = [Frame(camera.read(), number, 0.0) for number in range(4)]
    count = 0

    def draw() -> None:
        nonlocal count
        count += 1
        frame, now = replace(frames[count % 4], sequence=count), replace(seen, sequence=count)
        view = present(
            replace(state, now_s=count * TICK_MS / 1000), frame, now, Surroundings(model_square=(0, 80, 480))
        )
        screens.draw(surface, view, theme, animator.step(view, portrait=height > width))

    return draw


def scenes(frame: Frame) -> list[tuple[str, KioskState, Smoothed]]:
    """The states to draw, by name, with what the model sees."""
    pygame.display.init()
    pygame.display.set_mode((64, 64))  # so that surfaces have the format of a screen
    pygame.font.init()
    small = thumbnail(centre_crop(frame.image))
    classes = tuple(
        TaughtClass(label, 12, tuple(Picture((label, number), small) for number in range(12)))
        for label in ("apple", "cup", "duck")
    )
    taught = KioskState(classes=classes, camera="demonstration")
    model = TrainedFacts(0.9, 0.5, (12, 12, 12))
    live = replace(taught, mode=Mode.LIVE, model=model, notice=Notice("Learned it!", Tone.SUCCESS, 9.0))
    saved = SavingState(drive="KATJA", finished=True, done=tuple((stage, True) for stage in SavingStage))
    answer = Smoothed(np.array([0.9, 0.06, 0.04], np.float32), 0.5, 1, 0.0)
    cells = np.random.default_rng(0).normal(0.0, 1.0, (28, 28)).astype(np.float32)
    why = replace(answer, why=Explanation(cells, 0, 1, against_all=False, margin=float(cells.sum()), way=Way.EXACT))
    return [
        ("draw teach", taught, NOTHING_SEEN),
        ("draw live", live, answer),
        ("draw live with WHY", replace(live, why=True), why),
        ("draw training", replace(taught, mode=Mode.TRAINING), NOTHING_SEEN),
        ("draw saved", replace(live, mode=Mode.SAVING, saving=saved), NOTHING_SEEN),
        ("draw question", replace(taught, mode=Mode.CONFIRM_RESET), NOTHING_SEEN),
    ]


if __name__ == "__main__":
    main()
