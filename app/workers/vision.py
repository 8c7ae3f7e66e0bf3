"""The way of a frame: camera → newest frame → extractor or exported model → observation.

Two workers, each at its own pace. The camera worker reads as fast as the camera delivers and leaves every
picture in two mailboxes, one for the screen and one for vision; a slow model skips frames and never holds up
the picture.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np

from app.base.error_texts import in_words
from app.base.errors import CameraUnavailable
from app.base.i18n import message
from app.base.ports import Camera, Clock, Frame, ImageArray
from app.base.workers import Mailbox, StopSignal
from app.core.events import CameraFound, CameraLost, Event, VisionFailed
from app.model.observation import Observation
from tpu.classifier import ClassificationEngine
from tpu.errors import RuntimeLayerError
from tpu.extractor import EmbeddingExtractor
from tpu.tensors import centre_crop

logger = logging.getLogger(__name__)

FIRST_RETRY_S, LONGEST_RETRY_S = 0.5, 5.0
UNEXPECTED = message("The picture could not be looked at. Please call a member of staff if this stays.")
IDLE_WAIT_S = 0.2  # how long a worker sleeps at most before it looks whether it shall stop


@dataclass(frozen=True, eq=False)
class LiveModel:
    """An exported model that answers, and how its rows map to the kiosk's classes.

    Attributes:
        class_indices: For every row of the model its class index in the kiosk; classes that had no samples
            when it was trained are not in it.
        threshold: Below this top probability the answer is "not sure".
        num_classes: Of the kiosk while this model answers; None is as many as it was started with.
    """

    engine: ClassificationEngine
    path: Path
    class_indices: tuple[int, ...]
    threshold: float
    num_classes: int | None = None


class Vision:
    """Turns frames into observations with the exported model where there is one, else with the extractor.

    Attributes:
        num_classes: Of the kiosk; may change while it runs.
        crop_share: The edge of the square that is looked at, as a share of the largest one: less where it is zoomed.
    """

    def __init__(self, extractor: EmbeddingExtractor, num_classes: int) -> None:
        self._extractor = extractor
        self.num_classes = num_classes
        self.crop_share = 1.0
        self._swap = threading.Lock()
        self._model: LiveModel | None = None
        self._retired: list[LiveModel] = []

    @property
    def model(self) -> LiveModel | None:
        """The exported model that answers now."""
        return self._model

    def go_live(self, model: LiveModel | None) -> None:
        """Let `model` answer from the next frame on; None goes back to the extractor alone."""
        with self._swap:
            if self._model is not None:
                self._retired.append(self._model)
            self._model = model

    def withdraw(self, model: LiveModel) -> None:
        """Let `model` answer no more; whatever else answers by now goes on."""
        with self._swap:
            if self._model is model:
                self._retired.append(model)
                self._model = None

    def observe(self, frame: Frame) -> Observation:
        """Say what the model sees. Called from one thread at a time."""
        with self._swap:
            model, retired, self._retired = self._model, self._retired, []
        for old in retired:
            old.engine.close()
        square = centre_crop(frame.image, self.crop_share)
        if model is None:
            answer = self._extractor.answer(square)
            return Observation(frame, embedding=answer.outputs[0], device=answer.device)
        probabilities = np.zeros(model.num_classes or self.num_classes, np.float32)
        judged = model.engine.judge(square)
        probabilities[list(model.class_indices)] = judged.probabilities
        return Observation(
            frame,
            probabilities=probabilities,
            device=judged.device,
            threshold=model.threshold,
            model_path=model.path,
            novelty=judged.novelty,
        )

    def close(self) -> None:
        """Close the models; the extractor belongs to whoever opened it."""
        with self._swap:
            models = [*self._retired, *([self._model] if self._model else [])]
            self._model, self._retired = None, []
        for model in models:
            model.engine.close()


def watch_camera(
    open_camera: Callable[[], Camera],
    deliver: Callable[[Frame], None],
    announce: Callable[[Event], None],
    *,
    stop: StopSignal,
    wanted: Callable[[], object] = lambda: None,
    rotation: Callable[[], int] = lambda: 0,
    clock: Clock = time.monotonic,
) -> None:
    """Camera worker: open, read, deliver; when the camera goes, say so once and keep looking for it.

    Args:
        open_camera: Opens the camera; raises CameraUnavailable.
        deliver: Receives every frame; its image is read-only.
        announce: Receives CameraFound and CameraLost.
        stop: Ends the loop.
        wanted: Which camera is wanted; when that changes, it is opened anew.
        rotation: How far pictures are turned, in degrees clockwise: 0, 90, 180 or 270.
        clock: Monotonic seconds for `Frame.captured_at_s`.
    """
    sequence = count()
    retry_s = FIRST_RETRY_S
    announced_loss = False
    while not stop.is_set():
        chosen = wanted()
        try:
            camera = open_camera()
            try:
                delivers = False
                while not stop.is_set() and wanted() == chosen:
                    image = turned(camera.read(), rotation())
                    image.flags.writeable = False
                    if not delivers:  # some drivers open what is gone: only a picture proves a camera
                        announce(CameraFound(camera.name))
                        delivers, announced_loss, retry_s = True, False, FIRST_RETRY_S
                    deliver(Frame(image, next(sequence), clock()))
            finally:
                camera.close()
        except CameraUnavailable as error:
            if not announced_loss:
                logger.warning("%s", error)
                announce(CameraLost(error.message))
                announced_loss = True
            stop.wait(retry_s)
            retry_s = min(retry_s * 2, LONGEST_RETRY_S)


def turned(image: ImageArray, degrees: int) -> ImageArray:
    """Turn a picture clockwise by 0, 90, 180 or 270 degrees."""
    return image if degrees == 0 else np.ascontiguousarray(np.rot90(image, -degrees // 90))


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
                reason = in_words(error) if isinstance(error, RuntimeLayerError) else None
                logger.warning("%s", error, exc_info=reason is None)
                announce(VisionFailed(reason or UNEXPECTED))
            failing = True
            stop.wait(IDLE_WAIT_S)
        else:
            failing = False
            deliver(observation)
