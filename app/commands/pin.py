"""`pin`: set the PIN of the staff pages. It is read from standard input, so that no list of processes shows it.

It works whatever is wrong with the settings, as the kiosk does: each thing that does not hold is only named.
"""

from __future__ import annotations

import argparse
import getpass
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from app.base.errors import PinRefused, SettingsNotWritten
from app.base.pin import is_pin, stored
from app.commands.exit_codes import DONE
from app.commands.installation import DATA, SERVICE, SETTINGS
from app.commands.manifest import MANIFEST
from app.commands.streams import print_line
from app.config.pin_lock import PinLock, write_pin_lock
from app.config.schema import Config
from app.config.settings_file import FILE, SettingsFile
from app.config.tolerant import load_what_holds

FORM = "A PIN has 4 to 12 digits, and nothing else."


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    installed = MANIFEST.exists()
    named, data_dir = getattr(options, "config", None), getattr(options, "data_dir", None)
    config_file = named or (SETTINGS if installed and SETTINGS.exists() else None)
    base, _, problems = load_what_holds(Config(), config_file) if config_file else (Config(), {}, ())
    folder = data_dir or (DATA if installed and named is None else base.data_dir)
    pin = ask_pin(sys.stdin)
    set_pin(SettingsFile(base, folder), folder, pin)
    for problem in problems:
        print_line(f"note: {problem}", to_errors=True)
    print_line(f"The new PIN is stored in {folder / FILE}. It holds when the kiosk starts again.")
    if installed:
        print_line(f"To start it again now: sudo systemctl restart {SERVICE}")
    return DONE


def ask_pin(source: TextIO, ask: Callable[[str], str] = getpass.getpass) -> str:
    """Read a PIN: the first line of `source`; a person at a terminal types it twice, and it does not show.

    Raises:
        PinRefused: If it has another form, the second time another PIN was typed, or the input ends (Ctrl-D).
    """
    if not source.isatty():
        pin = source.readline().strip()
    else:
        try:
            pin = ask("New PIN: ").strip()
            if is_pin(pin) and ask("Once more: ").strip() != pin:
                raise PinRefused("these two PINs differ, so nothing was changed. Try again.")
        except EOFError:
            raise PinRefused("no PIN was typed, so nothing was changed. Try again.") from None
    if not is_pin(pin):
        raise PinRefused(FORM)
    return pin


def set_pin(settings: SettingsFile, folder: Path, pin: str) -> None:
    """Store a PIN in the settings of a data directory, and end a lock after wrong PINs.

    Raises:
        PinRefused: If it cannot be written.
    """
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        settings.save({"staff.pin": stored(pin)})
        write_pin_lock(folder, PinLock())
        if os.geteuid() == 0:  # the kiosk runs as the owner of its folder
            owner = folder.stat()
            shutil.chown(folder / FILE, owner.st_uid, owner.st_gid)
    except (OSError, SettingsNotWritten) as error:
        reason = error if isinstance(error, OSError) else error.__cause__
        why = getattr(reason, "strerror", None) or "the disk refuses it"
        raise PinRefused(f"cannot write to {folder}: {why}. Make room there, or run it with sudo.") from error
