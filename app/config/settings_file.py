"""Settings that were changed on the screen: a file in the data directory, over those of `--config`."""

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
from app.config.checks import check
from app.config.schema import Config, overlaid, read_table

logger = logging.getLogger(__name__)

FILE = "settings.toml"


class SettingsFile:
    """What staff changed, by section and name; only that is in the file, so that `--config` still decides the rest.

    Attributes:
        base: The settings it was opened over.
        config: The same, with its own over them.
    """

    def __init__(self, base: Config, folder: Path) -> None:
        self._path = folder / FILE
        self.base = base
        self._changed: dict[str, dict[str, Any]] = {}
        self.config = base
        with suppress(PermissionError):  # what may not be looked at is told when the session is opened
            if self._path.exists():
                self._read()

    def keep(self, changes: Mapping[str, Any]) -> None:
        """Write changes, by "section.name"; all of them are durable when this returns.

        Raises:
            SettingsNotWritten: If the disk is full or fails; the file before is still there.
        """
        changed = {section: dict(values) for section, values in self._changed.items()}
        for name, value in changes.items():
            section, _, key = name.partition(".")
            changed.setdefault(section, {})[key] = list(value) if isinstance(value, tuple) else value
        try:
            write_durably(self._path, tomli_w.dumps(changed).encode())
        except OSError as error:
            raise SettingsNotWritten from error
        self._changed = changed

    def _read(self) -> None:
        try:
            self.config = overlaid(self.base, self._path)
            self._changed = {section: dict(values) for section, values in read_table(self._path).items()}
        except ConfigInvalid as error:
            try:
                new_path = set_aside(self._path)
            except OSError:  # the next change on the screen overwrites it
                logger.warning("%s The settings changed on the screen are not used.", error)
            else:
                logger.warning("%s The settings changed on the screen are set aside as %s.", error, new_path)


def changed(config: Config, changes: Mapping[str, Any]) -> Config:
    """Give settings with changes, by "section.name", in them.

    Raises:
        ConfigInvalid: If a value is out of range.
    """
    for name, value in changes.items():
        section, _, key = name.partition(".")
        config = replace(config, **{section: replace(getattr(config, section), **{key: value})})
    check(config, "the staff pages")
    return config
