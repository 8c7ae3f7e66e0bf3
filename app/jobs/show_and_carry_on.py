"""Jobs on a folder from a drive: carry on with its session, or show its model for a while."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from app.base.memory import give_memory_back
from app.base.privacy import Privacy
from app.core import events as ev
from app.core.facts import ModelFacts
from app.importing.read_model import read_model
from app.importing.read_session import read_session
from app.jobs.classes import taught_classes
from app.jobs.own_model import restore_model
from app.jobs.running import report_failure_as
from app.jobs.samples import RemovedSamples
from app.jobs.tools import Announce, OnProgress, Tools
from app.model.live import LiveModel
from app.model.model_files import SHOWN, new_model_path

logger = logging.getLogger(__name__)

READ_SHARE = 0.9  # of the progress


def import_session(
    tools: Tools,
    announce: Announce,
    on_progress: OnProgress,
    removed: RemovedSamples,
    folder: Path,
    privacy: Privacy,
) -> None:
    """Carry on with the session in `folder`; announces SessionImported or ImportFailed.

    The folder is read and verified to its end first. Then the current session is archived, as `privacy` says, and
    replaced. If anything fails, the current session is unchanged.
    """
    with report_failure_as(ev.ImportFailed, announce):
        extractor, store = tools.extractor, tools.store
        session = read_session(
            folder,
            extractor_name=extractor.name,
            extractor_sha256=extractor.origin_sha256,
            feature_dim=extractor.feature_dim,
            embed=extractor.embed,
            on_progress=lambda fraction: on_progress(READ_SHARE * fraction),
        )
        next_hold = session.next_hold
        tools.archive.keep(store, datetime.now(), privacy, or_refuse=True)
        store.replace_with(session)
        del session  # it may be as large as the limits allow
        give_memory_back()
        removed.clear()
        on_progress(1.0)
        tools.vision.go_live(None)
        logger.info("carrying on with the session of %s", folder)
        announce(ev.SessionImported(taught_classes(tools, store.load()), next_hold))


def show_model(tools: Tools, announce: Announce, folder: Path, drive: str) -> None:
    """Let the model in `folder` answer; announces ModelShown or ImportFailed.

    It runs in a guarded process of its own for as long as it is shown (`app.importing.read_model`). If it fails there
    at once, the model before it goes on answering.

    Args:
        tools: Holds the model that answers.
        announce: Receives the event.
        folder: A folder that SAVE wrote.
        drive: Name of the drive, for the screen.
    """
    with report_failure_as(ev.ImportFailed, announce):
        model = read_model(folder, runtime=tools.config.model.runtime)
        path, classes = new_model_path(tools.config, SHOWN), len(model.labels)  # only a name: no file is written
        tools.vision.go_live(LiveModel(model.engine, path, tuple(range(classes)), model.threshold, classes))
        announce(ev.ModelShown(ModelFacts(model.labels, model.threshold), drive))


def end_show(tools: Tools, announce: Announce) -> None:
    """Return to the kiosk's own session and model; announces ShowEnded or ImportFailed."""
    with report_failure_as(ev.ImportFailed, announce):
        session = tools.store.load()
        facts = restore_model(tools)
        if facts is None:
            tools.vision.go_live(None)
        announce(ev.ShowEnded(taught_classes(tools, session), facts))
