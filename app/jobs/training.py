"""The job that trains the session's own model, and what is found out about the model once it answers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from app.base.errors import KioskError, TaughtWithAnotherNetwork
from app.base.not_sure import NotSure
from app.base.workers import StopSignal, is_abandoned, unless_abandoned
from app.core import events as ev
from app.core.facts import TrainedFacts
from app.jobs.backgrounds import check_backgrounds
from app.jobs.own_model import classes_with_samples, facts_of, follow_number_of_classes
from app.jobs.preparation import Preparation
from app.jobs.running import JobQueue, report_failure_as
from app.jobs.samples import embed_again
from app.jobs.tools import Announce, OnProgress, Tools
from app.model.counterpart import write_counterpart
from app.model.live import LiveModel
from app.model.model_files import (
    delete_files,
    delete_model,
    files_of,
    new_model_path,
    trained_files,
    write_report,
)
from app.model.train import TrainedModel, explained_report, train_model
from app.model.training_report import with_whole_curve
from app.session.last_model import StoredModel
from app.session.session import Session
from learning.errors import TrainingCancelled
from tpu.models import extractor_path

logger = logging.getLogger(__name__)

ANSWERS_WITHIN_S = 0.5  # the new model on the newest frame, unless the camera or the model hangs
SHOWN_WITHIN_S = 0.25  # its first answer; until then, the processor is for the screen


def queue_training(
    tools: Tools,
    announce: Announce,
    on_progress: OnProgress,
    long_jobs: JobQueue,
    preparation: Preparation,
    not_sure: NotSure,
    stop: StopSignal,
) -> None:
    """Take a snapshot of the session and queue the training on it.

    Runs in the queue of session jobs, so that the snapshot holds every sample that was pressed before.
    """
    with report_failure_as(ev.TrainingFailed, announce), ExitStack() as if_it_fails:
        its_pause = object()
        preparation.pause(its_pause, stop)
        if_it_fails.callback(preparation.resume, its_pause)
        long_jobs.hurry.set()
        if_it_fails.callback(long_jobs.hurry.clear)
        while embed_again(tools, announce):
            if stop.is_set():
                return
        if tools.store.samples_without_picture:
            raise TaughtWithAnotherNetwork
        preparation.make_views()
        session = tools.store.load()

        def training(stop: StopSignal) -> None:
            long_jobs.hurry.clear()
            preparation.pause(its_pause, stop)  # of this worker, so that a training that hangs ends the pause
            try:
                train(
                    tools,
                    unless_abandoned(stop, announce),
                    on_progress,
                    session,
                    stop,
                    not_sure=not_sure,
                    hurry=long_jobs.hurry.is_set,
                )
            finally:
                preparation.resume(its_pause)

        long_jobs.put(training)
        if_it_fails.pop_all()


def train(
    tools: Tools,
    announce: Announce,
    on_progress: OnProgress,
    session: Session,
    stop: StopSignal,
    *,
    not_sure: NotSure = NotSure.NORMAL,
    hurry: Callable[[], bool] = lambda: False,
) -> None:
    """Train, verify the exported file, and let it answer. The model before it answers until then.

    Args:
        tools: Extractor, store, and the model that answers.
        announce: Receives TrainingFinished or TrainingFailed; nothing if the training was stopped.
        on_progress: Receives 0..1.
        session: The samples to train on.
        stop: Ends the training early.
        not_sure: OFF trains a model that is never "not sure".
        hurry: Whether the next training waits: then this model is explained no further.
    """
    settings, path = tools.config.model, new_model_path(tools.config)
    with report_failure_as(ev.TrainingFailed, announce):
        try:
            trained = train_model(
                session,
                tools.extractor,
                path,
                rng=np.random.default_rng(settings.seed),
                on_progress=on_progress,
                should_stop=stop.is_set,
                runtime=settings.runtime,
                device=settings.device,
                accelerator=tools.accelerator,
                prior=tools.known_prior,
                not_sure=not_sure,
                explain=False,  # the new model answers first
            )
            _write_beside(tools, trained)
            with tools.model_change:
                if is_abandoned(stop):
                    trained.engine.close()
                    raise TrainingCancelled
                old_files = trained_files(tools.config) - set(files_of(path))
                facts = _remember(tools, trained, session.shots())
        except TrainingCancelled:
            delete_model(path)
            return
        except BaseException:
            delete_model(path)
            raise
        answers = tools.vision.wait_for_answer(ANSWERS_WITHIN_S)  # so that it is on the screen when the training ends
        announce(ev.TrainingFinished(path, facts, trained.seconds))
        if answers:
            stop.wait(SHOWN_WITHIN_S)
        with tools.store.calls:
            delete_files(old_files)
        _use_present_classes(tools)
        tools.store.keep_good_copy()

        def enough() -> bool:
            return stop.is_set() or hurry()

        _complete_report(tools, announce, trained, session, enough)
        check_backgrounds(tools, announce, enough)


def _use_present_classes(tools: Tools) -> None:
    """Let the new model answer for classes that were added meanwhile. An error costs only these, so it is logged."""
    try:
        follow_number_of_classes(tools)
    except Exception:
        logger.warning("the new model knows only the classes from the start of its training", exc_info=True)


def _complete_report(
    tools: Tools, announce: Announce, trained: TrainedModel, session: Session, enough: Callable[[], bool]
) -> None:
    """Complete the report of a model that answers already. An error costs only what is missing, so it is logged."""
    before = trained.training_report

    def check_cancelled() -> None:
        if enough():
            raise TrainingCancelled

    try:
        check_cancelled()
        curve = trained.rest_of_history(check_cancelled) if trained.rest_of_history is not None else ()
        report = explained_report(
            with_whole_curve(before, curve),
            session.taught(),
            trained.engine,
            runtime=tools.config.model.runtime,
            enough=enough,
        )
        _write_explained(trained.path, report)
    except TrainingCancelled:
        return
    except Exception:
        logger.warning("the training report has no learning curve and no explanations", exc_info=True)
        return
    announce(ev.ReportExplained(before, report))


def _write_explained(path: Path, report: Mapping[str, Any]) -> None:
    """Write the report beside the file of a model, which another thread may erase meanwhile."""
    if path.is_file():
        write_report(path, report)
        if not path.is_file():
            delete_model(path)


def _write_beside(tools: Tools, trained: TrainedModel) -> None:
    """Write the report and the counterpart of a new model."""
    try:
        write_report(trained.path, trained.training_report)
        write_counterpart(trained.path, trained.head, extractor_path(tools.config.model.extractor))
    except KioskError:
        trained.engine.close()
        raise


def _remember(tools: Tools, trained: TrainedModel, shots: tuple[int, ...]) -> TrainedFacts:
    """Note a new model in the store, and let it answer."""
    path = trained.path
    stored = StoredModel(
        path, trained.validation_accuracy, trained.threshold, shots, trained.validation_from, trained.provisional
    )
    try:
        tools.store.remember_model(stored)
    except KioskError:
        trained.engine.close()
        raise
    classes = classes_with_samples(shots)
    tools.vision.go_live(LiveModel(trained.engine, path, classes, trained.threshold, len(shots)))
    return facts_of(stored, trained.training_report)
