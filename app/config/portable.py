"""Settings that can be copied from one station to another as a TOML file; the PIN never is."""

from __future__ import annotations

import dataclasses
from typing import Any

import tomli_w

from app.config.load import apply
from app.config.schema import Config

STAY: dict[str, tuple[str, ...]] = {
    "staff": ("pin",),  # who reads the drive could open the staff pages
    "storage": ("data_dir", "export_dir"),
    "accelerator": ("library",),  # a file from a drive must not choose what is loaded
    "classes": ("lesson",),  # its file may be missing there
    "idle": ("starter", "starter_key_file"),  # files of this station
}
"""Settings that stay on their station, by section; so does a camera that is a path, because it is plugged in there."""


def portable_settings(config: Config) -> str:
    """Return the settings that differ from their defaults and may leave the station, as TOML."""
    table: dict[str, dict[str, Any]] = {}
    for section, default in vars(Config()).items():
        values = vars(getattr(config, section))
        for name, value in values.items():
            if value != getattr(default, name) and not _stays(section, name, value):
                table.setdefault(section, {})[name] = list(value) if isinstance(value, tuple) else value
    return tomli_w.dumps(table)


def read_portable(table: dict[str, Any], here: Config, source: str) -> tuple[tuple[str, Any], ...]:
    """Return what to change here so that the settings of another station hold.

    Args:
        table: The parsed file.
        here: The settings of this station.
        source: The name of the file, for error texts.

    Raises:
        ConfigInvalid: If a setting is unknown or does not hold.
    """
    allowed = {
        section: {name: value for name, value in values.items() if not _stays(section, name, value)}
        if isinstance(values, dict)
        else values
        for section, values in table.items()
    }
    there = apply(Config(), allowed, source)
    changes = []
    for section, settings in vars(there).items():
        own = getattr(here, section)
        for field in dataclasses.fields(settings):
            value, before = getattr(settings, field.name), getattr(own, field.name)
            if value != before and not _stays(section, field.name, before):
                changes.append((f"{section}.{field.name}", value))
    return tuple(changes)


def _stays(section: str, name: str, value: object) -> bool:
    plugged_in = (section, name) == ("camera", "source") and isinstance(value, str) and value.startswith("/")
    return plugged_in or name in STAY.get(section, ())
