"""Read settings without ever failing: what does not hold is left out, and staff are told.

The kiosk starts with these. Commands that a person runs read settings with `app.config.load`, which refuses them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.base.errors import ConfigInvalid
from app.config.load import apply, read_table
from app.config.schema import Config

Table = dict[str, dict[str, Any]]


def load_what_holds(base: Config, path: Path) -> tuple[Config, Table, tuple[str, ...]]:
    """Return `base` with each setting of a TOML file that holds.

    Returns:
        The settings; those that were taken from the file; and one line for each thing that does not hold.
    """
    try:
        table = read_table(path)
    except (ConfigInvalid, ValueError) as error:  # ValueError: a path that no file can have
        return base, {}, (str(error),)
    return apply_what_holds(base, table, str(path))


def apply_what_holds(base: Config, table: Mapping[str, Any], source: str) -> tuple[Config, Table, tuple[str, ...]]:
    """Return `base` with each setting of a parsed file that holds; the first of two that exclude each other.

    Returns:
        As `load_what_holds`.
    """
    config, taken, problems = base, Table(), []
    for section, values in table.items():
        for key, value in values.items() if isinstance(values, dict) else (("", values),):
            one = {section: {key: value} if key else value}
            try:
                config = apply(config, one, source)
            except ConfigInvalid as error:
                problems.append(str(error))
            else:
                taken.setdefault(section, {})[key] = value
        if values == {}:
            try:
                apply(config, {section: {}}, source)
            except ConfigInvalid as error:
                problems.append(str(error))
    return config, taken, tuple(problems)
