"""Make the pictures of this folder: `make screenshots`.

The scripted visitor of the demonstration leaves every screen as a small PNG, and `visit.webp`: a visit in motion, from
the first thing shown to the saved model. Only the first round of answers is in it, which is slow enough to read.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import pygame
from PIL import Image

from app.compose import compose
from app.config.schema import Config
from app.core.state import Mode
from app.demo.visitor import ANSWERS_PER_VIEW, CLASSES

WIDTH_PX = 960
COLOURS = 256
MOVING_PX = (640, 360)
EVERY_S = 0.15  # between two frames of the moving picture
FIRST_ROUND = ANSWERS_PER_VIEW * CLASSES
QUALITY = 55


def main() -> None:
    """Run the demonstration, and save what was on the screen."""
    with tempfile.TemporaryDirectory() as folder:
        frames = visit(Path(folder))
        for path in sorted(Path(folder).glob("*.png")):
            small(path, HERE / path.name)
    moving(frames, HERE / "visit.webp")


def visit(folder: Path) -> list[Image.Image]:
    """Run the demonstration to its end; return the frames until the model is saved, EVERY_S apart."""
    frames: list[Image.Image] = []
    with compose(Config(), headless=True, demo_out=folder) as composed:
        kiosk, last_s, saved_s = composed.kiosk, 0.0, None
        assert composed.findings is not None
        ticks = pygame.time.Clock()
        while kiosk.running:
            composed.loop.tick()
            ticks.tick(60)
            now_s = time.monotonic()
            if kiosk.state.mode is Mode.SAVING and kiosk.state.saving.finished and saved_s is None:
                saved_s = now_s
            over = saved_s is not None and (now_s - saved_s > 1.5 or kiosk.state.mode is not Mode.SAVING)
            hurried = kiosk.state.mode is Mode.LIVE and composed.findings.looked > FIRST_ROUND
            if kiosk.state.camera and not over and not hurried and now_s - last_s >= EVERY_S:
                frames.append(grabbed())
                last_s = now_s
    return frames


def grabbed() -> Image.Image:
    """The current screen, scaled down."""
    surface = pygame.display.get_surface()
    reduced = pygame.transform.smoothscale(surface, MOVING_PX)
    return Image.frombytes("RGB", MOVING_PX, pygame.image.tobytes(reduced, "RGB"))


def small(source: Path, target: Path) -> None:
    """Scale a screenshot down to WIDTH_PX and few colours."""
    picture = Image.open(source).convert("RGB")
    height = round(picture.height * WIDTH_PX / picture.width)
    reduced = picture.resize((WIDTH_PX, height), Image.Resampling.LANCZOS)
    reduced.quantize(COLOURS, kmeans=6, dither=Image.Dither.FLOYDSTEINBERG).save(target, optimize=True)


def moving(frames: list[Image.Image], target: Path) -> None:
    """Save frames as an animation that shows its last frame longer before it repeats."""
    durations_ms = [round(1000 * EVERY_S)] * len(frames)
    durations_ms[-1] = 2500
    frames[0].save(
        target, save_all=True, append_images=frames[1:], duration=durations_ms, loop=0, quality=QUALITY, method=4
    )


if __name__ == "__main__":
    main()
