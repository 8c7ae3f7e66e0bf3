"""Settings with a few values changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.config.checks import check
from app.config.schema import Config


def changed(config: Config, changes: Mapping[str, Any]) -> Config:
    """Change settings by "section.name"; raises what a settings file with them would raise."""
    for name, value in changes.items():
        section, _, key = name.partition(".")
        config = replace(config, **{section: replace(getattr(config, section), **{key: value})})
    check(config, "the changes")
    return config
