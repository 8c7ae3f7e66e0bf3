"""The kiosk: takes events from the queue, advances the state, and carries out the commands that follow.

Everything here runs on the main thread, which alone owns the state. Work that takes longer than a frame becomes a job
(`app.jobs`) in one of two queues, each emptied by a worker of its own:

- session jobs change or read the stored session, in the order of the presses;
- long jobs train, save and open models, one at a time, so that no sample waits for them.
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec

from app.base.boundary import ErrorBoundary
from app.base.exhaustive import assert_never
from app.base.files import WRITES
from app.base.not_sure import NotSure
from app.base.picture import Picture
from app.base.ports import Frame
from app.base.workers import Progress, unless_abandoned
from app.config.pin_lock import PinLock
from app.config.schema import Config
from app.core import events as ev
from app.core.modes import results
from app.core.modes.games import watching
from app.core.modes.language import at_start
from app.core.modes.recovery import job_lost, presses_lost, recovered, waits_for_job
from app.core.modes.why import explains
from app.core.presses import in_order_of_time
from app.core.state import Mode
from app.core.transitions import advance
from app.jobs.archive_jobs import end_session, erase_session, export_sessions, restore_session
from app.jobs.class_removal import drop_class
from app.jobs.classes import origins_of
from app.jobs.first_state import first_state
from app.jobs.lessons import (
    end_visit_lesson,
    keep_chosen_lesson,
    keep_visit_lesson,
    look_for_lessons,
    store_for_next_start,
    write_cards,
)
from app.jobs.preparation import Preparation
from app.jobs.presses import Presses
from app.jobs.running import JobQueue
from app.jobs.samples import RemovedSamples, check_samples, load_gallery, load_pictures
from app.jobs.save import save_model
from app.jobs.saved_here import copy_to_drive
from app.jobs.settings_on_drive import export_settings, import_settings
from app.jobs.show_and_carry_on import end_show, import_session, show_model
from app.jobs.staff import collect_system_info, remember_pin_lock, rename_classes, set_pin, switch_off, write_settings
from app.jobs.starter import Starter, make_own_starter
from app.jobs.tools import Announce, StationServices, Tools
from app.jobs.tricks import ask_again
from app.model.observation import NOTHING_SEEN, Observation, smooth
from app.views.verdict import guess

logger = logging.getLogger(__name__)

DISK_ANSWERS_WITHIN_S = 2.5

Args = ParamSpec("Args")

JobFunction = Callable[Concatenate[Tools, Announce, Args], None]


class Kiosk:
    """Owns the state, and carries out its commands.

    Attributes:
        events: The queue into which all devices and workers put their events.
        session_jobs: Jobs on the stored session.
        long_jobs: Jobs that take seconds.
        progress: Progress of the current training or saving, 0..1.
        shown: The frame on the screen.
        observation: The newest observation.
        running: False after a request to leave.
        starts_again: The program should start again after it has ended.
        saved_to: The folder that SAVE wrote last.
        seconds: How long each step of the last training and saving took.
        worked_s: How long the last tick took; the frame loop sets it.
    """

    def __init__(
        self,
        tools: Tools,
        services: StationServices | None = None,
        *,
        events: queue.SimpleQueue[ev.Event] | None = None,
        toggle_fullscreen: Callable[[], None] = lambda: None,
        settings_changed: Callable[[Config], None] = lambda _config: None,
        catch_errors: bool = False,
    ) -> None:
        self._tools = tools
        self._services = services or StationServices()
        self._boundary = ErrorBoundary(self.recover, tools.clock) if catch_errors else None
        self._toggle_fullscreen = toggle_fullscreen
        self._settings_changed = settings_changed
        self.events: queue.SimpleQueue[ev.Event] = events or queue.SimpleQueue()
        self.session_jobs, self.long_jobs = JobQueue(), JobQueue()
        self.progress = Progress()
        self.shown: Frame | None = None
        self.observation: Observation | None = None
        self.running = True
        self.starts_again = False
        self.saved_to: Path | None = None
        self.seconds: dict[str, float] = {}
        self.worked_s = 0.0
        self._preparation = Preparation(tools, self.session_jobs)
        self._removed = RemovedSamples()
        self._seen = NOTHING_SEEN  # what a game was told last
        self._starter = Starter(self._services.things)
        self._presses = Presses(
            tools, self.events.put, self.session_jobs, self.long_jobs, self._preparation, self.progress.put
        )
        self._ticks_without_job = 0
        self._ticks_with_lost_press = 0
        self._apply_zoom(tools.config)
        self.state, commands = at_start(first_state(tools, self._services))
        for command in commands:
            self.perform(command)
        if self.state.mode is Mode.ERASING:
            self.perform(ev.EndSession(self.state.privacy))
        elif tools.config.idle.starter and self.state.model is None and not any(self.state.shots):
            self.perform(ev.LoadStarter())

    def tick(self) -> None:
        """Handle everything that happened since the last tick, and then the passing of time.

        The time passes last: if a tick comes late and a button was released meanwhile, the release is handled before
        the hold can take another sample.
        """
        no_job_runs = self._no_job_runs()  # asked first: then the events of a job that has just ended are handled below
        with self.guard("at a frame"):
            self._match_presses_with_frame()
        now_s = self.handle_waiting_events()
        with self.guard("at a tick"):
            self._watch_jobs(no_job_runs)
            self._tell_game()
            self.handle(ev.TimePassed(now_s))
            self._tools.vision.explaining = explains(self.state)
            self._tools.vision.against_all = self.state.against_all
            self._watch_disk()

    def guard(self, doing: str) -> AbstractContextManager[None]:
        """Catch unexpected errors in the block and go on, as `ErrorBoundary` does; or do nothing."""
        return nullcontext() if self._boundary is None else self._boundary.guard(doing)

    def recover(self) -> None:
        """Go on from a safe state after an unexpected error; what was taught stays."""
        self.state = recovered(self.state)

    def _no_job_runs(self) -> bool:
        """Whether all jobs have ended. Session jobs are asked first, because they may start a long one."""
        return not self._presses.training_waits and self.session_jobs.idle and self.long_jobs.idle

    def _watch_jobs(self, no_job_runs: bool) -> None:
        """Leave a mode that waits for a job when none has run for two ticks in a row: a defect has lost its end."""
        self._ticks_without_job = self._ticks_without_job + 1 if no_job_runs and waits_for_job(self.state) else 0
        if self._ticks_without_job > 1:
            logger.error("no job runs in mode %s", self.state.mode.value)
            self.state, commands = job_lost(self.state)
            for command in commands:
                self.perform(command)
        lost = no_job_runs and self.state.in_flight and not self._presses.waiting
        self._ticks_with_lost_press = self._ticks_with_lost_press + 1 if lost else 0
        if self._ticks_with_lost_press > 1:
            logger.error("%d presses have lost their end", self.state.in_flight)
            self.state = presses_lost(self.state)

    def _watch_disk(self) -> None:
        """Notice when a write to the disk does not return, and when it does."""
        waits = max(self._tools.store.calls.longest_s(), WRITES.longest_s()) >= DISK_ANSWERS_WITHIN_S
        if waits != self.state.disk_waits:
            if waits:
                logger.error("the disk does not answer")
            self.handle(ev.DiskWaits(waits))

    def handle_waiting_events(self) -> float:
        """Handle the events in the queue, oldest first, including those that arrive meanwhile.

        Events carry the time at which they happened (`at_s`), because devices may put them into the queue late and out
        of order: `in_order_of_time` sorts what has arrived.

        Returns:
            The time at which this call began, in monotonic seconds.
        """
        now_s = self._tools.clock()
        self.state = replace(self.state, now_s=now_s)
        while waiting := self._take_events():
            for event in in_order_of_time(waiting):
                with self.guard(f"at the event {type(event).__name__}"):
                    self.handle(event)
        return now_s

    def handle(self, event: ev.Event) -> None:
        """Advance the state by one event, and carry out the commands that follow."""
        before = self.state.mode
        self.state, commands = advance(self.state, event)
        if isinstance(event, ev.SavingFinished):
            self.saved_to, self.seconds["write_export"] = event.folder, event.seconds
            logger.info("saved the model: %s", event.folder)
        if isinstance(event, ev.TrainingFinished):
            self.seconds.update(event.seconds)
        if self.state.mode is not before:
            logger.info("mode: %s, after %s", self.state.mode.value, type(event).__name__)
        for command in commands:
            self.perform(command)

    def perform(self, command: ev.Command) -> None:  # noqa: PLR0915  # a table: one case for each command
        """Carry out one command: at once, or as a job."""
        match command:
            case ev.AddSample():
                self._add_sample(command)
            case ev.UndoLastAct():
                self._undo_last_act()
                self._preparation.request()
            case ev.RemoveSample(sample_id):
                self._session_job(self._removed.remove, sample_id)
            case ev.RemoveSamplesOf(class_index):
                self._session_job(self._removed.remove_class, class_index)
            case ev.RestoreSamples(class_index):
                self._session_job(self._removed.restore_last, class_index)
                self._preparation.request()
            case ev.ForgetRemoved(first_class):
                self._session_job(self._removed.forget, first_class)
            case ev.LoadGallery(class_index, page, size):
                self._session_job(load_gallery, class_index, page, size)
            case ev.LoadPictures(sample_ids):
                self._session_job(load_pictures, sample_ids, results.answers(self.state))
            case ev.CheckSamples():
                self.session_jobs.put(partial(check_samples, self._tools, self.events.put, self.session_jobs))
                self._preparation.request()
            case ev.EraseSession():
                self._presses.forget()
                self._session_job(erase_session, self._removed, self.state.privacy)
            case ev.EndSession(privacy):
                self._presses.forget()
                self._session_job(end_session, self._removed, privacy)
            case ev.LookForLessons():
                self._session_job(look_for_lessons)
            case ev.WriteLessonCards(lessons, language):
                self._session_job(write_cards, lessons, language)
            case ev.StartWithLesson():
                self._session_job(store_for_next_start, self._services, command)
            case ev.EndVisitLesson(restart):
                self._session_job(end_visit_lesson, restart)
            case ev.KeepVisitLesson(lesson):
                self._session_job(keep_visit_lesson, lesson)
            case ev.KeepLesson(lesson):
                self._session_job(keep_chosen_lesson, lesson)
            case ev.RestoreSession(name, privacy):
                self._session_job(restore_session, self._removed, name, privacy)
                self._preparation.request()
            case ev.CopySaved(number):
                self._session_job(copy_to_drive, number)
            case ev.ExportSessions():
                self._session_job(export_sessions)
            case ev.StartTraining():
                self._start_training()
            case ev.StartSaving(chosen):
                self.progress.put(0.0)
                self._long_job_after_session_jobs(  # a new language may just be naming the classes of the model
                    save_model,
                    self.progress.put,
                    chosen,
                    language=self.state.language,
                    palette=self.state.config.screen.palette,
                    settings=self.state.config.model,
                    storage=self.state.config.storage,
                )
            case ev.ImportSession(folder, privacy):
                self.progress.put(0.0)
                self._long_job_after_session_jobs(import_session, self.progress.put, self._removed, folder, privacy)
            case ev.ShowModel(folder, drive):
                self.progress.put(0.0)
                self._long_job_after_session_jobs(show_model, folder, drive)
            case ev.EndShow():
                self.progress.put(0.0)
                self._long_job_after_session_jobs(end_show)
            case ev.LoadStarter():
                self._long_job(self._starter.load, self.state.config.idle.starter)
            case ev.TakeStarter():
                self._long_job(self._starter.take_waiting)
            case ev.ExportSettings():
                self._session_job(export_settings, self.state.config)
            case ev.ImportSettings():
                self._session_job(import_settings, self.state.config)
            case ev.MakeStarter():
                self._long_job_after_session_jobs(make_own_starter)
            case ev.DropStarter():
                self._starter.drop(self._tools)
            case ev.ChangeSettings(changes):
                self._apply_settings()
                self._session_job(write_settings, self._services, changes)
            case ev.SetPin(pin):
                self._session_job(set_pin, self._services, pin)
            case ev.RememberPinLock(wrong, locked_s):
                self._session_job(remember_pin_lock, PinLock(wrong, locked_s))
            case ev.NameClasses(labels):
                self._name_classes(labels)
            case ev.DropClass(class_index, labels, label, names_from):
                self._presses.forget()
                self._session_job(drop_class, self._removed, class_index, labels, label, names_from)
            case ev.LookAtSystem():
                self._session_job(collect_system_info, self._services, self._starter)
            case ev.PowerOff(restart):
                self._session_job(switch_off, self._services, restart)
            case ev.AskAgain(picture):
                self._long_job(ask_again, picture)
            case ev.ToggleFullscreen():
                self._toggle_fullscreen()
            case ev.PlaySound(name):
                self._tools.sounds.play(name)
            case ev.Leave(again):
                self.running, self.starts_again = False, again
            case _:
                assert_never(command)

    def _tell_game(self) -> None:
        """Tell a game that watches what the model says about the newest frame."""
        seen, before = self.observation, self._seen
        if not watching(self.state) or seen is None or seen.probabilities is None:
            self._seen = NOTHING_SEEN
            return
        self._seen = smooth(before, seen)
        if self._seen.sequence == before.sequence or self._seen.probabilities is None:
            return
        if len(self._seen.probabilities) != len(self.state.classes):
            return  # an answer from before the classes changed
        answer = guess(self._seen.probabilities, self._seen.novelty)
        picture = Picture(("trick", seen.frame.sequence), seen.frame.image)
        self.handle(ev.AnswerSeen(answer.index, answer.probability, answer.sure, picture, self._seen.why))

    def _take_events(self) -> list[ev.Event]:
        events = []
        with suppress(queue.Empty):
            while True:
                events.append(self.events.get_nowait())
        return events

    def _session_job(self, job: JobFunction[Args], *args: Args.args, **kwargs: Args.kwargs) -> None:
        self.session_jobs.put(lambda _stop: job(self._tools, self.events.put, *args, **kwargs))

    def _long_job(self, job: JobFunction[Args], *args: Args.args, **kwargs: Args.kwargs) -> None:
        self.long_jobs.put(lambda stop: job(self._tools, unless_abandoned(stop, self.events.put), *args, **kwargs))

    def _long_job_after_session_jobs(self, job: JobFunction[Args], *args: Args.args, **kwargs: Args.kwargs) -> None:
        """Queue a long job once everything that was pressed before is stored."""
        self.session_jobs.put(lambda _stop: self._long_job(job, *args, **kwargs))

    def _add_sample(self, press: ev.AddSample) -> None:
        self._presses.add(press, self.shown)
        self._match_presses_with_frame()

    def _undo_last_act(self) -> None:
        """Take back the last act; a hold with samples that still wait for a frame is the last one."""
        hold = self._presses.withdraw_newest_hold()
        if hold is None:
            self._session_job(self._removed.undo)
        else:
            self._session_job(self._removed.undo_hold, hold)

    def _name_classes(self, labels: tuple[str, ...]) -> None:
        self._session_job(rename_classes, self._starter, labels, origins_of(self.state.classes))

    def _start_training(self) -> None:
        self.progress.put(0.0)
        self._presses.train(NotSure(self.state.config.model.not_sure))
        self._match_presses_with_frame()

    def _match_presses_with_frame(self) -> None:
        """Store a new frame for the oldest press that waits for one; start a training once no press waits."""
        if self.state.camera is None:
            self._presses.refuse()
        else:
            self._presses.match(self.shown, self.observation)
        self._presses.start_waiting_training()

    def _apply_settings(self) -> None:
        self._apply_zoom(self.state.config)
        self._settings_changed(self.state.config)

    def _apply_zoom(self, config: Config) -> None:
        self._tools.vision.crop_share = 1 / config.camera.zoom
