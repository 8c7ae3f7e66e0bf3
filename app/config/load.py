"""Read settings from a TOML file, and check every name, type and value."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_type_hints

from app.base.errors import ConfigInvalid
from app.base.text_files import NotText, read_text_file
from app.config.checks import check
from app.config.schema import Config

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LARGEST_NUMBER = 1 << 53  # larger whole numbers are not exact as fractions


_HINTS: dict[type, dict[str, Any]] = {}


def load_config(path: Path | None) -> Config:
    """Read settings from a TOML file; None returns the defaults.

    Raises:
        ConfigInvalid: If the file cannot be read, is not TOML, or has an unknown setting or an invalid value.
    """
    return Config() if path is None else load_over(Config(), path)


def load_over(base: Config, path: Path) -> Config:
    """Return `base` with the settings of a TOML file in place of its own.

    Raises:
        ConfigInvalid: For the same reasons as `load_config`.
    """
    return apply(base, read_table(path), str(path))


def apply(base: Config, table: Mapping[str, Any], source: str) -> Config:
    """Return `base` with the settings of a parsed file in place of its own.

    Args:
        base: All settings.
        table: The sections of the file.
        source: Where they come from, for error texts.

    Raises:
        ConfigInvalid: If a setting is unknown or its value is invalid.
    """
    sections = _hints(Config)
    config = Config(**{name: _section(source, name, getattr(base, name), table) for name in sections})
    if unknown := sorted(set(table) - set(sections)):
        raise ConfigInvalid(f"{source}: the section [{unknown[0]}] does not exist. {_known(sections)}")
    check(config, source)
    return config


def read_table(path: Path) -> dict[str, Any]:
    """Parse a TOML file.

    Raises:
        ConfigInvalid: If the file cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(read_text_file(path))
    except OSError as error:
        raise ConfigInvalid(f"cannot read {path}: {error.strerror}. Name another file with --config.") from error
    except NotText as error:
        raise ConfigInvalid(f"cannot read {path}: {error}.") from error
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise ConfigInvalid(f"{path} is not valid TOML: {error}. Correct that line and start again.") from error


def _hints(section: type) -> dict[str, Any]:
    """Return the types of the settings in a section; computing them takes most of the time of `apply`."""
    if section not in _HINTS:
        _HINTS[section] = get_type_hints(section)
    return _HINTS[section]


def _section(path: str, name: str, section: Any, table: Mapping[str, Any]) -> Any:
    values = table.get(name, {})
    if values == {}:
        return section
    if not isinstance(values, dict):
        raise ConfigInvalid(f"{path}: {name} is a section. Write [{name}] above its settings.")
    hints = _hints(type(section))
    if unknown := sorted(set(values) - set(hints)):
        raise ConfigInvalid(f"{path}: [{name}] has no setting {unknown[0]!r}. {_known(hints)}")
    return dataclasses.replace(
        section, **{key: _value(path, f"{name}.{key}", value, hints[key]) for key, value in values.items()}
    )


def _value(path: str, name: str, value: Any, wanted: Any) -> Any:
    if wanted is float and type(value) is int and abs(value) < LARGEST_NUMBER:
        return float(value)
    if type(value) is float and not math.isfinite(value):
        raise ConfigInvalid(f"{path}: {name} takes a number, not {value!r}.")
    if type(value) is int and abs(value) >= LARGEST_NUMBER:
        raise ConfigInvalid(f"{path}: {name} takes a smaller number.")
    if wanted == tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
            return tuple(value)
        raise ConfigInvalid(f'{path}: {name} takes a list of texts, such as ["apple", "cup"].')
    if type(value) is not wanted:
        kind = {bool: "true or false", int: "a whole number", float: "a number", str: "a text in quotes"}[wanted]
        raise ConfigInvalid(f"{path}: {name} takes {kind}, not {value!r}.")
    if wanted is float and not math.isfinite(value):
        raise ConfigInvalid(f"{path}: {name} takes a number, not {value!r}.")
    return value


def _known(names: Mapping[str, Any]) -> str:
    return f"Choose one of: {', '.join(names)}."
