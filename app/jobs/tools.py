"""What jobs work with, opened once and passed to all of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from app.base.ports import Clock, Drives
from app.base.workers import StopSignal
from app.config.schema import Config
from app.model.live import Vision
from app.session.archive import FOLDER, Archive
from app.session.database import SESSION_FILE
from app.session.store import SessionStore
from tpu.edgetpu.supervisor import EdgeTpuSupervisor
from tpu.extractor import EmbeddingExtractor


class Sounds(Protocol):
    """Short sounds by name."""

    def play(self, name: str) -> None:
        """Start a sound; an unknown name or a missing device is silent."""


@dataclass(frozen=True)
class Tools:
    """What the kiosk works with. All of it is opened and closed by whoever made it."""

    config: Config
    store: SessionStore
    extractor: EmbeddingExtractor
    vision: Vision
    drives: Drives
    sounds: Sounds
    clock: Clock = time.monotonic
    accelerator: EdgeTpuSupervisor | None = None


Job = Callable[[StopSignal], None]


def archive_of(config: Config) -> Archive:
    """Return the archive in the data directory, with the limits of the settings."""
    privacy = config.privacy
    return Archive(
        config.data_dir / FOLDER,
        privacy.archive_max_mib << 20,
        privacy.free_floor_mib << 20,
        beside=config.data_dir / SESSION_FILE,
    )
