"""Read settings from a TOML file, and check every name, type and value."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_type_hints

from app.base.errors import ConfigInvalid
from app.config.checks import check
from app.config.schema import Config

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


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
    table = read_table(path)
    config = Config(**{name: _section(path, name, getattr(base, name), table) for name in get_type_hints(Config)})
    if unknown := sorted(set(table) - set(get_type_hints(Config))):
        raise ConfigInvalid(f"{path}: the section [{unknown[0]}] does not exist. {_known(get_type_hints(Config))}")
    check(config, str(path))
    return config


def read_table(path: Path) -> dict[str, Any]:
    """Parse a TOML file.

    Raises:
        ConfigInvalid: If the file cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigInvalid(f"cannot read {path}: {error.strerror}. Name another file with --config.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"{path} is not valid TOML: {error}. Correct that line and start again.") from error


def _section(path: Path, name: str, section: Any, table: Mapping[str, Any]) -> Any:
    values = table.get(name, {})
    if not isinstance(values, dict):
        raise ConfigInvalid(f"{path}: {name} is a section. Write [{name}] above its settings.")
    hints = get_type_hints(type(section))
    if unknown := sorted(set(values) - set(hints)):
        raise ConfigInvalid(f"{path}: [{name}] has no setting {unknown[0]!r}. {_known(hints)}")
    return dataclasses.replace(
        section, **{key: _value(path, f"{name}.{key}", value, hints[key]) for key, value in values.items()}
    )


def _value(path: Path, name: str, value: Any, wanted: Any) -> Any:
    if wanted is float and type(value) is int:
        return float(value)
    if wanted == tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
            return tuple(value)
        raise ConfigInvalid(f'{path}: {name} takes a list of texts, such as ["apple", "cup"].')
    if type(value) is not wanted:
        kind = {bool: "true or false", int: "a whole number", float: "a number", str: "a text in quotes"}[wanted]
        raise ConfigInvalid(f"{path}: {name} takes {kind}, not {value!r}.")
    return value


def _known(names: Mapping[str, Any]) -> str:
    return f"Choose one of: {', '.join(names)}."
