"""The kiosk: drains events, calls `advance`, performs the commands. The main thread owns the state."""

from __future__ import annotations

import logging
import queue
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from app.base.exhaustive import assert_never
from app.base.i18n import message
from app.base.ports import Frame
from app.base.workers import Mailbox
from app.config.schema import Config
from app.core import events as ev
from app.core.presses import in_order_of_time, inputs_of
from app.core.state import KioskState, Mode, Timing
from app.core.transitions import advance
from app.jobs.classes import taught_classes
from app.jobs.staff import Backstage, House
from app.jobs.tools import Job, Tools
from app.jobs.workbench import Workbench
from app.model.observation import Observation
from tpu.runtime import CPU

logger = logging.getLogger(__name__)


class Kiosk:
    """State, and the hands that carry its commands out.

    Attributes:
        events: The one queue. Devices and workers put, the main thread takes.
        records: Jobs on the session, in order: what was pressed first is stored first.
        jobs: Training and saving, one at a time.
        progress: 0..1 of the job at hand.
        shown: The frame that is on the screen.
        observation: The newest observation.
        running: False once somebody wants to leave.
        saved_to: The folder that SAVE wrote last.
        seconds: How long the steps of the last training and saving took.
    """

    def __init__(
        self,
        tools: Tools,
        house: House | None = None,
        *,
        toggle_fullscreen: Callable[[], None] = lambda: None,
        settings_changed: Callable[[Config], None] = lambda _config: None,
    ) -> None:
        self._tools = tools
        self._toggle_fullscreen = toggle_fullscreen
        self._settings_changed = settings_changed
        self.events: queue.SimpleQueue[ev.Event] = queue.SimpleQueue()
        self.records: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self.jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self.progress: Mailbox[float] = Mailbox()
        self.shown: Frame | None = None
        self.observation: Observation | None = None
        self.running = True
        self.saved_to: Path | None = None
        self.seconds: dict[str, float] = {}
        self._bench = Workbench(tools, self.events.put, self.progress.put)
        self._backstage = Backstage(tools, house or House(), self._bench, self.events.put)
        self._last_sampled = -1
        self._awaiting_frame: deque[int] = deque()
        self._training_awaits = False
        tools.vision.crop_share = 1 / tools.config.camera.zoom
        self.state = self._restored()
        if tools.config.idle.starter and self.state.model is None and not any(self.state.shots):
            self.perform(ev.LoadStarter())

    def tick(self) -> None:
        """Take everything that happened since the last tick, in the order in which it happened, and act on it.

        Time passes last: a tick that comes late takes no sample for a button that came up meanwhile.
        """
        self._serve_waiting()
        now_s = self.catch_up()
        self.handle(ev.TimePassed(now_s))

    def catch_up(self) -> float:
        """Act on everything that waits in the queue; return the time at which that began, in monotonic seconds."""
        now_s = self._tools.clock()
        self.state = replace(self.state, now_s=now_s)
        while waiting := self._waiting():
            for event in in_order_of_time(waiting):
                self.handle(event)
        return now_s

    def handle(self, event: ev.Event) -> None:
        """Advance the state by one event and carry out what follows from it."""
        self.state, commands = advance(self.state, event)
        if isinstance(event, ev.SavingFinished):
            self.saved_to, self.seconds["write_export"] = event.folder, event.seconds
        if isinstance(event, ev.TrainingFinished):
            self.seconds.update(event.seconds)
        for command in commands:
            self.perform(command)

    def perform(self, command: ev.Command) -> None:  # noqa: PLR0915  # one case for each command
        """Carry out one command: at once, or as a job behind everything that was pressed before."""
        staff, bench = self._backstage, self._bench
        match command:
            case ev.AddSample(class_index):
                self._add_sample(class_index)
            case ev.RemoveLastSample():
                self._take_back()
            case ev.RemoveSample(sample_id):
                self._record(lambda: staff.remove(sample_id))
            case ev.RestoreSample():
                self._record(staff.restore_removed)
            case ev.LoadGallery(class_index, page, size):
                self._record(lambda: staff.load_gallery(class_index, page, size))
            case ev.LoadPictures(sample_ids):
                self._record(lambda: staff.load_pictures(sample_ids))
            case ev.EndSession(privacy):
                self._awaiting_frame.clear()
                self._record(lambda: staff.end_session(privacy))
            case ev.LoadStarter():
                self._job(staff.load_starter)  # making one takes seconds: no sample may wait for that
            case ev.DropStarter():
                staff.drop_starter()
            case ev.ChangeSettings(changes):
                self._tools.vision.crop_share = 1 / self.state.config.camera.zoom
                self._settings_changed(self.state.config)
                self._record(lambda: staff.keep_settings(changes))
            case ev.NameClasses(labels):
                self._record(lambda: staff.name_classes(labels))
            case ev.LookAtSystem():
                self._record(staff.look_at_system)
            case ev.RestoreSession(name, privacy):
                self._record(lambda: staff.restore_session(name, privacy))
            case ev.ExportSessions():
                self._record(staff.export_sessions)
            case ev.PowerOff(restart):
                self._record(lambda: staff.switch_off(restart))
            case ev.StartTraining():
                self.progress.put(0.0)
                self._training_awaits = True
                self._serve_waiting()
            case ev.StartSaving(chosen):
                self.progress.put(0.0)
                self._job(lambda: bench.save(chosen))
            case ev.EraseSession():
                self._awaiting_frame.clear()
                self._record(staff.erase)
            case ev.CheckSamples():
                self.records.put(lambda stop: bench.check_samples(self.records, stop))
            case ev.ImportSession(folder, privacy):
                self._record(staff.forget_removed)
                self._queue_behind_records(lambda: bench.import_session(folder, privacy))
            case ev.ShowModel(folder, drive):
                self._queue_behind_records(lambda: bench.show_model(folder, drive))
            case ev.EndShow():
                self._queue_behind_records(bench.end_show)
            case ev.ToggleFullscreen():
                self._toggle_fullscreen()
            case ev.PlaySound(name):
                self._tools.sounds.play(name)
            case ev.Leave():
                self.running = False
            case _:
                assert_never(command)

    def _waiting(self) -> list[ev.Event]:
        waiting = []
        with suppress(queue.Empty):
            while True:
                waiting.append(self.events.get_nowait())
        return waiting

    def _record(self, job: Callable[[], None]) -> None:
        """Do a job on the session, in the order of the presses."""
        self.records.put(lambda _stop: job())

    def _job(self, job: Callable[[], None]) -> None:
        """Do a job that takes long, one at a time."""
        self.jobs.put(lambda _stop: job())

    def _queue_behind_records(self, job: Callable[[], None]) -> None:
        """Do a job after everything that was pressed before it is stored."""
        self._record(lambda: self._job(job))

    def _add_sample(self, class_index: int) -> None:
        """Take the frame on the screen, or the next one if that was taken already: no frame is taken twice."""
        if self.shown is None:
            self.events.put(ev.SampleRefused(class_index, message("There is no picture yet. Press again in a moment.")))
            return
        self._awaiting_frame.append(class_index)
        self._serve_waiting()

    def _take_back(self) -> None:
        """The newest press is undone: one that still waits for its frame before any that is stored."""
        if self._awaiting_frame:
            self.events.put(ev.SampleWithdrawn(self._awaiting_frame.pop()))
        else:
            self._record(self._bench.remove_last)

    def _serve_waiting(self) -> None:
        """Give a new frame to the first press that waits for one; train when none waits any more."""
        frame, observation = self.shown, self.observation
        if self.state.camera is None:
            while self._awaiting_frame:
                reason = message("The camera is gone, so that press took no picture.")
                self.events.put(ev.SampleRefused(self._awaiting_frame.popleft(), reason))
        elif self._awaiting_frame and frame is not None and frame.sequence != self._last_sampled:
            self._last_sampled = frame.sequence
            same = observation is not None and observation.frame.sequence == frame.sequence
            embedding = observation.embedding if observation is not None and same else None
            device = observation.device if observation is not None else CPU
            class_index = self._awaiting_frame.popleft()
            self._record(lambda: self._bench.store_sample(class_index, frame, embedding, device))
        if self._training_awaits and not self._awaiting_frame:
            self._training_awaits = False
            self.records.put(lambda stop: self._bench.snapshot_for_training(self.jobs, stop))

    def _restored(self) -> KioskState:
        """The state that the store remembers: samples, and the model if its file is still the one."""
        session = self._tools.store.load()
        buttons, classes = self._tools.config.buttons, self._tools.config.classes
        model = self._bench.restore_model()
        return KioskState(
            classes=taught_classes(session),
            mode=Mode.LIVE if model else Mode.TEACH,
            model=model,
            timing=Timing(buttons.hold_delay_s, buttons.sample_interval_s, classes.max_shots),
            inputs=inputs_of(self._tools.config),
            config=self._tools.config,
            language=self._tools.config.screen.language,
            last_input_s=self._tools.clock(),
            now_s=self._tools.clock(),
            ticked_s=self._tools.clock(),
        )
