"""The jobs on a folder that was found on a drive: carry on with its session, or show its model for a while."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from app.core import events as ev
from app.core.facts import ModelFacts, TrainedFacts
from app.importing.reader import read_model, read_session
from app.jobs.classes import taught_classes
from app.jobs.tools import Tools, archive_of
from app.model.live import LiveModel
from app.model.model_files import SHOWN, delete_shown_models, new_model_path, write_model_file
from tpu.classifier import ClassificationEngine

logger = logging.getLogger(__name__)


def import_session(tools: Tools, folder: Path, privacy: str, announce: Callable[[ev.Event], None]) -> None:
    """Carry on with the session in `folder`. It replaces the one here once it is read and verified to its end.

    The one here is archived first, as `privacy` says.

    Raises:
        UntrustedFolderError: If it cannot be used; nothing has changed.
        StorageError: If there is no room for it; nothing has changed.
    """
    extractor = tools.extractor
    session = read_session(
        folder,
        extractor_name=extractor.name,
        extractor_sha256=extractor.origin_sha256,
        feature_dim=extractor.feature_dim,
        embed=extractor.embed,
    )
    archive_of(tools.config).keep(tools.store, datetime.now(), privacy, or_refuse=True)
    tools.store.replace_with(session)
    tools.vision.go_live(None)
    logger.info("carrying on with the session of %s", folder)
    announce(ev.SessionImported(taught_classes(tools.store.load())))


def show_model(tools: Tools, folder: Path, drive: str, announce: Callable[[ev.Event], None]) -> None:
    """Let the model in `folder` answer, after it has proved itself in a process of its own.

    Raises:
        UntrustedFolderError: If it has not; the model before goes on answering.
    """
    model = read_model(folder, runtime=tools.config.model.runtime)
    delete_shown_models(tools.config)
    path = new_model_path(tools.config, SHOWN)
    write_model_file(path, model.data)  # the very bytes that were tried, whatever happens on the drive now
    engine = ClassificationEngine(path, labels=model.labels, runtime=tools.config.model.runtime, device="cpu")
    classes = len(model.labels)
    tools.vision.go_live(LiveModel(engine, path, tuple(range(classes)), model.threshold, classes))
    announce(ev.ModelShown(ModelFacts(model.labels, model.threshold), drive))


def end_show(
    tools: Tools,
    restore_model: Callable[[], TrainedFacts | None],
    announce: Callable[[ev.Event], None],
) -> None:
    """Back to the kiosk's own session, and to its own model where there is one."""
    session = tools.store.load()
    facts = restore_model()
    if facts is None:
        tools.vision.go_live(None)
    announce(ev.ShowEnded(taught_classes(session), facts))
