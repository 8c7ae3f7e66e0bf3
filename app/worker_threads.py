"""The workers of the kiosk: one thread for each kind of work, and where they leave their results."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from itertools import count

from app.base.memory import give_memory_back, lasting_objects
from app.base.ports import Camera, Clock, Drives, Frame
from app.base.supervision import Duty, Workers
from app.base.workers import Mailbox, unless_abandoned
from app.config.schema import CameraSettings
from app.core.events import WorkerFailed, WorkerReplaced
from app.core.pace import camera_rate_hz
from app.core.state import KioskState
from app.jobs.running import run_jobs
from app.kiosk import Kiosk
from app.model.live import Vision
from app.model.observation import Observation
from app.workers.camera import watch_camera
from app.workers.drives import watch_drives
from app.workers.vision import watch_frames

WORKER_STOPS_S = 20.0  # a worker that is still busy after this long is an error
# The longest time without a sign of life; more than anything takes that works, on a slow computer and a slow drive.
CAMERA_S, VISION_S, DRIVE_S, SESSION_JOB_S, LONG_JOB_S = 20.0, 20.0, 120.0, 300.0, 180.0


@dataclass(frozen=True)
class Mailboxes:
    """Where the camera and vision workers leave their newest results; older ones are dropped.

    Attributes:
        newest: The newest frame, for `deliver_again`.
        answered: Set by an observation, which is drawn at once. A frame waits for the next tick or for its observation,
            so that a drawing of the frame alone does not keep the answer waiting.
    """

    answered: threading.Event = field(default_factory=threading.Event)
    frames_for_screen: Mailbox[Frame] = field(default_factory=Mailbox)
    frames_for_vision: Mailbox[Frame] = field(default_factory=Mailbox)
    newest: Mailbox[Frame] = field(default_factory=Mailbox)
    observations: Mailbox[Observation] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "observations", Mailbox(self.answered))

    def deliver(self, frame: Frame) -> None:
        """Leave a frame for the screen and for the vision worker."""
        self.newest.put(frame)
        self.frames_for_vision.put(frame)
        self.frames_for_screen.put(frame)

    def deliver_again(self) -> None:
        """Leave the newest frame for the vision worker once more, if no newer one waits."""
        if not self.frames_for_vision.full and (frame := self.newest.take()) is not None:
            self.frames_for_vision.put(frame)


def camera_wanted(state: KioskState) -> object:
    """Return what the camera is opened again for when it changes.

    Rotation, zoom and mirror need no other camera. One with fixed light is opened again, and measures the light, when
    nobody is there any more.
    """
    settings = _of_device(state.config.camera)
    return settings, state.attract_since_s if settings.fixed_light else None


@lru_cache(maxsize=1)  # asked for every picture
def _of_device(settings: CameraSettings) -> CameraSettings:
    return replace(settings, rotation=0, zoom=1.0, mirror=True)


def start_workers(
    kiosk: Kiosk,
    vision: Vision,
    drives: Drives,
    open_camera: Callable[[], Camera],
    mailboxes: Mailboxes,
    clock: Clock,
    stack: ExitStack,
) -> Workers:
    """Start one thread for each kind of work.

    `stack` stops them in reverse order: the sources of new work first, then the jobs, which finish what is queued.
    """
    stack.enter_context(lasting_objects())
    kiosk.long_jobs.put(lambda _stop: None)  # at its end, memory that only the start needed is given back
    announce = kiosk.events.put
    numbers = count()
    vision.ask_again = mailboxes.deliver_again  # a new model need not wait for the camera

    def settings() -> CameraSettings:
        return kiosk.state.config.camera

    def failed(worker: str, error: Exception) -> None:
        announce(WorkerFailed(worker, f"{type(error).__name__}: {error}"))

    def stuck(worker: str, replaced: bool) -> None:
        announce(WorkerReplaced(worker) if replaced else WorkerFailed(worker, "it is stuck"))

    duties = (
        Duty("session jobs", partial(run_jobs, kiosk.session_jobs), limit_s=SESSION_JOB_S, replaceable=False),
        Duty(
            "long jobs",
            partial(run_jobs, kiosk.long_jobs, after_each=give_memory_back),
            limit_s=LONG_JOB_S,
        ),
        Duty(
            "vision",
            lambda stop: watch_frames(
                vision,
                mailboxes.frames_for_vision,
                unless_abandoned(stop, mailboxes.observations.put),
                unless_abandoned(stop, announce),
                stop=stop,
            ),
            limit_s=VISION_S,
        ),
        Duty("drive", lambda stop: watch_drives(drives, unless_abandoned(stop, announce), stop=stop), limit_s=DRIVE_S),
        Duty(
            "camera",
            lambda stop: watch_camera(
                open_camera,
                unless_abandoned(stop, mailboxes.deliver),
                unless_abandoned(stop, announce),
                stop=stop,
                wanted=lambda: camera_wanted(kiosk.state),
                rotation=lambda: settings().rotation,
                keeps_light=lambda: settings().fixed_light and kiosk.state.held is not None,
                rate_hz=lambda: camera_rate_hz(kiosk.state, kiosk.worked_s),
                clock=clock,
                numbers=numbers,
            ),
            limit_s=CAMERA_S,
            works=lambda: kiosk.state.camera is not None,
        ),
    )
    workers = Workers(duties, failed, stuck)
    for duty in duties:
        stack.callback(workers.stop, duty.name, WORKER_STOPS_S)
    stack.callback(drives.hurry)  # a worker that waits for a drive could not stop in time
    return workers
