"""Settings that staff changed on the screen: a file in the data directory that overrides `--config`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import tomli_w

from app.base.errors import ConfigInvalid, SettingsNotWritten
from app.base.files import set_aside, write_durably
from app.base.pin import is_pin, stored
from app.config.load import load_over, read_table
from app.config.schema import Config
from app.config.tolerant import load_what_holds

logger = logging.getLogger(__name__)

FILE = "settings.toml"


class SettingsFile:
    """The settings that staff changed. The file holds nothing else, so `--config` still decides the rest.

    Attributes:
        base: The settings of `--config`, or the defaults.
        config: `base` with the settings of the file in place of its own.
        problems: One line for each thing in the file that does not hold and was left out.
    """

    def __init__(self, base: Config, folder: Path) -> None:
        self._path = folder / FILE
        self.base = base
        self._saved: dict[str, dict[str, Any]] = {}
        self.config = base
        self.problems: tuple[str, ...] = ()
        with suppress(OSError, ValueError):  # opening the session will report it
            if self._path.exists():
                self._read()

    def save(self, changes: Mapping[str, Any]) -> None:
        """Write changes; they are durable when this returns.

        Args:
            changes: New values by "section.name".

        Raises:
            SettingsNotWritten: If the disk is full or fails; the file is unchanged.
        """
        self._read_again()
        changed = {section: dict(values) for section, values in self._saved.items()}
        for name, value in changes.items():
            section, _, key = name.partition(".")
            changed.setdefault(section, {})[key] = list(value) if isinstance(value, tuple) else value
        try:
            write_durably(self._path, tomli_w.dumps(changed).encode())
        except OSError as error:
            raise SettingsNotWritten from error
        self._saved = changed

    def protect_pin(self) -> None:
        """Replace a plain PIN, as older versions wrote it, by its stored form; only the owner can change `--config`."""
        saved, base = self._saved.get("staff", {}).get("pin"), self.base.staff.pin
        plain = base if saved is None else saved
        if is_pin(plain):
            pin = stored(plain)
            self.config = replace(self.config, staff=replace(self.config.staff, pin=pin))
            try:
                self.save({"staff.pin": pin})
                logger.warning("The PIN was in plain text. Now %s keeps it as a scrypt key.", self._path)
            except SettingsNotWritten as error:
                logger.warning("The PIN is in plain text and cannot be replaced: %s", error)
        if is_pin(base):
            logger.warning("The file of --config holds a PIN in plain text. It is not read again: delete that line.")

    def _read_again(self) -> None:
        """Notice what the command `pin` wrote meanwhile."""
        with suppress(ConfigInvalid):  # it is missing, or damaged: the next start sets it aside
            load_over(self.base, self._path)
            self._saved = {section: dict(values) for section, values in read_table(self._path).items()}

    def _read(self) -> None:
        self.config, self._saved, self.problems = load_what_holds(self.base, self._path)
        if not self.problems:
            return
        reason = " ".join(self.problems)
        try:
            new_path = set_aside(self._path)
            if self._saved:
                write_durably(self._path, tomli_w.dumps(self._saved).encode())
        except OSError:  # the next change on the screen overwrites it
            logger.warning("%s The settings changed on the screen are not used.", reason)
        else:
            logger.warning("%s The settings changed on the screen are set aside as %s.", reason, new_path)
