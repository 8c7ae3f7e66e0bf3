"""Copy settings from one station to another with a drive."""

from __future__ import annotations

import sys

from app.base.error_texts import system_error_text
from app.base.errors import ConfigInvalid
from app.base.i18n import message
from app.base.text_files import NotText, decode_text
from app.config.portable import portable_settings, read_portable
from app.config.schema import Config
from app.core import events as ev
from app.importing.untrusted_folder import open_untrusted_folder
from app.jobs.drives import NO_DRIVE, write_files
from app.jobs.running import report_failure_as
from app.jobs.tools import Announce, Tools

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = "kiosk-settings.toml"
LARGEST_BYTES = 64 << 10


def export_settings(tools: Tools, announce: Announce, config: Config) -> None:
    """Write the settings to the first writable drive; announces StaffDone or StaffFailed."""
    with report_failure_as(ev.StaffFailed, announce):
        drive, note = write_files(tools.drives, {FILE: portable_settings(config).encode()})
        text = message("The settings are in {file} on {drive}. {note}", file=FILE, drive=drive.name, note=note)
        announce(ev.StaffDone(text))


def import_settings(tools: Tools, announce: Announce, here: Config) -> None:
    """Read the settings from the first drive that has some; announces SettingsRead or StaffFailed."""
    with report_failure_as(ev.StaffFailed, announce):
        drives = tools.drives.present()
        for drive in drives:
            try:
                with open_untrusted_folder(drive.path) as folder:
                    data = folder.read(FILE, LARGEST_BYTES)
            except FileNotFoundError:
                continue
            except OSError as error:
                reason = system_error_text(error)
                announce(ev.StaffFailed(message("Drive {drive}: {reason}", drive=drive.name, reason=reason)))
                return
            try:
                table = tomllib.loads(decode_text(data))
            except (NotText, RecursionError, ValueError) as error:
                raise ConfigInvalid(message("{file} is not valid TOML.", file=FILE)) from error
            announce(ev.SettingsRead(read_portable(table, here, FILE)))
            return
        announce(ev.StaffFailed(message("No drive has a file {file}.", file=FILE) if drives else NO_DRIVE))
