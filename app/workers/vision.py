"""The vision worker: turns the newest frame into an observation, at its own pace.

If the model is slower than the camera, frames are skipped; the picture on the screen does not wait for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from app.base.error_texts import screen_text
from app.base.i18n import message
from app.base.ports import Frame
from app.base.workers import Mailbox, StopSignal
from app.core.events import GIVE_UP_AFTER, Event, VisionFailed
from app.model.live import Vision
from app.model.observation import Observation
from tpu.errors import RuntimeLayerError

logger = logging.getLogger(__name__)

DEFECT = message("The picture cannot be read. If this goes on, please call a member of staff.")
POLL_S = 0.2  # how often to check whether to stop while no frame comes


def watch_frames(
    vision: Vision,
    frames: Mailbox[Frame],
    deliver: Callable[[Observation], None],
    announce: Callable[[Event], None],
    *,
    stop: StopSignal,
) -> None:
    """Observe frames until `stop` is set.

    Args:
        vision: Computes the observations.
        frames: Holds the newest frame.
        deliver: Receives every observation.
        announce: Receives VisionFailed at the first of several failures in a row, and at that of GIVE_UP_AFTER.
        stop: Ends the loop.
    """
    failures = 0
    while not stop.is_set():
        frame = frames.take(POLL_S)
        if frame is None:
            continue
        try:
            observation = vision.observe(frame)
        except Exception as error:
            failures += 1
            if failures in (1, GIVE_UP_AFTER):
                reason = screen_text(error) if isinstance(error, RuntimeLayerError) else None
                logger.warning("%s", error, exc_info=reason is None)
                announce(VisionFailed(reason or DEFECT, failures))
            stop.wait(POLL_S)
        else:
            failures = 0
            deliver(observation)
