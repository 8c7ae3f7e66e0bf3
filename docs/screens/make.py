"""The pictures of this folder, as the scripted visitor sees them: `make screenshots`.

Every screen as a small PNG, and `visit.webp`: a visit from the first thing shown to the saved model, in motion.
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
from app.core.transitions import Mode

WIDTH_PX = 960
COLOURS = 256
MOVING_PX = (640, 360)
EVERY_S = 0.15  # of the moving picture
QUALITY = 55


def main() -> None:
    """Let the scripted visitor come, and keep what is on the screen."""
    with tempfile.TemporaryDirectory() as folder:
        frames = visit(Path(folder))
        for path in sorted(Path(folder).glob("*.png")):
            small(path, HERE / path.name)
    moving(frames, HERE / "visit.webp")


def visit(folder: Path) -> list[Image.Image]:
    """Run the demonstration to its end; give what was seen until the model was saved, EVERY_S apart."""
    frames: list[Image.Image] = []
    with compose(Config(), headless=True, demo_out=folder) as composed:
        kiosk, last_s, saved_s = composed.kiosk, 0.0, None
        ticks = pygame.time.Clock()
        while kiosk.running:
            composed.loop.tick()
            ticks.tick(60)
            now_s = time.monotonic()
            if kiosk.state.mode is Mode.SAVING and kiosk.state.saving.finished and saved_s is None:
                saved_s = now_s
            over = saved_s is not None and (now_s - saved_s > 1.5 or kiosk.state.mode is not Mode.SAVING)
            if kiosk.state.camera and not over and now_s - last_s >= EVERY_S:
                frames.append(grabbed())
                last_s = now_s
    return frames


def grabbed() -> Image.Image:
    """What is on the screen now, reduced."""
    surface = pygame.display.get_surface()
    reduced = pygame.transform.smoothscale(surface, MOVING_PX)
    return Image.frombytes("RGB", MOVING_PX, pygame.image.tobytes(reduced, "RGB"))


def small(source: Path, target: Path) -> None:
    """Reduce a screenshot to WIDTH_PX and few colours."""
    picture = Image.open(source).convert("RGB")
    height = round(picture.height * WIDTH_PX / picture.width)
    reduced = picture.resize((WIDTH_PX, height), Image.Resampling.LANCZOS)
    reduced.quantize(COLOURS, kmeans=6, dither=Image.Dither.FLOYDSTEINBERG).save(target, optimize=True)


def moving(frames: list[Image.Image], target: Path) -> None:
    """Save frames as one animated picture, which shows its last frame longer before it starts again."""
    durations_ms = [round(1000 * EVERY_S)] * len(frames)
    durations_ms[-1] = 2500
    frames[0].save(
        target, save_all=True, append_images=frames[1:], duration=durations_ms, loop=0, quality=QUALITY, method=4
    )


if __name__ == "__main__":
    main()
