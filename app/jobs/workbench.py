"""What is done on the workers: storing, taking back, erasing, training, saving. Every job ends in an event."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.base.error_texts import EXPECTED_ERRORS, screen_text
from app.base.errors import KioskError
from app.base.i18n import Text, message
from app.base.picture import Picture
from app.base.ports import Drive, Frame
from app.base.workers import StopSignal
from app.core import events as ev
from app.core.facts import TrainedFacts
from app.jobs.save import save_model
from app.jobs.show_and_carry_on import end_show, import_session, show_model
from app.jobs.tools import Job, Tools
from app.model.counterpart import write_counterpart
from app.model.live import LiveModel
from app.model.model_files import (
    delete_model,
    delete_shown_models,
    delete_trained_models,
    delete_unfinished_files,
    new_model_path,
    read_report,
    saved_counterpart,
    write_report,
)
from app.model.train import train_model
from app.session.embeddings import backend_agreement
from app.session.pictures import thumbnail
from app.session.session import Session
from learning.errors import TrainingCancelled
from tpu.classifier import ClassificationEngine
from tpu.errors import RuntimeLayerError
from tpu.models import extractor_path
from tpu.runtime import CPU
from tpu.tensors import centre_crop

logger = logging.getLogger(__name__)

TURN_S = 0.05  # of embedding anew at a time: a press waits no longer than this and one picture
DEFECT = message("Something went wrong inside. Nothing is lost: please try again.")


class Workbench:
    """The jobs. Whatever goes wrong in one becomes its event, and the worker takes the next.

    Args:
        tools: What they work with.
        announce: Receives their events.
        report: Receives the progress, 0..1, of training and saving.
    """

    def __init__(self, tools: Tools, announce: Callable[[ev.Event], None], report: Callable[[float], None]) -> None:
        self._tools, self._announce, self._report = tools, announce, report

    def store_sample(
        self, class_index: int, frame: Frame, embedding: NDArray[np.float32] | None, device: str = CPU
    ) -> None:
        """Keep a frame as a sample; it is embedded here if nobody has done so."""
        with self._told(lambda reason: ev.SampleRefused(class_index, reason)):
            square = centre_crop(frame.image, self._tools.vision.crop_share)
            vector = embedding
            if vector is None:
                vector, device = self._tools.extractor.embedded(square)
            sample = self._tools.store.add(class_index, vector, square, device)
            picture = Picture(("sample", sample.sample_id), thumbnail(square))
            self._announce(ev.SampleAdded(class_index, sample.sample_id, picture))

    def remove_last(self) -> None:
        """Take the newest sample back."""
        with self._told(ev.UndoFailed):
            sample = self._tools.store.remove_last()
            if sample is not None:
                self._announce(ev.SampleRemoved(sample.class_index, sample.sample_id))

    def erase(self) -> None:
        """Forget all samples and the model."""
        with self._told(ev.EraseFailed):
            self._tools.store.erase()
            self._tools.vision.go_live(None)
            self._announce(ev.SessionErased())
            delete_trained_models(self._tools.config)

    def check_samples(self, records: queue.SimpleQueue[Job], stop: StopSignal) -> None:
        """Bring the samples up to date with what embeds now, a little at a time: presses come in between.

        Where only the back end is another one, measure how far both agree.
        """
        with self._told(ev.VisionFailed):
            if not self._tools.store.stale_samples:
                backend_agreement(self._tools.store, self._tools.extractor)
            elif self._re_embed(until_s=time.monotonic() + TURN_S) and not stop.is_set():
                records.put(lambda stop: self.check_samples(records, stop))

    def snapshot_for_training(self, jobs: queue.SimpleQueue[Job], stop: StopSignal | None = None) -> None:
        """Queue a training on what is stored now: behind every sample that was pressed before it."""
        with self._told(ev.TrainingFailed):
            while self._re_embed(until_s=time.monotonic() + TURN_S):
                if stop is not None and stop.is_set():
                    return
            session = self._tools.store.load()
            jobs.put(lambda stop: self.train(session, stop))

    def train(self, session: Session, stop: StopSignal) -> None:
        """Train, and let the exported file go live once it is verified. The old model answers until then."""
        path = new_model_path(self._tools.config)
        with self._told(ev.TrainingFailed):
            try:
                self._train_into(path, session, stop)
            except TrainingCancelled:
                delete_model(path)
            except BaseException:
                delete_model(path)
                raise

    def save(self, drive: Drive | None = None) -> None:
        """Write the folder that the visitor takes away, to the drive that was chosen, if one was."""
        with self._told(ev.SavingFailed):
            save_model(self._tools, self._announce, self._report, drive)

    def import_session(self, folder: Path, privacy: str) -> None:
        """Carry on with the session in a folder of a drive."""
        with self._told(ev.ImportFailed):
            import_session(self._tools, folder, privacy, self._announce)

    def show_model(self, folder: Path, drive: str) -> None:
        """Let the model in a folder of a drive answer for a while."""
        with self._told(ev.ImportFailed):
            show_model(self._tools, folder, drive, self._announce)

    def end_show(self) -> None:
        """Back to the kiosk's own session and model."""
        with self._told(ev.ImportFailed):
            end_show(self._tools, self.restore_model, self._announce)

    def restore_model(self) -> TrainedFacts | None:
        """Let the model of the last session go live again; None if there is none, or it is not what it was."""
        delete_unfinished_files(self._tools.config)
        delete_shown_models(self._tools.config)  # of a show that ended with the power
        stored, session = self._tools.store.last_model(), self._tools.store.load()
        if stored is None:
            return None
        settings, taught = self._tools.config.model, _taught(stored.shots)
        labels = tuple(session.labels[index] for index in taught)
        try:
            engine = ClassificationEngine(
                stored.path,
                labels=labels,
                runtime=settings.runtime,
                device=settings.device,
                accelerator=self._tools.accelerator,
                counterpart=saved_counterpart(stored.path),
            )
        except RuntimeLayerError as error:
            logger.warning("the model of the last session is not used: %s", error)
            return None
        self._tools.vision.go_live(LiveModel(engine, stored.path, taught, stored.threshold, len(session.labels)))
        return TrainedFacts(stored.validation_accuracy, stored.threshold, stored.shots, read_report(stored.path))

    def _told(self, failed: Callable[[Text], ev.Event]) -> AbstractContextManager[None]:
        return told(self._announce, failed)

    def _re_embed(self, until_s: float) -> int:
        """Embed stale samples anew until a moment, but for the picture at hand; give how many are left."""
        store = self._tools.store
        left = store.stale_samples
        while left:
            done = store.re_embed(self._tools.extractor.embedded, enough=lambda: time.monotonic() >= until_s)
            left = store.stale_samples
            self._announce(ev.SamplesReEmbedded(left, done.dropped))
            if time.monotonic() >= until_s:
                break
        return left

    def _train_into(self, path: Path, session: Session, stop: StopSignal) -> None:
        tools, settings = self._tools, self._tools.config.model
        trained = train_model(
            session,
            tools.extractor,
            path,
            rng=np.random.default_rng(settings.seed),
            on_progress=self._report,
            should_stop=stop.is_set,
            runtime=settings.runtime,
            device=settings.device,
            accelerator=tools.accelerator,
        )
        shots = session.shots()
        try:
            write_report(path, trained.training_report)
            write_counterpart(path, trained.head, extractor_path(settings.extractor))
            tools.store.remember_model(path, trained.validation_accuracy, trained.threshold, shots)
        except KioskError:
            trained.engine.close()
            raise
        tools.vision.go_live(LiveModel(trained.engine, path, _taught(shots), trained.threshold, len(shots)))
        facts = TrainedFacts(trained.validation_accuracy, trained.threshold, shots, trained.training_report)
        self._announce(ev.TrainingFinished(path, facts, trained.seconds))
        delete_trained_models(tools.config, keep=path)


@contextmanager
def told(announce: Callable[[ev.Event], None], failed: Callable[[Text], ev.Event]) -> Iterator[None]:
    """Turn whatever goes wrong into an event, so that the mode it belongs to ends."""
    try:
        yield
    except EXPECTED_ERRORS as error:
        logger.warning("%s", error)
        announce(failed(screen_text(error)))
    except Exception:
        logger.exception("a job failed")
        announce(failed(DEFECT))


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
