"""The kiosk: drains events, calls `advance`, carries the commands out. The main thread owns the state."""

from __future__ import annotations

import logging
import queue
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import numpy as np

from app import events as ev
from app.config import Config
from app.errors import DriveGone, KioskError
from app.export import ModelFacts, export_name, write_export
from app.observation import Observation
from app.pictures import decode_picture, thumbnail
from app.pipeline import LiveModel, Vision
from app.ports import Clock, Drives, Frame
from app.session import Session
from app.state import ClassState, KioskState, Mode, Timing, TrainedFacts, advance
from app.storage import SessionStore
from app.threads import Mailbox, StopSignal
from app.training import train_model
from app.ui.view import Picture
from learning.errors import LearningError, TrainingCancelled
from tpu.classifier import ClassificationEngine
from tpu.errors import RuntimeLayerError
from tpu.extractor import EmbeddingExtractor
from tpu.tensors import PREPROCESSING, centre_crop

logger = logging.getLogger(__name__)

EXPORT_FOLDER = "teachable"  # on a drive and in the export directory alike
TOLD_TO_VISITORS = (KioskError, LearningError, RuntimeLayerError)
"""Errors whose text is fit for the screen; anything else is a defect: logged whole, told to the visitor in general."""


class Sounds(Protocol):
    """Short sounds by name."""

    def play(self, name: str) -> None:
        """Start a sound; an unknown name or a missing device is silent."""


Job = Callable[[StopSignal], None]


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


class Kiosk:
    """State, and the hands that carry its commands out.

    Attributes:
        events: The one queue. Devices and workers put, the main thread takes.
        records: Jobs on the session, in order: what was pressed first is stored first.
        jobs: Training and saving, one at a time.
        progress: 0..1 of the job at hand.
        shown: The newest frame on the screen.
        observation: The newest observation.
        running: False once somebody wants to leave.
    """

    def __init__(self, tools: Tools, *, toggle_fullscreen: Callable[[], None] = lambda: None) -> None:
        self._tools = tools
        self._toggle_fullscreen = toggle_fullscreen
        self.events: queue.SimpleQueue[ev.Event] = queue.SimpleQueue()
        self.records: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self.jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self.progress: Mailbox[float] = Mailbox()
        self.shown: Frame | None = None
        self.observation: Observation | None = None
        self.running = True
        self.saved_to: Path | None = None
        self.seconds: dict[str, float] = {}
        self._last_sampled = -1
        self._awaiting_frame: deque[int] = deque()
        self.state = self._restored()

    def tick(self) -> None:
        """Take everything that happened since the last tick, in order, and act on it."""
        self._sample_new_frame()
        self.handle(ev.TimePassed(self._tools.clock()))
        while True:
            try:
                event = self.events.get_nowait()
            except queue.Empty:
                return
            self.handle(event)

    def handle(self, event: ev.Event) -> None:
        """Advance the state by one event and carry out what follows from it."""
        self.state, commands = advance(self.state, event)
        if isinstance(event, ev.SavingFinished):
            self.saved_to, self.seconds["write_export"] = event.folder, event.seconds
        if isinstance(event, ev.TrainingFinished):
            self.seconds.update(event.seconds)
        for command in commands:
            self._perform(command)

    def _perform(self, command: ev.Command) -> None:
        match command:
            case ev.AddSample(class_index):
                self._add_sample(class_index)
            case ev.RemoveLastSample():
                self.records.put(self._remove_last)
            case ev.StartTraining():
                self._awaiting_frame.clear()
                self.progress.put(0.0)
                self.records.put(lambda _stop: self._queue_training())
            case ev.StartSaving():
                self.progress.put(0.0)
                self.jobs.put(self._save)
            case ev.EraseSession():
                self._awaiting_frame.clear()
                self.records.put(self._erase)
            case ev.PlaySound(name):
                self._tools.sounds.play(name)
            case ev.ToggleFullscreen():
                self._toggle_fullscreen()
            case ev.Leave():
                self.running = False

    # --- on the main thread -----------------------------------------------------------------------------

    def _add_sample(self, class_index: int) -> None:
        """Take the frame on the screen, or the next one if that was taken already: no frame is taken twice."""
        if self.shown is None:
            self.events.put(ev.SampleRefused(class_index, "There is no picture yet. Press again in a moment."))
            return
        self._awaiting_frame.append(class_index)
        self._sample_new_frame()

    def _sample_new_frame(self) -> None:
        """Serve the first press that waits for a frame; while the camera is gone, refuse all that wait."""
        frame, observation = self.shown, self.observation
        if not self._awaiting_frame or frame is None:
            return
        if frame.sequence == self._last_sampled:
            if self.state.camera is None:
                self._awaiting_frame.clear()
            return
        class_index = self._awaiting_frame.popleft()
        self._last_sampled = frame.sequence
        same = observation is not None and observation.frame.sequence == frame.sequence
        embedding = observation.embedding if observation is not None and same else None

        def store(_stop: StopSignal) -> None:
            with self._told(lambda reason: ev.SampleRefused(class_index, reason)):
                vector = embedding if embedding is not None else self._tools.extractor.embed(frame.image)
                square = centre_crop(frame.image)
                sample = self._tools.store.add(class_index, vector, square)
                picture = Picture(("sample", sample.sample_id), thumbnail(square))
                self.events.put(ev.SampleAdded(class_index, sample.sample_id, picture))

        self.records.put(store)

    def _restored(self) -> KioskState:
        """The state that the store remembers: samples, and the model if its file is still the one."""
        session = self._tools.store.load()
        buttons, classes = self._tools.config.buttons, self._tools.config.classes
        model = self._model_of(session)
        return KioskState(
            classes=tuple(_class_state(session, index) for index in range(len(session.labels))),
            mode=Mode.LIVE if model else Mode.TEACH,
            model=model,
            timing=Timing(buttons.hold_delay_s, buttons.sample_interval_s, classes.max_shots),
            now_s=self._tools.clock(),
        )

    def _model_of(self, session: Session) -> TrainedFacts | None:
        stored = self._tools.store.last_model()
        if stored is None:
            return None
        try:
            self._go_live(stored.path, stored.shots, stored.threshold)
        except RuntimeLayerError as error:
            logger.warning("the model of the last session is not used: %s", error)
            return None
        return TrainedFacts(stored.validation_accuracy, stored.threshold, stored.shots)

    # --- on the workers ---------------------------------------------------------------------------------

    @contextmanager
    def _told(self, failed: Callable[[str], ev.Event]) -> Iterator[None]:
        """Turn whatever goes wrong into an event: the mode ends as it should, and the worker lives on."""
        try:
            yield
        except TOLD_TO_VISITORS as error:
            self.events.put(failed(str(error)))
        except Exception as error:
            logger.exception("a job failed")
            self.events.put(
                failed(f"Something went wrong inside ({type(error).__name__}). Nothing is lost: please try again.")
            )

    def _remove_last(self, _stop: StopSignal) -> None:
        with self._told(lambda reason: ev.SampleRefused(0, reason)):
            sample = self._tools.store.remove_last()
            if sample is not None:
                self.events.put(ev.SampleRemoved(sample.class_index, sample.sample_id))

    def _erase(self, _stop: StopSignal) -> None:
        with self._told(lambda reason: ev.SampleRefused(0, reason)):
            self._tools.store.erase()
            self._tools.vision.go_live(None)
            self.events.put(ev.SessionErased())
            self._remove_models_but(None)

    def _queue_training(self) -> None:
        """Behind every sample that was pressed before it: the snapshot holds them all."""
        with self._told(ev.TrainingFailed):
            session = self._tools.store.load()
            self.jobs.put(lambda stop: self._train(session, stop))

    def _train(self, session: Session, stop: StopSignal) -> None:
        path = self._models_dir / f"model-{time.time_ns()}.tflite"
        with self._told(ev.TrainingFailed):
            try:
                self._train_into(path, session, stop)
            except TrainingCancelled:
                path.unlink(missing_ok=True)
            except BaseException:
                path.unlink(missing_ok=True)
                raise

    def _train_into(self, path: Path, session: Session, stop: StopSignal) -> None:
        tools, settings = self._tools, self._tools.config.model
        trained = train_model(
            session,
            tools.extractor,
            path,
            rng=np.random.default_rng(settings.seed),
            on_progress=self.progress.put,
            should_stop=stop.is_set,
            runtime=settings.runtime,
            device=settings.device,
        )
        shots = session.shots()
        try:
            tools.store.remember_model(path, trained.validation_accuracy, trained.threshold, shots)
        except KioskError:
            trained.engine.close()
            raise
        tools.vision.go_live(LiveModel(trained.engine, path, _taught(shots), trained.threshold))
        self.events.put(
            ev.TrainingFinished(path, shots, trained.validation_accuracy, trained.threshold, trained.seconds)
        )
        self._remove_models_but(path)

    def _save(self, _stop: StopSignal) -> None:
        """Write the folder to the first drive that takes it, else to the export directory."""
        config, model = self._tools.config, self._tools.vision.model
        started_s = time.perf_counter()
        with self._told(ev.SavingFailed):
            session, stored = self._tools.store.load(), self._tools.store.last_model()
            if model is None or stored is None:
                self.events.put(ev.SavingFailed("There is no model to save. Press TRAIN first."))
                return
            drive = next((one for one in self._tools.drives.present() if not one.read_only), None)
            base = drive.path if drive else config.export_dir
            if drive is not None and not drive.path.is_dir():
                raise DriveGone(drive.name)
            folder = write_export(
                base / EXPORT_FOLDER / export_name(datetime.now(), " ".join(model.engine.labels)),
                ModelFacts(
                    model_path=model.path,
                    labels=model.engine.labels,
                    shots=tuple(stored.shots[index] for index in model.class_indices),
                    validation_accuracy=stored.validation_accuracy,
                    threshold=stored.threshold,
                    extractor_name=self._tools.extractor.name,
                    extractor_sha256=self._tools.extractor.sha256,
                    compiled_for_edge_tpu=self._tools.extractor.compiled_for_edge_tpu,
                    preprocessing=PREPROCESSING.as_dict(),
                    mirrored=False,
                ),
                session,
                include_pictures=config.storage.save_pictures,
                on_progress=self.progress.put,
            )
            if drive is not None and drive.path not in [one.path for one in self._tools.drives.present()]:
                raise DriveGone(drive.name)  # what was written after that is not on it
            self.events.put(ev.SavingFinished(folder, drive is not None, time.perf_counter() - started_s))

    def _go_live(self, path: Path, shots: tuple[int, ...], threshold: float) -> None:
        session, settings = self._tools.store.load(), self._tools.config.model
        taught = _taught(shots)
        labels = tuple(session.labels[index] for index in taught)
        engine = ClassificationEngine(path, labels=labels, runtime=settings.runtime, device=settings.device)
        self._tools.vision.go_live(LiveModel(engine, path, taught, threshold))

    @property
    def _models_dir(self) -> Path:
        return self._tools.config.data_dir / "models"

    def _remove_models_but(self, path: Path | None) -> None:
        for other in self._models_dir.glob("*.tflite"):
            if other != path:
                with suppress(OSError):  # a file that stays is only room lost
                    other.unlink()


def work_off(jobs: queue.SimpleQueue[Job], stop: StopSignal) -> None:
    """Worker body: carry out jobs in order; those still waiting when it stops are carried out too."""
    while True:
        try:
            job = jobs.get(timeout=0.1)
        except queue.Empty:
            if stop.is_set():
                return
            continue
        job(stop)


def _taught(shots: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(index for index, count in enumerate(shots) if count)


def _class_state(session: Session, index: int) -> ClassState:
    own = [sample for sample in session.samples if sample.class_index == index]
    newest = tuple(
        Picture(("sample", sample.sample_id), thumbnail(decode_picture(sample.picture))) for sample in own[-12:]
    )
    return ClassState(session.labels[index], len(own), newest)
