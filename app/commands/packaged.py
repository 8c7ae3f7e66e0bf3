"""What the Debian package does about the service: it never asks, and it respects what the operator chose before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.base.paths import COMMAND
from app.commands.manifest import read_manifest
from app.commands.system import starts_desktop

USER = COMMAND
"""The user that the package creates to run the kiosk where nobody chose another one."""


def choose_for_package(root: Path, write: Callable[[str], None]) -> tuple[str, str] | None:
    """Return the user and the screen to install for, or None to leave the system as it is.

    An earlier installation is repeated, whoever made it. Without one, a computer that starts a desktop belongs to a
    person: the package does not make a kiosk of it.

    Raises:
        InstallRefused: If the record of the earlier installation cannot be read.
    """
    before = read_manifest(root)
    if before is not None:
        repeat = before.get("repeat", {})
        return repeat.get("user", USER), repeat.get("screen", "auto")
    if starts_desktop(root):
        write("This computer starts a desktop, so nothing else is changed. The menu has the kiosk as a program.")
        write(f"To start the kiosk with the computer: sudo {COMMAND} install --user NAME")
        return None
    return USER, "auto"
