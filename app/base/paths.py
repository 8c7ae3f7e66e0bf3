"""Where the program's own files are, whether it runs from a checkout or from an installed wheel."""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

COMMAND = "teachable-kiosk"
"""The package, and the command that it installs."""


def asset_path(*parts: str) -> Path:
    """Path of a file or folder below `assets/`, for example `asset_path("fonts", "x.ttf")`."""
    return Path(str(files("assets").joinpath(*parts)))


def import_folder() -> Path:
    """The folder that holds `app`, `learning`, `tpu`, `assets` and `run_kiosk.py`: a checkout, or `site-packages`.

    A child process that gets it as its working directory, or first in `sys.path`, imports the same program.
    """
    return Path(str(files("app"))).parent


def is_checkout() -> bool:
    """Whether the program runs from a checkout of its sources, not from an installed wheel."""
    return (import_folder() / "pyproject.toml").is_file()


def program_name() -> str:
    """What the user typed to start the program: the installed command, or the script of a checkout."""
    return COMMAND if Path(sys.argv[0]).name == COMMAND else "run_kiosk.py"
