"""Jobs that end a session, and jobs on the archive: restore a session from it, and export all of them."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from app.base.errors import DriveGone, SessionNotArchived, SessionNotRead, SessionNotWritten
from app.base.files import free_path
from app.base.i18n import Text, message
from app.base.memory import give_memory_back
from app.base.privacy import Privacy
from app.core import events as ev
from app.jobs.classes import taught_classes
from app.jobs.drives import first_writable, pinned_drive
from app.jobs.running import report_failure_as
from app.jobs.samples import RemovedSamples
from app.jobs.tools import Announce, Tools
from app.model.model_files import delete_trained_models
from app.model.saved_folder.drive_paths import refuse_links
from app.model.saved_folder.facts import EXPORT_FOLDER
from app.model.saved_folder.verified_folder import with_checksums, write_folder
from app.session.archive import Archive
from app.session.database import SESSION_FILE
from app.session.session import same_samples

logger = logging.getLogger(__name__)

SESSIONS = Path(EXPORT_FOLDER) / "sessions"  # on a drive and in the export directory alike


def erase_session(
    tools: Tools, announce: Announce, removed: RemovedSamples, privacy: Privacy, *, damaged: bool = True
) -> None:
    """Erase all samples and the model; announces SessionErased or EraseFailed.

    What is in memory goes first. After EraseFailed the session is empty, but its pictures are still on the disk: the
    job is started again until it works.

    Args:
        tools: The store and the archive.
        announce: Receives the event.
        removed: Is cleared.
        privacy: What to keep of an earlier session that the disk could not show until now.
        damaged: Erase also damaged databases that were set aside.
    """
    with report_failure_as(ev.EraseFailed, announce):
        removed.clear()
        tools.vision.go_live(None)
        with tools.without_model_change():
            tools.store.erase(damaged=damaged)
            if tools.store.has_earlier:
                logger.warning("the disk works again: the earlier session that it holds is put away")
                _archive(tools, privacy)
                tools.store.erase(damaged=privacy is not Privacy.KEEP)
            tools.vision.go_live(None)  # one for another number of classes may have answered meanwhile
        announce(ev.SessionErased(tools.store.opened.disk_problem))
        delete_trained_models(tools.config)
    give_memory_back(collect=False)  # a kiosk runs for months, and visits leave holes between what stays


def end_session(tools: Tools, announce: Announce, removed: RemovedSamples, privacy: Privacy) -> None:
    """Archive what `privacy` allows and erase the session; announces SessionErased or EraseFailed.

    If the disk does not take the copy, nothing is kept: the visit ends in any case.

    Args:
        tools: The store and the archive.
        announce: Receives the event.
        removed: Is cleared.
        privacy: What to keep. EMBEDDINGS also removes the pictures of earlier sessions from the archive, and ERASE
            removes those sessions: they may date from another setting.
    """
    with tools.store.calls:
        _archive(tools, privacy)
    erase_session(tools, announce, removed, privacy, damaged=privacy is not Privacy.KEEP)
    with tools.store.calls:
        if privacy is Privacy.EMBEDDINGS:
            tools.archive.delete_pictures()
        elif privacy is Privacy.ERASE:
            tools.archive.clear()


def _archive(tools: Tools, privacy: Privacy) -> None:
    """Archive what `privacy` allows, if the disk takes it; whatever fails, the visit ends."""
    try:
        _archive_once(tools, tools.archive, privacy)
    except (SessionNotArchived, SessionNotRead, SessionNotWritten) as error:
        logger.warning("the session is not archived: %s", error)
    except Exception:  # a defect, too, must not keep a visitor's pictures on the screen
        logger.exception("the session is not archived")


def _archive_once(tools: Tools, archive: Archive, privacy: Privacy) -> None:
    """Copy the session to the archive, unless a power cut interrupted the end of this visit after that was done."""
    session, now = tools.store.load(), datetime.now()
    if not session.samples:
        return
    name = tools.store.ending
    if not name:
        name = archive.new_name(session, now)
        tools.store.note_ending(name)
    if name not in archive.names():
        archive.keep(tools.store, now, privacy, name=name)


def restore_session(tools: Tools, announce: Announce, removed: RemovedSamples, name: str, privacy: Privacy) -> None:
    """Make an archived session the current one; announces SessionRestored, StaffDone or StaffFailed.

    The session that was current is archived first, as `privacy` says.
    """
    with report_failure_as(ev.StaffFailed, announce):
        archive, store = tools.archive, tools.store
        session = archive.load(name, tools.extractor.name, tools.extractor.origin_sha256)
        if same_samples(session, store.load()):
            announce(ev.StaffDone(message("That session is already open.")))
            return
        archive.keep(store, datetime.now(), privacy, or_refuse=True)
        store.replace_with(session)
        store.switch_extractor()
        while store.stale_samples:
            store.re_embed(tools.extractor.embedded)
        session = store.load()
        tools.vision.go_live(None)
        tools.vision.num_classes = len(session.labels)
        delete_trained_models(tools.config)
        removed.clear()
        announce(ev.SessionRestored(taught_classes(tools, session), session.next_hold))


def export_sessions(tools: Tools, announce: Announce) -> None:
    """Write all archived sessions to the first writable drive, or else to the export directory.

    Announces StaffDone, or StaffFailed.
    """
    with report_failure_as(ev.StaffFailed, announce):
        drive = first_writable(tools.drives)
        note: Text = ""
        if drive is None:
            root = tools.config.export_dir
            _write_sessions(tools.archive, root, display_root=root, on_drive=False)
        else:
            root = drive.path
            with pinned_drive(tools.drives, drive, gone=DriveGone) as pinned_root:
                _write_sessions(tools.archive, pinned_root, display_root=root, on_drive=True)
            note = tools.drives.release(drive)
        announce(ev.StaffDone(message("All kept sessions are in {folder}. {note}", folder=root / SESSIONS, note=note)))


def _write_sessions(archive: Archive, root: Path, *, display_root: Path, on_drive: bool) -> None:
    """Write each session to a folder of its own below `root`; errors call it `display_root`."""
    if on_drive:
        refuse_links(root, root / SESSIONS)
    for name in archive.names():
        folder = free_path(root / SESSIONS, name)
        files = with_checksums({SESSION_FILE: archive.data(name)})
        write_folder(folder, files, display_path=display_root / SESSIONS / folder.name, on_drive=on_drive)
