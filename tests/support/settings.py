"""Settings with a few values changed, and wrong values for every setting."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, get_type_hints

from app.config.checks import check
from app.config.schema import Config

WRONG: dict[Any, tuple[Any, ...]] = {
    bool: (1, "true", [], {}),
    int: (-1, 1 << 70, 1.5, True, "7", float("nan")),
    float: (-1.0, float("nan"), float("inf"), float("-inf"), "1.0", True, []),
    str: (7, "", "\0", "no such thing", "x" * 5000, "~nobody/x", "Ω\n", ["x"], {"x": 1}),
    tuple[str, ...]: ("x", [1], [], ["\0"], ["no such thing"], ["x"] * 300, ["", ""], {}),
}
"""Values by the type of the setting; some settings accept some of them."""


def setting_types() -> Iterator[tuple[str, str, Any]]:
    """Yield section, key and type of every setting."""
    for section in dataclasses.fields(Config):
        settings = getattr(Config(), section.name)
        for key, kind in get_type_hints(type(settings)).items():
            yield section.name, key, kind


def changed(config: Config, changes: Mapping[str, Any]) -> Config:
    """Change settings by "section.name"; raises what a settings file with them would raise."""
    for name, value in changes.items():
        section, _, key = name.partition(".")
        config = replace(config, **{section: replace(getattr(config, section), **{key: value})})
    check(config, "the changes")
    return config
