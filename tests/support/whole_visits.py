"""A whole visit in one process: the frame loop, a real keyboard, and everything that the screen shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pygame

from app.base.ports import Frame
from app.base.workers import Mailbox
from app.config.schema import Config
from app.core.events import DrivesChanged
from app.core.state import KioskState
from app.demo.attract_stage import AttractStage
from app.devices.keyboard import Keyboard
from app.devices.text_input import TextInput
from app.loop import Loop
from app.model.observation import NOTHING_SEEN, Observation, Smoothed, smooth
from app.ui.scan_groups import scan_groups
from app.views.model import KioskView
from app.views.present import Surroundings, present
from tests.support.kiosks import Station

SIZE = (1280, 720)
TICK_S = 0.05
LONGEST_WAIT = 4000  # ticks


@dataclass(frozen=True)
class Moment:
    """What one view was made of."""

    state: KioskState
    frame: Frame | None
    answers: Smoothed

    def in_language(self, language: str) -> KioskView:
        """The view of this moment, as it is shown to a visitor who chose this language."""
        return present(replace(self.state, language=language), self.frame, self.answers, Surroundings())


class WholeVisit:
    """A station with its frame loop. Time passes, frames arrive and jobs run with every tick.

    Attributes:
        seen: Every view that was shown and differs from the one before in more than time.
        moments: What every view was made of, to make it in other languages.
    """

    def __init__(self, folder: Path, settings: Config | None = None) -> None:
        pygame.font.init()  # the places of buttons depend on the width of their texts
        self.station = Station(folder, settings)
        self.frames: Mailbox[Frame] = Mailbox()
        self.observations: Mailbox[Observation] = Mailbox()
        self.seen: list[KioskView] = []
        self.moments: list[Moment] = []
        self._window_events: list[Any] = []
        self.follow: Callable[[KioskView], None] = lambda _view: None
        self.loop = Loop(
            self.station.kiosk,
            self,
            [Keyboard()],
            frames=self.frames,
            observations=self.observations,
            surroundings=Surroundings(stage=AttractStage().picture),
            clock=lambda: self.station.now_s,
            wait_for_tick=lambda _hz: None,
            on_shown=self._shown,
            text_input=TextInput(),
            groups=lambda view: scan_groups(view, SIZE),
        )

    def draw(self, view: KioskView) -> None:
        """Note a view, as the window draws it."""
        if not self.seen or replace(self.seen[-1], now_s=view.now_s) != view:
            self.seen.append(view)

    def _shown(self, view: KioskView) -> None:
        kiosk, before = self.station.kiosk, self.moments[-1].answers if self.moments else NOTHING_SEEN
        self.moments.append(Moment(kiosk.state, kiosk.shown, smooth(before, kiosk.observation)))
        self.follow(view)

    def events(self) -> list[Any]:
        """Return the window's events since the last call."""
        waiting, self._window_events = self._window_events, []
        return waiting

    def tick(self, times: int = 1) -> None:
        """Let time pass: a frame, its observation, a tick of the loop, and the jobs that wait."""
        for _ in range(times):
            station = self.station
            station.sequence += 1
            station.now_s += TICK_S
            image = station.table.read()
            image.flags.writeable = False
            frame = Frame(image, station.sequence, station.now_s)
            self.frames.put(frame)
            self.observations.put(station.vision.observe(frame))
            self.loop.tick()
            station.settle()

    def wait_until(self, happened: Callable[[KioskView], bool]) -> KioskView:
        """Let time pass until a view fulfils a condition."""
        for _ in range(LONGEST_WAIT):
            if happened(self.loop.view):
                return self.loop.view
            self.tick()
        raise AssertionError(f"it never happened; the screen says: {self.loop.view.guidance}")

    def down(self, key: int = pygame.K_SPACE) -> None:
        """Press a key of the keyboard."""
        self._window_events.append(pygame.event.Event(pygame.KEYDOWN, key=key, scancode=0, mod=0))
        self.tick()

    def up(self, key: int = pygame.K_SPACE) -> None:
        """Release it."""
        self._window_events.append(pygame.event.Event(pygame.KEYUP, key=key, scancode=0, mod=0))
        self.tick()

    def hold(self, shots: int, key: int = pygame.K_SPACE) -> None:
        """Hold a key until this many more pictures were taken, and turn the thing meanwhile."""
        wanted = sum(self.station.kiosk.state.shots) + shots
        self.down(key)
        for _ in range(LONGEST_WAIT):
            if sum(self.station.kiosk.state.shots) >= wanted:
                break
            self.station.table.new_view()
            self.tick()
        self.up(key)

    def insert_drive(self, folder: Path) -> None:
        """Plug in an empty drive."""
        folder.mkdir()
        self.station.drives.insert("STICK", folder)
        self.station.kiosk.events.put(DrivesChanged(self.station.drives.present()))

    def close(self) -> None:
        """Close the station."""
        self.station.close()
