"""How to run a module of this package in a Python process of its own, wherever the package is installed."""

from __future__ import annotations

import os
import sys


def module_command(module: str, *arguments: str) -> list[str]:
    """The command line that runs a module by its name, as `python -m` does.

    Since Python 3.11 `-P` keeps files in the current folder from hiding installed modules of the same name.
    """
    safe_path = ["-P"] if sys.version_info >= (3, 11) else []
    return [sys.executable, *safe_path, "-m", module, *arguments]


def module_environment() -> dict[str, str]:
    """The environment in which the process finds the same modules as this one: from a source tree or a wheel."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
