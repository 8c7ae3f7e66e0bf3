"""The session's own model: it answers again after a restart, and follows the number of classes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.core.facts import TrainedFacts
from app.jobs.tools import Tools
from app.model.live import LiveModel
from app.model.model_files import read_sound_report, saved_counterpart
from app.session.last_model import StoredModel
from tpu.classifier import ClassificationEngine
from tpu.errors import RuntimeLayerError

logger = logging.getLogger(__name__)


def restore_model(tools: Tools) -> TrainedFacts | None:
    """Let the model that was trained on the stored session answer.

    Args:
        tools: The store, and what runs the model.

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
    tools.vision.go_live(LiveModel(engine, stored.path, taught, stored.threshold, len(session.labels)))
    return facts_of(stored, read_sound_report(stored.path))


def follow_number_of_classes(tools: Tools) -> None:
    """Let the session's model answer for as many classes as are stored now.

    Their names are in the session alone, and come into a model file when that is saved.
    """
    with tools.model_change:
        stored, model, count = tools.store.last_model(), tools.vision.model, len(tools.store.labels())
        if stored is None or model is None or model.path != stored.path or model.num_classes == count:
            return
        shots = (*stored.shots, *(0,) * (count - len(stored.shots)))[:count]
        tools.store.remember_model(replace(stored, shots=shots))
        restore_model(tools)


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
