"""What jobs work with, opened once by `app.compose` and passed to all of them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from app.base.i18n import Text
from app.base.ports import Clock, Drives, ImageArray
from app.config.lesson import Lesson
from app.config.schema import Config
from app.config.settings_file import SettingsFile
from app.core.events import Event
from app.importing.visit_lesson import VisitLesson
from app.model.live import Vision
from app.model.prior import ExtractorPrior
from app.session.archive import FOLDER, Archive
from app.session.database import SESSION_FILE
from app.session.store import SessionStore
from learning.view_prior import ViewPrior
from tpu.edgetpu.supervisor import EdgeTpuSupervisor
from tpu.extractor import EmbeddingExtractor

logger = logging.getLogger(__name__)

MODEL_CHANGE_S = 10.0  # a change of the model takes far less, also on a slow disk

Announce = Callable[[Event], None]
"""Receives the events of a job; called from its thread."""

OnProgress = Callable[[float], None]
"""Receives the progress of a job, 0..1."""


class Sounds(Protocol):
    """Short sounds by name."""

    def play(self, name: str) -> None:
        """Start a sound; an unknown name or a missing device is silent."""


@dataclass(frozen=True)
class Tools:
    """The parts of the kiosk that jobs use. The caller that creates them closes them.

    Attributes:
        config: The settings at the start; `KioskState.config` has the current ones.
        store: The current session on the disk.
        extractor: Embeds pictures.
        vision: Holds the model that answers.
        clock: Monotonic seconds.
        accelerator: The Edge TPU; None if the CPU computes everything.
        prior: The prior of the extractor, which may still be unknown; None to train without one.
        model_change: Held while another model becomes the session's, or the same one for another number of classes.
        on_disk: The settings with the data directory on the disk, if that of `config` is in memory because the disk
            could not be used at the start.
    """

    config: Config
    store: SessionStore
    extractor: EmbeddingExtractor
    vision: Vision
    drives: Drives
    sounds: Sounds
    clock: Clock = time.monotonic
    accelerator: EdgeTpuSupervisor | None = None
    prior: ExtractorPrior | None = None
    on_disk: Config | None = None
    model_change: threading.Lock = field(default_factory=threading.Lock, compare=False)

    @contextmanager
    def without_model_change(self) -> Iterator[None]:
        """Let no other thread change the model meanwhile, so that it brings back none of a session that is over.

        A thread that hangs while it changes the model is not waited for longer than MODEL_CHANGE_S.
        """
        held = self.model_change.acquire(timeout=MODEL_CHANGE_S)
        if not held:
            logger.warning("another thread has been changing the model for more than %g s", MODEL_CHANGE_S)
        try:
            yield
        finally:
            if held:
                self.model_change.release()

    @property
    def known_prior(self) -> ViewPrior | None:
        """The prior of the extractor; None until it is known."""
        return self.prior.known if self.prior is not None else None

    @property
    def archive(self) -> Archive:
        """The archive in the data directory, with the limits of the settings; on the disk as soon as the disk works."""
        works = self.on_disk is not None and self.store.opened.disk_problem is None
        config = self.on_disk if works and self.on_disk is not None else self.config
        return Archive(
            config.data_dir / FOLDER,
            config.privacy.archive_max_mib << 20,
            config.privacy.free_floor_mib << 20,
            beside=config.data_dir / SESSION_FILE,
        )


class RenderedThings(NamedTuple):
    """Rendered pictures to train the demonstration's starter on.

    Attributes:
        kinds: The class labels.
        picture: Renders the picture of a kind with the number of the view: RGB, uint8, shape (H, W, 3).
    """

    kinds: tuple[str, ...]
    picture: Callable[[str, int], ImageArray]


@dataclass(frozen=True)
class StationServices:
    """Services of the computer that the kiosk runs on. Every default leaves the service out.

    Attributes:
        settings: The file for settings that staff change on the screen.
        list_cameras: Returns the names of the cameras that are plugged in.
        switch_off: Shuts the computer down, or restarts it if the argument is True.
        recent_warnings: Returns the last warnings in the log, newest first.
        things: Pictures to train a starter on.
        start_problems: What was wrong with the settings at the start, for staff.
        lesson: The lesson set that the settings name.
        visit_lesson: What was chosen for the visit that goes on after a restart; None if nothing was.
        extractor: The extractor of the settings, if a lesson may use another one; None if it is that of the tools.
        locked_in: Visitors cannot leave the kiosk: its service started it.
    """

    settings: SettingsFile | None = None
    list_cameras: Callable[[], list[str]] = list
    switch_off: Callable[[bool], None] = lambda _restart: None
    recent_warnings: Callable[[], tuple[str, ...]] = tuple
    things: RenderedThings | None = None
    locked_in: bool = False
    start_problems: tuple[Text, ...] = ()
    lesson: Lesson | None = None
    visit_lesson: VisitLesson | None = None
    extractor: str | None = None
