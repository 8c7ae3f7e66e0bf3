"""`install`: start the kiosk when the machine starts; write the service, its rules and its settings."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.base.errors import ConfigInvalid, InstallRefused
from app.base.mounts import lost_at_restart
from app.commands.consent import Asks, Terminal, made_pin
from app.commands.exit_codes import DONE
from app.commands.extras import Extra
from app.commands.installation import DATA, SERVICE, SETTINGS, Plan, System, plan_for
from app.commands.manifest import (
    MANIFEST,
    check_writable,
    path_in,
    read_manifest,
    record_file,
    remove_files,
    write_file,
    write_manifest,
)
from app.commands.new_files import NewFile, NewLink
from app.commands.packaged import choose_for_package
from app.commands.pin import set_pin
from app.commands.programs import Run, run_each, run_program
from app.commands.streams import print_line
from app.commands.system import NO_SCREEN, PLACEHOLDER, limits_memory, look_at_system
from app.config.load import load_config
from app.config.schema import Config
from app.config.settings_file import FILE, SettingsFile


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    user, screen = options.user, options.screen
    if options.packaged:
        chosen = choose_for_package(options.root, print_line)
        if chosen is None:
            return DONE
        user, screen = chosen
    run_install(
        print_line,
        root=options.root,
        user=user,
        screen=screen,
        dry_run=options.dry_run,
        asks=Terminal(yes=options.yes),
    )
    return DONE


def run_install(
    write: Callable[[str], None],
    *,
    root: Path = Path("/"),
    user: str | None = None,
    screen: str = "auto",
    dry_run: bool = False,
    run: Run = run_program,
    asks: Asks | None = None,
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
        asks: Who agrees to changes beyond the kiosk's own files; None is nobody.

    Raises:
        InstallRefused: If the kiosk cannot be installed here. In that case nothing was written. A dry run names every
            obstacle.
    """
    obstacles: list[InstallRefused] = []
    system = look_at_system(root, user, screen, run, dry_run=dry_run, obstacles=obstacles if dry_run else None)
    plan = plan_for(system)
    running = root == Path("/")
    if dry_run:
        _stop_at(_obstacles(plan, root, obstacles), write)
        if user is None and system.user == PLACEHOLDER.name:
            shown = f"{system.user}, uid {system.uid}"
            write(f"NOTE    the kiosk must not run as root: name a user with --user. This listing shows {shown}.")
        _write_plan(plan, write, with_commands=running)
        _write_extras(system, write)
        return
    check_writable(root)
    before = read_manifest(root)
    agreed = _agreed(system, before, asks or Terminal(yes=False, is_terminal=False), write)
    if running and system.screen == "cage" and not _has_cage(root, agreed):
        raise InstallRefused(NO_SCREEN)
    plan = replace(plan, files=(*plan.files, *(file for extra in agreed for file in extra.files)))
    _refuse_foreign(plan, root, before)
    folders = _new_folders(plan, root, before)
    undo = _undo_of_extras(agreed, before)
    repeat = {"user": system.user, "screen": system.screen}
    written = replace(plan, files=tuple(file for file in plan.files if not _is_the_owners(file, root, before)))
    write_manifest(root, written, folders, undo, _first_pin(before), repeat)  # first: what stops half-way can be undone
    if running:
        run_each([command for extra in agreed for command in extra.commands], write, run)
    remove_files(root, _no_longer_written(before, plan), write)
    for file in plan.files:
        _write_one(file, root, system, folders, write)
    for link in plan.links:
        path = path_in(root, link.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(link.target)
        write(f"linked  {link.path}")
    _set_first_pin(root, system, asks, write)
    if running:
        run_each(plan.commands, write, run)
    for note in _notes(root, system):
        write(f"NOTE    {note}")
    write(f"The kiosk now starts with the machine. Settings: {SETTINGS}. Sessions: {DATA}.")
    write(f"To start it now: sudo systemctl start {SERVICE}")
    write(f"To read its log: journalctl -u {SERVICE}")


def _obstacles(plan: Plan, root: Path, obstacles: list[InstallRefused]) -> list[InstallRefused]:
    """Every reason not to install: those found before, and the files that do not belong to the kiosk."""
    return [*obstacles, *_foreign(plan, root, read_manifest(root))]


def _stop_at(obstacles: list[InstallRefused], write: Callable[[str], None]) -> None:
    """Refuse to go on if there are obstacles; several are written first, one line each."""
    if len(obstacles) > 1:
        for one in obstacles:
            write(f"STOP    {one}")
        raise InstallRefused(f"{len(obstacles)} things stand in the way. Solve them in this order, then look again.")
    for one in obstacles:
        raise one


def _write_plan(plan: Plan, write: Callable[[str], None], *, with_commands: bool) -> None:
    for file in plan.files:
        if file.kept:
            write(f"write   {file.path}, only if it does not exist: later changes are the owner's")
            continue
        _show_file(file, write)
    for link in plan.links:
        write(f"link    {link.path} -> {link.target}")
    write(f"write   {DATA / FILE} with a PIN for the staff pages, unless there is one")
    for command in plan.commands if with_commands else ():
        write(f"run     {' '.join(command)}")


def _write_extras(system: System, write: Callable[[str], None]) -> None:
    for extra in system.extras.extras:
        write(f"ask     whether the installation may {extra.about}")
        for file in extra.files:
            _show_file(file, write)
        for command in extra.commands:
            write(f"run     {' '.join(command)}")
    for note in system.extras.notes:
        write(f"NOTE    {note}")


def _show_file(file: NewFile, write: Callable[[str], None]) -> None:
    write(f"write   {file.path}")
    for line in file.text.splitlines():
        write(f"        {line}".rstrip())


def _agreed(
    system: System, before: dict[str, Any] | None, asks: Asks, write: Callable[[str], None]
) -> tuple[Extra, ...]:
    """The changes beyond the kiosk's own files that somebody agrees to, or agreed to earlier."""
    agreed = []
    for extra in system.extras.extras:
        if extra.name in (before or {}).get("extras", {}) or asks.agrees(extra.about):
            agreed.append(extra)
        else:
            write(f"left    it to you to {extra.about} (--yes lets install do it)")
    return tuple(agreed)


def _undo_of_extras(agreed: Iterable[Extra], before: dict[str, Any] | None) -> dict[str, list[list[str]]]:
    """How to undo each change that somebody agreed to, now or earlier."""
    earlier: dict[str, list[list[str]]] = (before or {}).get("extras", {})
    return {**{extra.name: [list(command) for command in extra.undo] for extra in agreed}, **earlier}


def _is_the_owners(file: NewFile, root: Path, before: dict[str, Any] | None) -> bool:
    """Whether a file was there before any installation: `uninstall` must leave it, whatever it holds."""
    ours = {entry["path"] for entry in before["files"]} if before else set()
    return file.kept and str(file.path) not in ours and path_in(root, file.path).exists()


def _first_pin(before: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The entry of the settings file with the first PIN, if an earlier installation wrote it."""
    return [entry for entry in (before or {"files": []})["files"] if entry["path"] == str(DATA / FILE)]


def _has_cage(root: Path, agreed: Iterable[Extra]) -> bool:
    return (root / "usr/bin/cage").exists() or any("cage" in command for extra in agreed for command in extra.commands)


def _write_one(file: NewFile, root: Path, system: System, folders: list[str], write: Callable[[str], None]) -> None:
    path = path_in(root, file.path)
    if file.kept and path.exists():
        write(f"kept    {file.path}")
        return
    write_file(path, file.text)
    if file.of_user and os.geteuid() == 0:
        new = [parent for parent in file.path.parents if str(parent) in folders]
        for one in (*new, file.path):
            os.chown(path_in(root, one), system.uid, system.gid)
    write(f"wrote   {file.path}")


def _set_first_pin(root: Path, system: System, asks: Asks | None, write: Callable[[str], None]) -> None:
    """Make sure that there is a PIN for the staff pages; show one that was made, this once."""
    folder = path_in(root, DATA)
    base = Config()
    with suppress(ConfigInvalid):  # the kiosk says what is wrong with it
        base = load_config(path_in(root, SETTINGS))
    settings = SettingsFile(base, folder)
    if settings.config.staff.pin:
        write("kept    the PIN of the staff pages")
        return
    chosen = asks.pin() if asks is not None else ""
    pin, is_new = chosen or made_pin(), not (folder / FILE).exists()
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(folder, system.uid, system.gid)
    set_pin(settings, folder, pin)
    if is_new:
        record_file(root, DATA / FILE)
    write(f"wrote   {DATA / FILE}, which holds a key of the PIN of the staff pages")
    if not chosen:
        write(
            f"PIN     {pin} opens the staff pages. Write it down: it is not shown again. The command pin sets another."
        )


def _notes(root: Path, system: System) -> tuple[str, ...]:
    notes = list(system.extras.notes)
    if not limits_memory(root):
        notes.append("memory is not limited here: add cgroup_enable=memory to the line in /boot/firmware/cmdline.txt.")
    if root == Path("/") and (kind := lost_at_restart(DATA)):
        notes.append(
            f"{DATA} is on {kind}, so what is taught there is lost when the computer restarts. Mount a disk on it."
        )
    return tuple(notes)


def _refuse_foreign(plan: Plan, root: Path, before: dict[str, Any] | None) -> None:
    """Refuse to overwrite a file that `install` did not write."""
    for error in _foreign(plan, root, before):
        raise error


def _foreign(plan: Plan, root: Path, before: dict[str, Any] | None) -> Iterator[InstallRefused]:
    """Yield an error for each file in the place of ours that `install` did not write."""
    ours = {entry["path"] for entry in (*before["files"], *before["links"])} if before else set()
    entries: tuple[NewFile | NewLink, ...] = (*plan.files, *plan.links)
    for entry in entries:
        kept = isinstance(entry, NewFile) and entry.kept
        path = path_in(root, entry.path)
        if str(entry.path) not in ours and not kept and (path.exists() or path.is_symlink()):
            yield InstallRefused(
                f"{path} exists already and does not belong to the kiosk. Move it away, then install again."
            )


def _new_folders(plan: Plan, root: Path, before: dict[str, Any] | None) -> list[str]:
    """Folders to create, outermost first, after those that an earlier installation created."""
    folders = list(before["folders"]) if before else []
    paths = [MANIFEST, DATA / FILE, *(file.path for file in plan.files), *(link.path for link in plan.links)]
    for path in paths:
        for parent in reversed(path.parents):
            if not path_in(root, parent).exists() and str(parent) not in folders:
                folders.append(str(parent))
    return folders


def _no_longer_written(before: dict[str, Any] | None, plan: Plan) -> dict[str, Any]:
    """The entries of the earlier manifest that the new plan does not write."""
    now = {str(DATA / FILE), *(str(file.path) for file in plan.files), *(str(link.path) for link in plan.links)}
    old = before or {"files": [], "links": []}
    return {kind: [entry for entry in old[kind] if entry["path"] not in now] for kind in ("files", "links")}
