"""`uninstall`: undo what `install` did; sessions and changed settings stay."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from app.base.errors import InstallRefused
from app.commands.exit_codes import DONE
from app.commands.installation import DATA, SERVICE
from app.commands.manifest import (
    MANIFEST,
    check_writable,
    path_in,
    read_manifest,
    removable,
    remove_files,
    remove_manifest,
)
from app.commands.programs import Command, Run, run_each, run_program
from app.commands.streams import print_line


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    run_uninstall(print_line, root=options.root, dry_run=options.dry_run)
    return DONE


def run_uninstall(
    write: Callable[[str], None], *, root: Path = Path("/"), dry_run: bool = False, run: Run = run_program
) -> None:
    """Remove exactly what `install` wrote.

    Args:
        write: Receives what is done, one line at a time.
        root: Where the system's files are; a folder other than / is a system that is not running.
        dry_run: Only write what would be done.
        run: Runs a program of the system.

    Raises:
        InstallRefused: If nothing is installed, unless it is a dry run, or this user may not remove it.
    """
    manifest = read_manifest(root)
    if manifest is None and dry_run:
        write(f"nothing to remove: {path_in(root, MANIFEST)} does not exist")
        return
    if manifest is None:
        raise InstallRefused(f"the kiosk is not installed here: {path_in(root, MANIFEST)} does not exist.")
    stop: Command = ("systemctl", "stop", SERVICE)
    of_extras = [command for undo in manifest.get("extras", {}).values() for command in undo]
    undo = [tuple(command) for command in (*manifest["undo"], *of_extras)]
    running = root == Path("/")
    if dry_run:
        for command in (stop, *undo) if running else ():
            write(f"run     {' '.join(command)}")
        for path in removable(root, manifest, write):
            write(f"remove  {path}")
        return
    check_writable(root)
    if running:
        run_each((stop,), write, run)
    remove_files(root, manifest, write)
    remove_manifest(root, manifest["folders"])
    if running:
        run_each(undo, write, run)
    write(f"The kiosk no longer starts with the machine. Its sessions are still in {DATA}.")
