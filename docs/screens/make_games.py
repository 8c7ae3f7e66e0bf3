"""Make the pictures of WHY and of both games in this folder: the last part of `make screenshots`.

A visitor with buttons on pins plays in front of the demonstration camera, in simulated time.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

import pygame
from make import small

from app.base.buttons import Action
from app.ui import screens
from app.ui.painting.motion import settled
from app.ui.painting.theme import load_theme
from tests.end_to_end.test_games import FAR, hold_while_it_moves, taught, train, turned_until_it_is_asked
from tests.support.pins import Box, box

SIZE = (1280, 720)
SETTLED_S = 0.6


def main() -> None:
    """Play, and save what is on the screen; names on the command line select some of the parts."""
    pygame.display.init()
    pygame.display.set_mode((64, 64))  # so that surfaces have the format of a screen
    pygame.font.init()
    for part in (why, trick, swap):
        if not sys.argv[1:] or part.__name__ in sys.argv[1:]:
            with tempfile.TemporaryDirectory() as folder, box(Path(folder)) as panel:
                part(panel)


def why(panel: Box) -> None:
    """Three things are taught, and the light shows what speaks for the third one."""
    taught(panel, 3)
    panel.hold(Action.WHY, 0.1)
    save(panel, "why")
    panel.hold(Action.WHY, 0.1)
    save(panel, "why_more")


def trick(panel: Box) -> None:
    """Two things are taught, and a third one tricks the model, until it is taught."""
    taught(panel)
    panel.hold(Action.PLAY, 0.1)
    panel.wait(1.0)
    panel.hold(0, 0.1)
    panel.station.table.show("duck")
    panel.station.table.lay("wood")
    save(panel, "trick")
    turned_until_it_is_asked(panel)
    save(panel, "trick_question")
    panel.hold(0, 0.1)
    save(panel, "tricked")
    panel.hold(Action.TRAIN, 0.1)
    hold_while_it_moves(panel, 2)
    train(panel)
    save(panel, "trick_defeated")


def swap(panel: Box) -> None:
    """The guided round: two things before two backgrounds, which are swapped."""
    panel.wait(0.2)
    panel.hold(Action.PLAY, 0.1)
    panel.wait(1.0)
    panel.hold(1, 0.1)
    for index, (kind, background) in enumerate((("apple", "wood"), ("cup", "cloth"))):
        panel.station.table.show(kind)
        panel.station.table.lay(background, size=FAR)
        hold_while_it_moves(panel, index)
    train(panel)
    panel.station.table.show("apple")
    save(panel, "swap")
    turned_until_it_is_asked(panel)
    panel.hold(0, 0.1)
    save(panel, "swap_tricked")
    panel.hold(Action.TRAIN, 0.1)
    save(panel, "swap_repair")
    hold_while_it_moves(panel, 0)
    train(panel)
    save(panel, "swap_repaired")


def save(panel: Box, name: str) -> None:
    """Save what a visitor sees as soon as nothing moves."""
    panel.wait(SETTLED_S)
    surface, view = pygame.Surface(SIZE), panel.drawn[0]
    screens.draw(surface, view, load_theme(SIZE), settled(view))
    path = HERE / f"{name}.png"
    pygame.image.save(surface, str(path))
    small(path, path)


if __name__ == "__main__":
    main()
