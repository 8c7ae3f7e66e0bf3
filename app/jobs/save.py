"""The save job: which drive, what is written there, and when it may be pulled out."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from app.base.errors import DriveGone, DriveGoneDuringSave, ExportError
from app.base.files import free_path
from app.base.i18n import message
from app.base.ports import Drive, Drives
from app.core import events as ev
from app.jobs.tools import Tools
from app.model.drive_paths import pinned, refuse_links
from app.model.export_folder import EXPORT_FOLDER, ModelFacts, export_name, write_export
from app.model.live import LiveModel
from app.model.medium import drop_cached_pages
from app.model.model_files import read_report, saved_counterpart
from app.session.session import Session
from app.session.store import StoredModel
from tpu.tensors import PREPROCESSING

logger = logging.getLogger(__name__)

NAME_REFUSED = {errno.EINVAL, errno.EILSEQ, errno.EPERM}
"""What mounted FAT volumes answer to letters that their character set lacks: the kernel's vfat, its iconv, FUSE."""


@dataclass(frozen=True, eq=False)
class _Job:
    """What is saved, and who hears of it."""

    tools: Tools
    announce: Callable[[ev.Event], None]
    report: Callable[[float], None]
    session: Session
    stored: StoredModel
    model: LiveModel


def save_model(
    tools: Tools, announce: Callable[[ev.Event], None], report: Callable[[float], None], chosen: Drive | None = None
) -> None:
    """Write the folder to the chosen drive, or the first that takes it, or, where none is in, to the export directory.

    Drives are tried in the order of their mount points, those that are write-protected not at all. A drive that
    was mounted by the kiosk is unmounted again before anybody is told to pull it.

    Args:
        tools: What the kiosk works with.
        announce: Receives SavingStarted and SavingStep for every drive that is tried, then SavingFinished.
        report: Receives the progress, 0..1.
        chosen: The drive that somebody chose, or the only one there was: no other one is written to then.

    Raises:
        ExportError: What the first drive said, if none takes the folder.
        DriveGone: If the chosen one is not there any more.
    """
    started_s = time.perf_counter()
    stored, model = tools.store.last_model(), tools.vision.model
    if model is None or stored is None:
        announce(ev.SavingFailed(message("There is no model to save. Press TRAIN first.")))
        return
    job = _Job(tools, announce, report, tools.store.load(), stored, model)
    drives = [drive for drive in tools.drives.present() if not drive.read_only]
    if chosen is not None:
        drives = [drive for drive in drives if drive.identity == chosen.identity]
        if not drives:
            raise DriveGoneDuringSave(chosen.name)
    if not drives:
        folder = _write(job, tools.config.export_dir, tools.config.export_dir, None)
        announce(ev.SavingFinished(folder, False, time.perf_counter() - started_s))
        return
    refusals: list[ExportError] = []
    for drive in drives:
        try:
            with pinned_drive(tools.drives, drive) as root:
                folder = _write(job, root, drive.path, drive)
        except ExportError as error:
            logger.warning("%s was not written: %s", drive.name, error)
            refusals.append(error)
            continue
        announce(ev.SavingStep("release", False))
        note = tools.drives.release(drive)
        announce(ev.SavingStep("release", True))
        announce(ev.SavingFinished(folder, True, time.perf_counter() - started_s, drive.name, note))
        return
    raise refusals[0]


@contextmanager
def pinned_drive(drives: Drives, drive: Drive, *, gone: type[DriveGone] = DriveGoneDuringSave) -> Iterator[Path]:
    """Give a path to write to this very drive, and to nothing that takes its place.

    Args:
        drives: Says whether it is still there.
        drive: Where to.
        gone: The error that names the next step: to press SAVE again, or to write again.

    Raises:
        DriveGone: If it was pulled before everything was on it.
        OSError: What was raised meanwhile, if it was not.
    """

    def still_there() -> None:  # and not another one that was mounted in its place meanwhile
        if drive.identity not in [one.identity for one in drives.present()]:
            raise gone(drive.name)

    with ExitStack() as stack:
        try:
            root = stack.enter_context(pinned(drive.path))
        except FileNotFoundError as error:
            raise gone(drive.name) from error
        try:
            still_there()  # looked at after pinning: what is pinned is the drive
            yield root
            still_there()  # what was written after it was pulled is not on it
        except DriveGone:
            raise
        except (OSError, ExportError):
            still_there()  # rather than what the missing medium made of it
            raise


def _write(job: _Job, base: Path, base_told: Path, drive: Drive | None, *, ascii_names: bool = False) -> Path:
    """Write below `base`, which is told as `base_told`; give the folder as it is told."""
    called = export_name(datetime.now(), " ".join(job.model.engine.labels), ascii_only=ascii_names)
    exports = base / EXPORT_FOLDER
    if drive is not None:
        refuse_links(base, exports)
    folder = free_path(exports, called)
    told = base_told / EXPORT_FOLDER / folder.name
    name, steps = (drive.name, ev.SAVING_STEPS) if drive is not None else ("", ev.SAVING_STEPS[:-1])
    job.announce(ev.SavingStarted(name, told, steps))

    def on_step(step: str, done: bool) -> None:
        job.announce(ev.SavingStep(step, done))
        if drive is not None and (step, done) == ("read_back", False):
            drop_cached_pages(drive.device)

    try:
        write_export(
            folder,
            _facts(job),
            job.session,
            include_pictures=job.tools.config.storage.save_pictures,
            ascii_names=ascii_names,
            display_path=told,
            on_drive=drive is not None,
            on_step=on_step,
            on_progress=job.report,
        )
    except ExportError as error:
        cause = error.__cause__
        if ascii_names or not isinstance(cause, OSError) or cause.errno not in NAME_REFUSED:
            raise
        return _write(job, base, base_told, drive, ascii_names=True)
    return told


def _facts(job: _Job) -> ModelFacts:
    model, stored, extractor = job.model, job.stored, job.tools.extractor
    return ModelFacts(
        model_path=model.path,
        labels=model.engine.labels,
        shots=tuple(stored.shots[index] for index in model.class_indices),
        validation_accuracy=stored.validation_accuracy,
        threshold=stored.threshold,
        extractor_name=extractor.name,
        extractor_sha256=extractor.origin_sha256,
        compiled_for_edge_tpu=extractor.compiled_for_edge_tpu,
        preprocessing=replace(PREPROCESSING, crop_share=job.tools.vision.crop_share).as_dict(),
        mirrored=False,
        training_report=read_report(model.path),
        counterpart=saved_counterpart(model.path),
    )
