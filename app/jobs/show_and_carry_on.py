"""Jobs on a folder from a drive: carry on with its session, or show its model for a while."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from app.base.privacy import Privacy
from app.core import events as ev
from app.core.facts import ModelFacts
from app.importing.read_model import read_model
from app.importing.read_session import read_session
from app.jobs.classes import taught_classes
from app.jobs.running import report_failure_as
from app.jobs.samples import RemovedSamples
from app.jobs.tools import Announce, Tools
from app.jobs.training import restore_model
from app.model.live import LiveModel
from app.model.model_files import SHOWN, delete_shown_models, new_model_path, write_model_file
from tpu.classifier import ClassificationEngine

logger = logging.getLogger(__name__)


def import_session(tools: Tools, announce: Announce, removed: RemovedSamples, folder: Path, privacy: Privacy) -> None:
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
        )
        tools.archive.keep(store, datetime.now(), privacy, or_refuse=True)
        store.replace_with(session)
        removed.clear()
        tools.vision.go_live(None)
        logger.info("carrying on with the session of %s", folder)
        announce(ev.SessionImported(taught_classes(tools, store.load()), session.next_hold))


def show_model(tools: Tools, announce: Announce, folder: Path, drive: str) -> None:
    """Let the model in `folder` answer; announces ModelShown or ImportFailed.

    The model runs in the sandbox first (`app.importing.read_model`). If it fails there, the model before it goes on
    answering.

    Args:
        tools: Holds the model that answers.
        announce: Receives the event.
        folder: A folder that SAVE wrote.
        drive: Name of the drive, for the screen.
    """
    with report_failure_as(ev.ImportFailed, announce):
        runtime = tools.config.model.runtime
        model = read_model(folder, runtime=runtime)
        delete_shown_models(tools.config)
        path = new_model_path(tools.config, SHOWN)
        write_model_file(path, model.data)  # the bytes that were tried: the file on the drive may change
        engine = ClassificationEngine(path, labels=model.labels, runtime=runtime, device="cpu")
        classes = len(model.labels)
        rows = tuple(range(classes))
        shown = LiveModel(engine, path, rows, model.threshold, classes, may_open_form=model.explains)
        tools.vision.go_live(shown)
        announce(ev.ModelShown(ModelFacts(model.labels, model.threshold), drive))


def end_show(tools: Tools, announce: Announce) -> None:
    """Return to the kiosk's own session and model; announces ShowEnded or ImportFailed."""
    with report_failure_as(ev.ImportFailed, announce):
        session = tools.store.load()
        facts = restore_model(tools)
        if facts is None:
            tools.vision.go_live(None)
        announce(ev.ShowEnded(taught_classes(tools, session), facts))
