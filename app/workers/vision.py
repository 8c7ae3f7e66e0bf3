"""Vision worker: turns the newest frame into an observation, at its own pace.

A slow model skips frames and never holds up the picture on the screen.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from app.base.error_texts import screen_text
from app.base.i18n import message
from app.base.ports import Frame
from app.base.workers import Mailbox, StopSignal
from app.core.events import Event, VisionFailed
from app.model.live import Vision
from app.model.observation import Observation
from tpu.errors import RuntimeLayerError

logger = logging.getLogger(__name__)

UNEXPECTED = message("The picture could not be looked at. Please call a member of staff if this stays.")
IDLE_WAIT_S = 0.2  # how long to wait for a frame before checking whether to stop


def watch_frames(
    vision: Vision,
    frames: Mailbox[Frame],
    deliver: Callable[[Observation], None],
    announce: Callable[[Event], None],
    *,
    stop: StopSignal,
) -> None:
    """Vision worker: the newest frame in, its observation out. A failure is told once until it is over."""
    failing = False
    while not stop.is_set():
        frame = frames.take(IDLE_WAIT_S)
        if frame is None:
            continue
        try:
            observation = vision.observe(frame)
        except Exception as error:
            if not failing:
                reason = screen_text(error) if isinstance(error, RuntimeLayerError) else None
                logger.warning("%s", error, exc_info=reason is None)
                announce(VisionFailed(reason or UNEXPECTED))
            failing = True
            stop.wait(IDLE_WAIT_S)
        else:
            failing = False
            deliver(observation)
