"""What the benchmarks of a whole kiosk share: its settings, and waiting for what it does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from app.config.schema import Config

LONGEST_S = 120.0


def settings_for(folder: str, labels: tuple[str, ...] | None = None) -> Config:
    """Settings of a kiosk with the demonstration camera in a window, which writes to `folder` alone.

    Args:
        folder: Its data and export directory.
        labels: Of its classes; None for those of a new kiosk.
    """
    config = Config()
    return replace(
        config,
        camera=replace(config.camera, source="demo"),
        screen=replace(config.screen, fullscreen=False),
        classes=config.classes if labels is None else replace(config.classes, labels=labels),
        storage=replace(config.storage, data_dir=folder, export_dir=f"{folder}/saved"),
    )


def wait_for(reached: Callable[[], bool], *, look_every_s: float = 0.01) -> None:
    """Wait until the kiosk, which ticks in another thread, has got there.

    Raises:
        TimeoutError: After LONGEST_S.
    """
    deadline_s = time.monotonic() + LONGEST_S
    while not reached():
        if time.monotonic() > deadline_s:
            raise TimeoutError("the kiosk did not get there")
        time.sleep(look_every_s)
