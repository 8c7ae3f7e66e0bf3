"""The save job: choose the drive, write the folder, and say when the drive may be pulled out."""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from app.base.errors import DriveGoneDuringSave, ExportError, NotEnoughTaught
from app.base.files import free_path
from app.base.i18n import SOURCE_LANGUAGE, message
from app.base.ports import Drive
from app.config.schema import ModelSettings, StorageSettings
from app.core import events as ev
from app.importing.find import next_order
from app.jobs.drives import pinned_drive
from app.jobs.running import report_failure_as
from app.jobs.saved_here import make_room, next_number
from app.jobs.tools import Announce, OnProgress, Tools
from app.model.live import LiveModel
from app.model.model_files import read_sound_report, saved_counterpart
from app.model.saved_folder.ascii_names import is_name_refused
from app.model.saved_folder.contents import write_export
from app.model.saved_folder.drive_paths import refuse_links
from app.model.saved_folder.facts import DEFAULT_PALETTE, EXPORT_FOLDER, ExportFacts, export_name
from app.model.saved_folder.medium import drop_cached_pages
from app.session.last_model import StoredModel
from app.session.session import Session
from tpu.tensors import PREPROCESSING

logger = logging.getLogger(__name__)

NO_MODEL = message("There is no model to save. Press TRAIN first.")


@dataclass(frozen=True, eq=False)
class _Content:
    """What is saved, and the functions that receive events and progress."""

    tools: Tools
    announce: Announce
    on_progress: OnProgress
    session: Session
    stored: StoredModel
    model: LiveModel
    language: str
    palette: str
    settings: ModelSettings
    storage: StorageSettings

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the model's rows: those that the classes have now."""
        return tuple(self.session.labels[index] for index in self.model.class_indices)


def save_model(
    tools: Tools,
    announce: Announce,
    on_progress: OnProgress,
    chosen: Drive | None = None,
    *,
    language: str = SOURCE_LANGUAGE,
    palette: str = DEFAULT_PALETTE,
    settings: ModelSettings | None = None,
    storage: StorageSettings | None = None,
) -> None:
    """Write the folder that a visitor takes away.

    With a chosen drive, write to that drive or fail. Without one, try the writable drives in the order of their mount
    points; if there are none, write to the export directory. A drive that the kiosk mounted is unmounted before the
    screen says that it may be pulled out.

    Args:
        tools: The session, its model, and the drives.
        announce: Receives SavingStarted and SavingAdvanced for each drive that is tried, then SavingFinished; or
            SavingFailed with the reason of the first drive.
        on_progress: Receives 0..1.
        chosen: The drive that the visitor chose, or the only one that was present.
        language, palette: Those of the visit, for the page in the folder.
        settings: Decide when the saved model is "not sure"; None uses those of the start.
        storage: Whether SAVE writes pictures; None uses the settings of the start.
    """
    with report_failure_as(ev.SavingFailed, announce):
        content = _content(tools, announce, on_progress, language, palette, settings, storage)
        if content is None:
            announce(ev.SavingFailed(NO_MODEL))
            return
        drives = [drive for drive in tools.drives.present() if not drive.read_only]
        if chosen is not None:
            drives = [drive for drive in drives if drive.identity == chosen.identity]
            if not drives:
                raise DriveGoneDuringSave(chosen.name)
        if drives:
            _save_to_first(drives, content)
        else:
            _save_here(content)


def write_current_model(tools: Tools, folder: Path) -> None:
    """Write the session's model to a folder as SAVE does, without pictures.

    Raises:
        ModelError, ExportError: If there is no model, or the folder cannot be written.
    """
    content = _content(tools, lambda _event: None, lambda _share: None)
    if content is None:
        raise NotEnoughTaught(NO_MODEL)
    write_export(folder, _model_facts(content), None, include_pictures=False)


def _content(
    tools: Tools,
    announce: Announce,
    on_progress: OnProgress,
    language: str = SOURCE_LANGUAGE,
    palette: str = DEFAULT_PALETTE,
    settings: ModelSettings | None = None,
    storage: StorageSettings | None = None,
) -> _Content | None:
    """Collect what is saved; None without a model."""
    stored, model = tools.store.last_model(), tools.vision.model
    if model is None or stored is None:
        return None
    return _Content(
        tools,
        announce,
        on_progress,
        tools.store.load().of_its_extractor(),
        stored,
        model,
        language,
        palette,
        settings or tools.config.model,
        storage or tools.config.storage,
    )


def _save_here(content: _Content) -> None:
    """Write to the export directory, where the oldest saved folders make room."""
    started_s, config = time.perf_counter(), content.tools.config
    root, exports = config.export_dir, config.export_dir / EXPORT_FOLDER
    max_bytes, floor_bytes = config.storage.saved_max_mib << 20, config.privacy.free_floor_mib << 20
    with content.tools.store.calls:
        make_room(exports, max_bytes=max_bytes, floor_bytes=floor_bytes)
        number = next_number(config.data_dir, exports)
    folder = _write(content, root, display_root=root, number=number)
    with content.tools.store.calls:
        make_room(exports, max_bytes=max_bytes, floor_bytes=floor_bytes, keep=folder)
    content.announce(ev.SavingFinished(folder, False, time.perf_counter() - started_s, number=number))


def _save_to_first(drives: list[Drive], content: _Content) -> None:
    """Write to the first drive that takes the folder.

    Raises:
        ExportError: That of the first drive, if none takes it.
    """
    started_s, present, announce = time.perf_counter(), content.tools.drives, content.announce
    errors: list[ExportError] = []
    for drive in drives:
        try:
            with pinned_drive(present, drive, gone=DriveGoneDuringSave) as root:
                folder = _write(content, root, display_root=drive.path, drive=drive)
        except ExportError as error:
            logger.warning("%s was not written: %s", drive.name, error)
            errors.append(error)
            continue
        announce(ev.SavingAdvanced(ev.SavingStage.RELEASE, False))
        with content.tools.store.calls:
            note = present.release(drive)
        announce(ev.SavingAdvanced(ev.SavingStage.RELEASE, True))
        announce(ev.SavingFinished(folder, True, time.perf_counter() - started_s, drive.name, note))
        return
    raise errors[0]


def _write(
    content: _Content,
    root: Path,
    *,
    display_root: Path,
    drive: Drive | None = None,
    number: int | None = None,
    ascii_names: bool = False,
) -> Path:
    """Write the folder below `root`, which the screen calls `display_root`.

    Returns:
        The folder, below `display_root`.
    """
    exports = root / EXPORT_FOLDER
    if drive is not None:
        refuse_links(root, exports)
    now = datetime.now()
    name = export_name(now, " ".join(content.labels), ascii_only=ascii_names)
    folder = free_path(exports, name)
    display_path = display_root / EXPORT_FOLDER / folder.name
    stages = tuple(stage for stage in ev.SavingStage if drive is not None or stage is not ev.SavingStage.RELEASE)
    content.announce(ev.SavingStarted(drive.name if drive is not None else "", display_path, stages))

    def on_step(step: str, done: bool) -> None:
        stage = ev.SavingStage(step)
        if stage is ev.SavingStage.WRITE and not done:  # from now on the disk or the drive may hang
            writing.enter_context(content.tools.store.calls)
        content.announce(ev.SavingAdvanced(stage, done))
        if drive is not None and stage is ev.SavingStage.READ_BACK and not done:
            drop_cached_pages(drive.device)

    try:
        with ExitStack() as writing:
            write_export(
                folder,
                replace(_model_facts(content), order=next_order([exports, root], now), number=number),
                content.session,
                include_pictures=content.storage.save_pictures,
                ascii_names=ascii_names,
                display_path=display_path,
                on_drive=drive is not None,
                on_step=on_step,
                on_progress=content.on_progress,
            )
    except ExportError as error:
        if ascii_names or not is_name_refused(error):
            raise
        return _write(content, root, display_root=display_root, drive=drive, number=number, ascii_names=True)
    return display_path


def _model_facts(content: _Content) -> ExportFacts:
    model, stored, extractor = content.model, content.stored, content.tools.extractor
    report = read_sound_report(model.path)
    return ExportFacts(
        model_path=model.path,
        labels=content.labels,
        shots=tuple(stored.shots[index] for index in model.class_indices),
        validation_accuracy=stored.validation_accuracy,
        validation_from=stored.validation_from,
        threshold=stored.threshold,
        settings=content.settings,
        extractor_name=extractor.name,
        extractor_sha256=extractor.origin_sha256,
        compiled_for_edge_tpu=extractor.compiled_for_edge_tpu,
        preprocessing=replace(
            PREPROCESSING, crop_share=content.tools.vision.crop_share, float_input=extractor.normalization
        ).as_dict(),
        training_report={**report, "labels": list(content.labels)} if report is not None else None,
        counterpart=saved_counterpart(model.path),
        language=content.language,
        palette=content.palette,
    )
