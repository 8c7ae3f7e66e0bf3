"""`install` and `uninstall`: the kiosk starts with the power, or no longer does."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from app.base.errors import InstallRefused
from app.commands.installation import DATA, SERVICE, SETTINGS, Command, NewFile, NewLink, Plan, plan_for
from app.commands.system import STAND_IN, limits_memory, look_at_system

MANIFEST = Path("/etc/teachable-kiosk/installed.json")

Run = Callable[[Command], "subprocess.CompletedProcess[str]"]


def run_command(command: Command) -> subprocess.CompletedProcess[str]:
    """Run one command of the system; a program that is missing counts as one that failed."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))


def run_install(
    write: Callable[[str], None],
    *,
    root: Path = Path("/"),
    user: str | None = None,
    screen: str = "auto",
    dry_run: bool = False,
    run: Run = run_command,
) -> None:
    """Write the service, its rules and settings, and have the system read them.

    Args:
        write: Takes what is done, a line at a time.
        root: Where the system's files are; another than / is a system that does not run, such as a mounted image.
        user: Who the kiosk runs as; None is who called sudo, or the owner of the project.
        screen: "auto", "desktop", "kmsdrm" or "cage".
        dry_run: Say all that would be done, and do nothing.
        run: Runs a command.

    Raises:
        InstallRefused: If it cannot be done here; nothing has been written then.
    """
    system = look_at_system(root, user, screen, run, dry_run=dry_run)
    plan = plan_for(system)
    here = root == Path("/")
    if dry_run:
        if user is None and system.user == STAND_IN.name:
            stand_in = f"{system.user}, number {system.uid}"
            write(f"NOTE    the kiosk must not run as root: name a user with --user. Here it is {stand_in}.")
        _tell(plan, write, commands=here)
        return
    _may_write(root)
    before = _manifest(root)
    _refuse_foreign(plan, root, before)
    folders = _new_folders(plan, root, before)
    _write_manifest(root, plan, folders)  # first: whatever happens from here on can be undone
    _remove(root, _left_over(before, plan), write)
    for file in plan.files:
        at = _at(root, file.path)
        if file.kept and at.exists():
            write(f"kept    {file.path}")
            continue
        _write_file(at, file.text)
        write(f"wrote   {file.path}")
    for link in plan.links:
        at = _at(root, link.path)
        at.parent.mkdir(parents=True, exist_ok=True)
        at.unlink(missing_ok=True)
        at.symlink_to(link.target)
        write(f"linked  {link.path}")
    if here:
        _run_all(plan.commands, write, run)
    if not limits_memory(root):
        write("NOTE    memory is not limited here: add cgroup_enable=memory to the line in /boot/firmware/cmdline.txt.")
    write(f"The kiosk starts with the power from now on. Settings: {SETTINGS}. Sessions: {DATA}.")
    write(f"Start it at once: sudo systemctl start {SERVICE}. Read what it says: journalctl -u {SERVICE}.")


def run_uninstall(
    write: Callable[[str], None], *, root: Path = Path("/"), dry_run: bool = False, run: Run = run_command
) -> None:
    """Take away exactly what `install` wrote. Sessions, and settings that were changed, stay.

    Raises:
        InstallRefused: If nothing is installed, or it may not be taken away.
    """
    manifest = _manifest(root)
    if manifest is None:
        raise InstallRefused(f"the kiosk is not installed here: there is no {_at(root, MANIFEST)}.")
    stop: Command = ("systemctl", "stop", SERVICE)
    undo = [tuple(command) for command in manifest["undo"]]
    here = root == Path("/")
    if dry_run:
        for command in (stop, *undo) if here else ():
            write(f"run     {' '.join(command)}")
        for entry in (*manifest["links"], *manifest["files"]):
            write(f"remove  {entry['path']}")
        return
    _may_write(root)
    if here:
        _run_all((stop,), write, run)
    _remove(root, manifest, write)
    _at(root, MANIFEST).unlink()
    for folder in reversed(manifest["folders"]):
        at = _at(root, Path(folder))
        if at.is_dir() and not any(at.iterdir()):
            at.rmdir()
    if here:
        _run_all(undo, write, run)
    write(f"The kiosk no longer starts with the power. Its sessions are still in {DATA}.")


def _tell(plan: Plan, write: Callable[[str], None], *, commands: bool) -> None:
    for file in plan.files:
        if file.kept:
            write(f"write   {file.path}, only if there is none: it is the owner's from then on")
            continue
        write(f"write   {file.path}")
        for line in file.text.splitlines():
            write(f"        {line}".rstrip())
    for link in plan.links:
        write(f"link    {link.path} -> {link.target}")
    for command in plan.commands if commands else ():
        write(f"run     {' '.join(command)}")


def _run_all(commands: Sequence[Command], write: Callable[[str], None], run: Run) -> None:
    """Run them all; one that fails leaves the others to be done, and is told to be done by hand."""
    for command in commands:
        done = run(command)
        line = " ".join(command)
        if done.returncode == 0:
            write(f"ran     {line}")
        else:
            reason = (done.stderr or done.stdout).strip().splitlines()
            write(f"FAILED  {line}: {reason[-1] if reason else f'exit code {done.returncode}'}. Run it by hand.")


# --- the manifest: what was written, so that exactly that is taken away ---------------------------------


def _manifest(root: Path) -> dict[str, Any] | None:
    path = _at(root, MANIFEST)
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InstallRefused(f"{path} cannot be read: {error}. Remove the kiosk's files by hand, then it.") from error
    return dict(manifest)


def _write_manifest(root: Path, plan: Plan, folders: list[str]) -> None:
    manifest = {
        "files": [{"path": str(file.path), "kept": file.kept, "sha256": _sha256(file.text)} for file in plan.files],
        "links": [{"path": str(link.path), "target": str(link.target)} for link in plan.links],
        "folders": folders,
        "undo": [list(command) for command in plan.undo],
    }
    _write_file(_at(root, MANIFEST), json.dumps(manifest, indent=2) + "\n")


def _refuse_foreign(plan: Plan, root: Path, before: dict[str, Any] | None) -> None:
    """A file that is there and was not written by us is somebody else's."""
    ours = {entry["path"] for entry in (*before["files"], *before["links"])} if before else set()
    things: tuple[NewFile | NewLink, ...] = (*plan.files, *plan.links)
    for thing in things:
        kept = isinstance(thing, NewFile) and thing.kept
        at = _at(root, thing.path)
        if str(thing.path) not in ours and not kept and (at.exists() or at.is_symlink()):
            raise InstallRefused(f"{at} is there already and is not the kiosk's. Move it away, then install again.")


def _new_folders(plan: Plan, root: Path, before: dict[str, Any] | None) -> list[str]:
    """Folders that have to be made, outermost first; and those that an installation before this one made."""
    folders = list(before["folders"]) if before else []
    things = [MANIFEST, *(file.path for file in plan.files), *(link.path for link in plan.links)]
    for path in things:
        for parent in reversed(path.parents):
            if not _at(root, parent).exists() and str(parent) not in folders:
                folders.append(str(parent))
    return folders


def _left_over(before: dict[str, Any] | None, plan: Plan) -> dict[str, Any]:
    """What an installation before this one wrote and this one does not."""
    now = {str(file.path) for file in plan.files} | {str(link.path) for link in plan.links}
    old = before or {"files": [], "links": []}
    return {kind: [entry for entry in old[kind] if entry["path"] not in now] for kind in ("files", "links")}


def _remove(root: Path, manifest: dict[str, Any], write: Callable[[str], None]) -> None:
    for entry in manifest["links"]:
        at = _at(root, Path(entry["path"]))
        if at.is_symlink() and str(at.readlink()) == entry["target"]:
            at.unlink()
            write(f"removed {entry['path']}")
    for entry in manifest["files"]:
        at = _at(root, Path(entry["path"]))
        if not at.is_file():
            continue
        if entry["kept"] and _sha256(at.read_text(encoding="utf-8", errors="surrogateescape")) != entry["sha256"]:
            write(f"kept    {entry['path']}: it was changed")
            continue
        at.unlink()
        write(f"removed {entry['path']}")


def _may_write(root: Path) -> None:
    if not os.access(_at(root, Path("/etc")), os.W_OK):
        raise InstallRefused(f"{_at(root, Path('/etc'))} cannot be written. Run it with sudo, or with --dry-run.")


def _write_file(path: Path, text: str) -> None:
    """Write it whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.chmod(0o644)
    partial.replace(path)


def _at(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
