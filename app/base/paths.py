"""Find the program's own files, in a checkout or in an installed wheel."""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

COMMAND = "teachable-kiosk"
"""The name of the package and of the command that it installs."""


def asset_path(*parts: str) -> Path:
    """Return the path of a file or folder below `assets/`, for example `asset_path("fonts", "x.ttf")`."""
    return Path(str(files("assets").joinpath(*parts)))


def import_folder() -> Path:
    """Return the folder of `app`, `learning`, `tpu`, `assets` and `run_kiosk.py`: a checkout, or `site-packages`.

    A child process with this working directory, or with it first in `sys.path`, imports the same program.
    """
    return Path(str(files("app"))).parent


def is_checkout() -> bool:
    """Return whether the program runs from a checkout of its sources, not from an installed wheel."""
    return (import_folder() / "pyproject.toml").is_file()


def program_name() -> str:
    """Return what the user typed to start the program: the installed command, or the script of a checkout."""
    return COMMAND if Path(sys.argv[0]).name == COMMAND else "run_kiosk.py"
