"""Presses become samples: each takes the frame on the screen, or the next one if that is taken already.

Runs on the main thread; what takes longer than a frame becomes a session job.
"""

from __future__ import annotations

from collections import deque
from functools import partial

from app.base.i18n import message
from app.base.not_sure import NotSure
from app.base.picture import Picture
from app.base.ports import Frame
from app.core import events as ev
from app.jobs.preparation import Preparation
from app.jobs.running import JobQueue
from app.jobs.samples import store_sample
from app.jobs.tools import Announce, OnProgress, Tools
from app.jobs.training import queue_training
from app.model.observation import Observation
from app.session.pictures import thumbnail
from tpu.runtime import CPU
from tpu.tensors import centre_crop


class Presses:
    """The presses that have no frame yet, oldest first, and the training that waits for them.

    Args:
        tools: The store and the extractor.
        announce: Receives SampleTaken, SampleRefused and SampleWithdrawn at once, and the events of the jobs.
        session_jobs: The queue in which samples are stored.
        long_jobs: The queue in which a training runs.
        preparation: Told about every new sample.
        on_progress: Receives the progress of a training, 0..1.
    """

    def __init__(
        self,
        tools: Tools,
        announce: Announce,
        session_jobs: JobQueue,
        long_jobs: JobQueue,
        preparation: Preparation,
        on_progress: OnProgress,
    ) -> None:
        self._tools, self._announce, self._on_progress = tools, announce, on_progress
        self._session_jobs, self._long_jobs, self._preparation = session_jobs, long_jobs, preparation
        self._waiting: deque[ev.AddSample] = deque()
        self._taken_sequence = -1  # of the newest frame that became a sample
        self._training: NotSure | None = None

    @property
    def waiting(self) -> bool:
        """Whether a press waits for a frame."""
        return bool(self._waiting)

    @property
    def training_waits(self) -> bool:
        """Whether a training waits for the presses before it."""
        return self._training is not None

    def add(self, press: ev.AddSample, shown: Frame | None) -> None:
        """Let a press wait for its frame; refuse it if no frame was ever shown."""
        if shown is None:
            reason = message("There is no picture yet. Press again in a moment.")
            self._announce(ev.SampleRefused(press.class_index, reason))
            return
        self._waiting.append(press)

    def train(self, not_sure: NotSure) -> None:
        """Start a training once no press waits."""
        self._training = not_sure

    def withdraw_newest_hold(self) -> int | None:
        """Forget the presses of the newest hold that still wait.

        Returns:
            The hold, some of whose samples may be stored already; None if no press waits.
        """
        if not self._waiting:
            return None
        newest = self._waiting[-1]
        kept = [press for press in self._waiting if press.hold != newest.hold]
        self._announce(ev.SampleWithdrawn(newest.class_index, len(self._waiting) - len(kept)))
        self._waiting = deque(kept)
        return newest.hold

    def forget(self) -> None:
        """Forget all presses that wait."""
        self._waiting.clear()

    def refuse(self) -> None:
        """Refuse all presses that wait, because the camera is gone."""
        while self._waiting:
            reason = message("The camera is gone, so that press took no picture.")
            self._announce(ev.SampleRefused(self._waiting.popleft().class_index, reason))

    def match(self, shown: Frame | None, seen: Observation | None) -> None:
        """Store a new frame for the oldest press.

        Args:
            shown: The frame on the screen.
            seen: The newest observation. Its embedding is stored if it is that of the frame.
        """
        if self._waiting and shown is not None and shown.sequence != self._taken_sequence:
            self._take(self._waiting.popleft(), shown, seen)

    def start_waiting_training(self) -> None:
        """Queue the training that waits, if no press is left before it."""
        if self._training is None or self._waiting:
            return
        not_sure, self._training = self._training, None
        self._session_jobs.put(
            partial(
                queue_training,
                self._tools,
                self._announce,
                self._on_progress,
                self._long_jobs,
                self._preparation,
                not_sure,
            )
        )

    def _take(self, press: ev.AddSample, frame: Frame, seen: Observation | None) -> None:
        """Show a frame as a sample at once, and queue the job that stores it."""
        self._taken_sequence = frame.sequence
        of_frame = seen if seen is not None and seen.frame.sequence == frame.sequence else None
        embedding = of_frame.embedding if of_frame is not None else None
        device = seen.device if seen is not None else CPU
        small = thumbnail(centre_crop(frame.image, self._tools.vision.crop_share))
        self._announce(ev.SampleTaken(press.class_index, Picture(("frame", frame.sequence), small)))
        self._session_jobs.put(
            lambda _stop: store_sample(
                self._tools, self._announce, press.class_index, press.hold, frame, embedding, device
            )
        )
        self._preparation.request()
