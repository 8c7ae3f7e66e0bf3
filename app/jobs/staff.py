"""Jobs that staff start on the staff pages; each announces its result, or StaffFailed."""

from __future__ import annotations

import logging

from app.base.error_texts import system_error_text
from app.base.i18n import message
from app.base.pin import stored
from app.config.pin_lock import PinLock, write_pin_lock
from app.core import events as ev
from app.jobs.machine_info import drive_lines, machine_lines
from app.jobs.own_model import follow_number_of_classes
from app.jobs.running import report_failure_as
from app.jobs.saved_here import saved_here
from app.jobs.starter import Starter, has_own_starter
from app.jobs.tools import Announce, StationServices, Tools
from app.model.saved_folder.facts import EXPORT_FOLDER
from app.model.starter import OWN

logger = logging.getLogger(__name__)


def write_settings(
    _tools: Tools, announce: Announce, services: StationServices, changes: tuple[tuple[str, object], ...]
) -> None:
    """Write settings that were changed on the screen, by "section.name", to the settings file."""
    if services.settings is not None:
        with report_failure_as(ev.StaffFailed, announce):
            services.settings.save(dict(changes))


def set_pin(_tools: Tools, announce: Announce, services: StationServices, pin: str) -> None:
    """Store a new PIN, or remove it if `pin` is empty; announces StaffPinSet."""
    with report_failure_as(ev.StaffFailed, announce):
        kept = stored(pin) if pin else ""
        if services.settings is not None:
            services.settings.save({"staff.pin": kept})
        announce(ev.StaffPinSet(kept))


def remember_pin_lock(tools: Tools, _announce: Announce, lock: PinLock) -> None:
    """Keep the lock of the number pad over a restart. On a full disk it holds until then."""
    try:
        write_pin_lock(tools.config.data_dir, lock)
    except OSError as error:
        logger.warning("the lock of the PIN ends with a restart: it cannot be written: %s", system_error_text(error))


def rename_classes(
    tools: Tools,
    announce: Announce,
    starter: Starter,
    labels: tuple[str, ...],
    origins: tuple[str | int | None, ...] = (),
) -> None:
    """Give the classes of the session new names; their number may change, and the model that answers follows it.

    Args:
        tools: The session, and the model that answers.
        announce: Receives StaffFailed if that fails.
        starter: Follows the number of classes.
        labels: The names.
        origins: Where they come from, as `origins_of` writes it.
    """
    with report_failure_as(ev.StaffFailed, announce):
        tools.store.rename(labels, origins)
        tools.vision.num_classes = len(labels)
        starter.reload_for(tools, announce, len(labels))
        follow_number_of_classes(tools)


def collect_system_info(
    tools: Tools, announce: Announce, services: StationServices, starter: Starter | None = None
) -> None:
    """Collect what the staff pages show of cameras, archive, drives and computer; announces SystemLooked."""
    with report_failure_as(ev.StaffFailed, announce):
        cameras = services.list_cameras()
        if services.settings is not None:  # the camera of --config can be chosen again after another one was
            cameras = [*cameras, services.settings.base.camera.source]
        archive = tools.archive
        sessions = tuple((name, f"{archive.size(name) / (1 << 20):.1f} MiB") for name in archive.names())
        lines = (
            *machine_lines(tools.config.data_dir),
            *drive_lines(tools.drives.present(), tools.drives.unmounted()),
            *((message("Last fault"), line, True) for line in services.recent_warnings()),
        )
        folders = reversed(saved_here(tools.config.export_dir / EXPORT_FOLDER))
        saved = tuple(one.number for one in folders if one.number is not None)
        waits = starter is not None and starter.waits
        starters = [OWN] if has_own_starter(tools.config.data_dir) else []
        if services.settings is not None:  # like the camera of --config
            starters += [services.settings.base.idle.starter, tools.config.idle.starter]
        announce(ev.SystemLooked(tuple(cameras), sessions, lines, saved, waits, tuple(starters)))


def switch_off(_tools: Tools, announce: Announce, services: StationServices, restart: bool) -> None:
    """Shut the computer down, or restart it."""
    with report_failure_as(ev.StaffFailed, announce):
        services.switch_off(restart)
