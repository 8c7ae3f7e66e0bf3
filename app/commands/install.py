"""`install`: start the kiosk when the machine starts; write the service, its rules and its settings."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.base.errors import InstallRefused
from app.commands.exit_codes import DONE
from app.commands.installation import DATA, SERVICE, SETTINGS, NewFile, NewLink, Plan, plan_for
from app.commands.manifest import (
    MANIFEST,
    check_writable,
    path_in,
    read_manifest,
    remove_files,
    write_file,
    write_manifest,
)
from app.commands.programs import Run, run_each, run_program
from app.commands.system import PLACEHOLDER, limits_memory, look_at_system


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    run_install(print, root=options.root, user=options.user, screen=options.screen, dry_run=options.dry_run)
    return DONE


def run_install(
    write: Callable[[str], None],
    *,
    root: Path = Path("/"),
    user: str | None = None,
    screen: str = "auto",
    dry_run: bool = False,
    run: Run = run_program,
) -> None:
    """Write the service, its rules and settings, and make a running system load them.

    Args:
        write: Receives what is done, one line at a time.
        root: Where the system's files are; a folder other than / is a system that is not running, such as a mounted
            image.
        user: The user that runs the kiosk; None is the user who called sudo, else the owner of the project.
        screen: "auto", "desktop", "kmsdrm" or "cage".
        dry_run: Only write what would be done.
        run: Runs a program of the system.

    Raises:
        InstallRefused: If the kiosk cannot be installed here. In that case nothing was written.
    """
    system = look_at_system(root, user, screen, run, dry_run=dry_run)
    plan = plan_for(system)
    running = root == Path("/")
    if dry_run:
        if user is None and system.user == PLACEHOLDER.name:
            shown = f"{system.user}, uid {system.uid}"
            write(f"NOTE    the kiosk must not run as root: name a user with --user. This listing shows {shown}.")
        _write_plan(plan, write, with_commands=running)
        return
    check_writable(root)
    before = read_manifest(root)
    _refuse_foreign(plan, root, before)
    folders = _new_folders(plan, root, before)
    write_manifest(root, plan, folders)  # first, so that an installation that stops in the middle can be undone
    remove_files(root, _no_longer_written(before, plan), write)
    for file in plan.files:
        path = path_in(root, file.path)
        if file.kept and path.exists():
            write(f"kept    {file.path}")
            continue
        write_file(path, file.text)
        write(f"wrote   {file.path}")
    for link in plan.links:
        path = path_in(root, link.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(link.target)
        write(f"linked  {link.path}")
    if running:
        run_each(plan.commands, write, run)
    if not limits_memory(root):
        write("NOTE    memory is not limited here: add cgroup_enable=memory to the line in /boot/firmware/cmdline.txt.")
    write(f"The kiosk now starts with the machine. Settings: {SETTINGS}. Sessions: {DATA}.")
    write(f"To start it now: sudo systemctl start {SERVICE}")
    write(f"To read its log: journalctl -u {SERVICE}")


def _write_plan(plan: Plan, write: Callable[[str], None], *, with_commands: bool) -> None:
    for file in plan.files:
        if file.kept:
            write(f"write   {file.path}, only if it does not exist: later changes are the owner's")
            continue
        write(f"write   {file.path}")
        for line in file.text.splitlines():
            write(f"        {line}".rstrip())
    for link in plan.links:
        write(f"link    {link.path} -> {link.target}")
    for command in plan.commands if with_commands else ():
        write(f"run     {' '.join(command)}")


def _refuse_foreign(plan: Plan, root: Path, before: dict[str, Any] | None) -> None:
    """Refuse to overwrite a file that `install` did not write."""
    ours = {entry["path"] for entry in (*before["files"], *before["links"])} if before else set()
    entries: tuple[NewFile | NewLink, ...] = (*plan.files, *plan.links)
    for entry in entries:
        kept = isinstance(entry, NewFile) and entry.kept
        path = path_in(root, entry.path)
        if str(entry.path) not in ours and not kept and (path.exists() or path.is_symlink()):
            raise InstallRefused(
                f"{path} exists already and does not belong to the kiosk. Move it away, then install again."
            )


def _new_folders(plan: Plan, root: Path, before: dict[str, Any] | None) -> list[str]:
    """Folders to create, outermost first, after those that an earlier installation created."""
    folders = list(before["folders"]) if before else []
    paths = [MANIFEST, *(file.path for file in plan.files), *(link.path for link in plan.links)]
    for path in paths:
        for parent in reversed(path.parents):
            if not path_in(root, parent).exists() and str(parent) not in folders:
                folders.append(str(parent))
    return folders


def _no_longer_written(before: dict[str, Any] | None, plan: Plan) -> dict[str, Any]:
    """The entries of the earlier manifest that the new plan does not write."""
    now = {str(file.path) for file in plan.files} | {str(link.path) for link in plan.links}
    old = before or {"files": [], "links": []}
    return {kind: [entry for entry in old[kind] if entry["path"] not in now] for kind in ("files", "links")}
