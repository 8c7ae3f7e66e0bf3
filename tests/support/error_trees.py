"""The tree of errors that a module's docstring draws, and the tree of its classes."""

from __future__ import annotations

import inspect
import re
from types import ModuleType


def drawn_tree(module: ModuleType) -> dict[str, str | None]:
    """Each error that the docstring draws, and the error above it."""
    above: dict[str, str | None] = {}
    open_levels: list[str] = []
    for line in (module.__doc__ or "").splitlines():
        if found := re.match(r"([│├└─ ]*)([A-Z]\w+) {2,}\S", line):
            level = len(found[1]) // 4
            open_levels[level:] = [found[2]]
            above[found[2]] = open_levels[level - 1] if level else None
    return above


def class_tree(module: ModuleType, base: type[Exception]) -> dict[str, str | None]:
    """Each error class of the module that derives from `base`, and the one that it derives from."""
    return {
        name: next((above.__name__ for above in one.__bases__ if issubclass(above, base)), None)
        for name, one in inspect.getmembers(module, inspect.isclass)
        if issubclass(one, base)
    }
