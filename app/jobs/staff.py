"""What is done behind the screen: galleries, the end of a visit, the starter, names, and what staff ask for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.base.error_texts import EXPECTED_ERRORS
from app.base.errors import DriveGone
from app.base.files import free_path
from app.base.i18n import Text, message
from app.base.picture import Picture
from app.base.ports import ImageArray
from app.config.settings_file import SettingsFile
from app.core import events as ev
from app.core.facts import ModelFacts
from app.jobs.classes import taught_classes
from app.jobs.machine_info import drive_lines, machine_lines
from app.jobs.save import pinned_drive
from app.jobs.tools import Tools, archive_of
from app.jobs.workbench import Workbench, told
from app.model.drive_paths import refuse_links
from app.model.export_folder import EXPORT_FOLDER
from app.model.live import LiveModel
from app.model.model_files import delete_trained_models, files_of, new_model_path, report_path, write_model_file
from app.model.relabel import with_labels
from app.model.starter import DEMO, make_demo_starter, open_starter
from app.model.verified_folder import with_checksums, write_folder
from app.session.database import SESSION_FILE
from app.session.pictures import THUMBNAIL_PX, small_picture
from app.session.session import Sample, same_samples

logger = logging.getLogger(__name__)

GALLERY_PX = 192


@dataclass(frozen=True)
class House:
    """What staff look after, beside the kiosk's own tools. The defaults are those of a kiosk without any of it.

    Attributes:
        settings: Where settings that were changed on the screen are kept.
        list_cameras: Names of the cameras that could be chosen.
        switch_off: Ends the machine's work; True starts it anew.
        faults: The last lines of the log that tell of trouble.
        things: Kinds of rendered things, and what renders one: for the starter.
    """

    settings: SettingsFile | None = None
    list_cameras: Callable[[], list[str]] = list
    switch_off: Callable[[bool], None] = lambda _restart: None
    faults: Callable[[], tuple[str, ...]] = tuple
    things: tuple[tuple[str, ...], Callable[[str, int], ImageArray]] | None = None


class Backstage:
    """Jobs for the records worker; each ends in an event, whatever goes wrong.

    Args:
        tools: What the kiosk works with.
        house: What staff look after.
        workbench: Does what both of them do.
        announce: Receives the events.
    """

    def __init__(self, tools: Tools, house: House, workbench: Workbench, announce: Callable[[ev.Event], None]) -> None:
        self._tools, self._house, self._workbench, self._announce = tools, house, workbench, announce
        self._removed: list[Sample] = []
        self._starter: LiveModel | None = None
        self._archive = archive_of(tools.config)

    # --- pictures ---------------------------------------------------------------------------------------

    def load_gallery(self, class_index: int, page: int, size: int) -> None:
        """Fetch a page of a class, newest first."""
        with self._told(ev.UndoFailed):
            self._send("gallery", self._tools.store.newest(class_index, size, page * size))

    def load_pictures(self, sample_ids: tuple[int, ...]) -> None:
        """Fetch pictures for the results."""
        with self._told(ev.UndoFailed):
            self._send("results", sample_ids)

    def remove(self, sample_id: int) -> None:
        """Take a sample out."""
        with self._told(ev.UndoFailed):
            sample = self._tools.store.remove(sample_id)
            if sample is not None:
                self._removed.append(sample)
                self._announce(ev.SampleRemoved(sample.class_index, sample_id))

    def restore_removed(self) -> None:
        """Bring back the one that was taken out last."""
        with self._told(ev.UndoFailed):
            if not self._removed:
                return
            sample = self._removed[-1]
            self._tools.store.restore(sample)
            self._removed.pop()
            picture = Picture(("sample", sample.sample_id), small_picture(sample.picture, THUMBNAIL_PX))
            self._announce(ev.SampleRestored(sample.class_index, sample.sample_id, picture))

    def forget_removed(self) -> None:
        """Another session begins: what was taken out of this one may not come back in that."""
        self._removed.clear()

    # --- the end of a visit -----------------------------------------------------------------------------

    def erase(self) -> None:
        """Forget everything that was taught, and what was taken out of it."""
        self.forget_removed()
        self._workbench.erase()

    def end_session(self, privacy: str) -> None:
        """Put away what may stay of a session, and erase it."""
        with self._told(ev.EraseFailed):
            self._archive.keep(self._tools.store, datetime.now(), privacy)
            if privacy == "embeddings":
                self._archive.forget_pictures()  # of sessions that were kept under other settings, too
            elif privacy == "erase":
                self._archive.clear()
            self.erase()

    def load_starter(self) -> None:
        """Let the starter answer; one that cannot be used is told in the log, and nothing answers."""
        tools, settings = self._tools, self._tools.config.model
        named = tools.config.idle.starter
        if not named or tools.vision.model is not None:
            return
        try:
            folder = tools.config.data_dir / "starter" / tools.extractor.sha256[:16]
            if named != DEMO:
                folder = Path(named).expanduser()
            elif self._house.things is not None and not (folder / "metadata.json").is_file():
                make_demo_starter(folder, *self._house.things, tools.extractor, runtime=settings.runtime)
            model = open_starter(folder, tools.vision.num_classes, runtime=settings.runtime)
        except EXPECTED_ERRORS as error:
            logger.warning("%s", error)
            return
        except Exception:  # a full disk, say: the worker has more to do than this
            logger.exception("the starter cannot be made")
            return
        self._starter = model
        tools.vision.go_live(model)
        self._announce(ev.StarterReady(ModelFacts(tuple(model.engine.labels), model.threshold)))

    def drop_starter(self) -> None:
        """Let the starter step back; a model that has taken its place meanwhile stays."""
        if self._starter is not None:
            self._tools.vision.withdraw(self._starter)

    # --- what staff ask for -----------------------------------------------------------------------------

    def keep_settings(self, changes: tuple[tuple[str, object], ...]) -> None:
        """Write settings that hold already."""
        if self._house.settings is not None:
            with self._told(ev.StaffFailed):
                self._house.settings.save(dict(changes))

    def name_classes(self, labels: tuple[str, ...]) -> None:
        """Call the classes so, in the session and in the model that answers."""
        with self._told(ev.StaffFailed):
            self._tools.store.rename(labels)
            self._tools.vision.num_classes = len(labels)
            self._rename_model(labels)

    def look_at_system(self) -> None:
        """Gather what the staff pages tell."""
        with self._told(ev.StaffFailed):
            tools = self._tools
            archive = tuple((name, _size(self._archive.size(name))) for name in self._archive.names())
            faults = tuple((message("Last fault"), line, True) for line in self._house.faults())
            drives = drive_lines(tools.drives.present(), tools.drives.unmounted())
            lines = (*machine_lines(tools.config.data_dir), *drives, *faults)
            cameras = self._house.list_cameras()
            if self._house.settings is not None:  # what --config names stays on offer, whatever is chosen meanwhile
                cameras = [*cameras, self._house.settings.base.camera.source]
            self._announce(ev.SystemLooked(tuple(cameras), archive, lines))

    def restore_session(self, name: str, privacy: str) -> None:
        """Bring a session back; the one at hand is kept first: its visitor is gone, too."""
        with self._told(ev.StaffFailed):
            tools = self._tools
            session = self._archive.load(name, tools.extractor.name, tools.extractor.origin_sha256)
            if same_samples(session, tools.store.load()):
                self._announce(ev.StaffDone(message("That session is the one at hand already.")))
                return
            self._archive.keep(tools.store, datetime.now(), privacy, or_refuse=True)
            tools.store.replace_with(session)
            tools.store.switch_extractor()
            if tools.store.stale_samples:
                while tools.store.stale_samples:
                    tools.store.re_embed(tools.extractor.embedded)
                session = tools.store.load()
            tools.vision.go_live(None)
            tools.vision.num_classes = len(session.labels)
            delete_trained_models(tools.config)
            self.forget_removed()
            self._announce(ev.SessionRestored(taught_classes(session)))

    def export_sessions(self) -> None:
        """Write every kept session to the first drive that can be written, else to the export directory."""
        with self._told(ev.StaffFailed):
            drives = self._tools.drives
            drive = next((one for one in drives.present() if not one.read_only), None)
            base = self._tools.config.export_dir
            note: Text = ""
            if drive is None:
                self._write_sessions(base, base, on_drive=False)
            else:
                base = drive.path
                with pinned_drive(drives, drive, gone=DriveGone) as root:
                    self._write_sessions(root, base, on_drive=True)
                note = drives.release(drive)
            where = base / EXPORT_FOLDER / "sessions"
            self._announce(ev.StaffDone(message("All kept sessions are in {folder}. {note}", folder=where, note=note)))

    def switch_off(self, restart: bool) -> None:
        """End the machine's work."""
        with self._told(ev.StaffFailed):
            self._house.switch_off(restart)

    def _write_sessions(self, root: Path, base: Path, *, on_drive: bool) -> None:
        """Write below `root`, which errors call `base`."""
        sessions = root / EXPORT_FOLDER / "sessions"
        if on_drive:
            refuse_links(root, sessions)
        for name in self._archive.names():
            folder = free_path(sessions, name)
            display_path = base / EXPORT_FOLDER / "sessions" / folder.name
            files = with_checksums({SESSION_FILE: self._archive.data(name)})
            write_folder(folder, files, display_path=display_path, on_drive=on_drive)

    # --- parts ------------------------------------------------------------------------------------------

    def _send(self, purpose: str, sample_ids: tuple[int, ...]) -> None:
        found = self._tools.store.pictures(sample_ids)
        pictures = tuple(
            (one, Picture((purpose, one), small_picture(found[one], GALLERY_PX))) for one in sample_ids if one in found
        )
        self._announce(ev.PicturesLoaded(purpose, pictures))

    def _rename_model(self, labels: tuple[str, ...]) -> None:
        """Write the model that answers with its new names into a file of its own, and let that answer."""
        tools, stored, model = self._tools, self._tools.store.last_model(), self._tools.vision.model
        if stored is None and model is not None and not tools.store.load().samples:
            if max(len(model.engine.labels), len(labels)) != model.num_classes:
                tools.vision.go_live(None)  # the starter, which comes back with room for all classes
                self.load_starter()
            return
        if stored is None or model is None or model.path != stored.path:
            return
        names = tuple(labels[index] for index in model.class_indices)
        if names == tuple(model.engine.labels) and len(labels) == model.num_classes:
            return
        path = new_model_path(tools.config)
        for old, new in zip(files_of(model.path), files_of(path), strict=True):
            if old.is_file():
                data = old.read_bytes()
                write_model_file(new, data if new == report_path(path) else with_labels(data, names))
        shots = (*stored.shots, *(0,) * (len(labels) - len(stored.shots)))[: len(labels)]
        tools.store.remember_model(path, stored.validation_accuracy, stored.threshold, shots)
        self._workbench.restore_model()
        delete_trained_models(tools.config, keep=path)

    def _told(self, failed: Callable[[Text], ev.Event]) -> AbstractContextManager[None]:
        return told(self._announce, failed)


def _size(count: int) -> str:
    return f"{count / (1 << 20):.1f} MiB"
