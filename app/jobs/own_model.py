"""The session's own model: it answers again after a restart, and gets new class names."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.base.errors import KioskError
from app.core.facts import TrainedFacts
from app.jobs.tools import Tools
from app.model.live import LiveModel
from app.model.model_files import (
    delete_files,
    files_of,
    new_model_path,
    read_sound_report,
    report_path,
    saved_counterpart,
    write_model_file,
)
from app.model.relabel import with_labels
from app.session.last_model import StoredModel
from tpu.classifier import ClassificationEngine
from tpu.errors import RuntimeLayerError

logger = logging.getLogger(__name__)


def restore_model(tools: Tools, *, trained_as: Path | None = None) -> TrainedFacts | None:
    """Let the model that was trained on the stored session answer.

    Args:
        tools: The store, and what runs the model.
        trained_as: The path of the file at its training, if that is another one.

    Returns:
        Its facts; None if there is no such model, or its file is missing, changed or unusable.
    """
    stored, session, settings = tools.store.last_model(), tools.store.load(), tools.config.model
    if stored is None:
        return None
    taught = classes_with_samples(stored.shots)
    counterpart = saved_counterpart(stored.path)
    try:
        engine = ClassificationEngine(
            stored.path,
            labels=tuple(session.labels[index] for index in taught),
            runtime=settings.runtime,
            device=settings.device,
            accelerator=tools.accelerator,
            counterpart=counterpart,
            # The store has compared the hash of the file, but not that of a counterpart. Its extractor is inside.
            trusted=tools.extractor.trusted and counterpart is None,
        )
    except RuntimeLayerError as error:
        logger.warning("the model of the last session is not used: %s", error)
        return None
    model = LiveModel(engine, stored.path, taught, stored.threshold, len(session.labels), trained_as=trained_as)
    tools.vision.go_live(model)
    return facts_of(stored, read_sound_report(stored.path))


def rename_classes_of_model(tools: Tools) -> None:
    """Write a copy of the session's model with the class names that are stored, and let the copy answer.

    Does nothing if another model answers, or if the names and the number of classes are the same.
    """
    while not _renamed(tools):
        logger.info("the model was replaced before its classes had other names: the new one gets them")


def _renamed(tools: Tools) -> bool:
    """Whether that is done; False if a training, or another thread with newer names, has replaced the model meanwhile.

    The names are read after the model: whoever stores newer ones replaces the model after that, or finds the copy.
    """
    with tools.model_change:
        stored, model, labels = tools.store.last_model(), tools.vision.model, tools.store.labels()
    if stored is None or model is None or model.path != stored.path:
        return True
    names = tuple(labels[index] for index in model.class_indices)
    if names == tuple(model.engine.labels) and len(labels) == model.num_classes:
        return True
    path = new_model_path(tools.config)
    try:
        copied = _copy_with_labels(model.path, path, names)
    except (KioskError, OSError):
        delete_files(files_of(path))
        if tools.store.last_model() == stored:
            raise
        return False  # the other thread has deleted the files
    with tools.model_change:
        if tools.store.last_model() != stored:
            delete_files(files_of(path))
            return False
        shots = (*stored.shots, *(0,) * (len(labels) - len(stored.shots)))[: len(labels)]
        tools.store.remember_model(replace(stored, path=path, shots=shots))
        restore_model(tools, trained_as=model.origin)
    report = report_path(model.path)
    if report.is_file() and (data := report.read_bytes()) != copied:  # explained meanwhile
        write_model_file(report_path(path), data)
    delete_files(files_of(model.path))  # not all others: a training may just have written the next model
    return True


def _copy_with_labels(source: Path, target: Path, names: tuple[str, ...]) -> bytes:
    """Copy the files of a model with other class names; return the bytes of its report."""
    copied = b""
    for old, new in zip(files_of(source), files_of(target), strict=True):
        if old.is_file():
            data = old.read_bytes()
            if new == report_path(target):
                copied = data
            write_model_file(new, data if new == report_path(target) else with_labels(data, names))
    return copied


def facts_of(stored: StoredModel, report: Mapping[str, Any] | None) -> TrainedFacts:
    """What the screen shows of a model with this report."""
    return TrainedFacts(
        stored.validation_accuracy,
        stored.threshold,
        stored.shots,
        report,
        stored.validation_from,
        stored.provisional,
    )


def classes_with_samples(shots: tuple[int, ...]) -> tuple[int, ...]:
    """The indices of the classes that have samples: those that a model names."""
    return tuple(index for index, count in enumerate(shots) if count)
