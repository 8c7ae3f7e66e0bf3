"""The manifest of an installation: which files `install` wrote, so that `uninstall` removes exactly those.

All paths in a plan and in the manifest are absolute paths of the installed system; `path_in` finds them below the
folder where that system is mounted.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from app.base.errors import InstallRefused
from app.base.mounts import MOUNTS, READ_ONLY, lost_at_restart
from app.commands.installation import Plan

MANIFEST = Path("/etc/teachable-kiosk/installed.json")


def read_manifest(root: Path) -> dict[str, Any] | None:
    """Read the manifest of the system at `root`; None if nothing is installed.

    Raises:
        InstallRefused: If the file cannot be read.
    """
    path = path_in(root, MANIFEST)
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        return _checked(manifest)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise InstallRefused(
            f"cannot read {path}: {error}. Remove the kiosk's files by hand, and this file last."
        ) from error


def _checked(manifest: Any) -> dict[str, Any]:
    """Check that all that `uninstall` needs is there.

    Raises:
        ValueError: If not.
    """
    try:
        for entry in manifest["files"]:
            Path(entry["path"]), bool(entry["kept"]), str(entry["sha256"])
        for entry in manifest["links"]:
            Path(entry["path"]), str(entry["target"])
        for command in (*manifest["undo"], *(one for undo in manifest.get("extras", {}).values() for one in undo)):
            " ".join(command)
        for folder in manifest["folders"]:
            Path(folder)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("it is damaged") from error
    return dict(manifest)


def write_manifest(
    root: Path,
    plan: Plan,
    folders: list[str],
    extras: dict[str, list[list[str]]],
    more: list[dict[str, Any]],
    repeat: dict[str, str],
) -> None:
    """Record what a plan writes.

    Args:
        root: Where the system's files are.
        plan: Files, links and programs.
        folders: Those that are created for it.
        extras: How to undo each change beyond the kiosk's own files, by its name.
        more: Entries of files that the plan does not have.
        repeat: The user and the screen, by the names of the options that choose them.
    """
    manifest = {
        "files": [
            *({"path": str(file.path), "kept": file.kept, "sha256": _sha256(file.text)} for file in plan.files),
            *more,
        ],
        "links": [{"path": str(link.path), "target": str(link.target)} for link in plan.links],
        "folders": folders,
        "undo": [list(command) for command in plan.undo],
        "extras": extras,
        "repeat": repeat,
    }
    write_file(path_in(root, MANIFEST), json.dumps(manifest, indent=2) + "\n")


def remove_files(root: Path, manifest: dict[str, Any], write: Callable[[str], None]) -> None:
    """Remove the links and files of a manifest, except the owner's settings once they were changed."""
    for path in removable(root, manifest, write):
        path_in(root, path).unlink()
        write(f"removed {path}")


def removable(root: Path, manifest: dict[str, Any], write: Callable[[str], None]) -> Iterator[Path]:
    """Yield the links and files that `uninstall` removes; write a line for each that stays because it was changed."""
    for entry in manifest["links"]:
        path = path_in(root, Path(entry["path"]))
        if path.is_symlink() and str(path.readlink()) == entry["target"]:
            yield Path(entry["path"])
    for entry in manifest["files"]:
        path = path_in(root, Path(entry["path"]))
        if not path.is_file():
            continue
        if entry["kept"] and _sha256(path.read_text(encoding="utf-8", errors="surrogateescape")) != entry["sha256"]:
            write(f"kept    {entry['path']}: it was changed")
        else:
            yield Path(entry["path"])


def remove_manifest(root: Path, folders: list[str]) -> None:
    """Remove the manifest, then those `folders` that are empty."""
    path_in(root, MANIFEST).unlink()
    for folder in reversed(folders):
        path = path_in(root, Path(folder))
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def check_writable(root: Path, mounts: Path = MOUNTS) -> None:
    """Check that the system's settings may be changed.

    Raises:
        InstallRefused: If they may not.
    """
    etc = path_in(root, Path("/etc"))
    if not os.access(etc, os.W_OK) and lost_at_restart(etc, mounts) == READ_ONLY:
        raise InstallRefused(
            f"{etc} is on a read-only file system. Make it writable first: sudo mount -o remount,rw /, or switch the "
            "overlay of Raspberry Pi OS off with raspi-config."
        )
    if not os.access(etc, os.W_OK):
        raise InstallRefused(f"cannot write to {etc}. Run it with sudo, or with --dry-run.")


def record_file(root: Path, path: Path) -> None:
    """Add a file that exists to the manifest: `uninstall` removes it, unless it is changed by then."""
    manifest = read_manifest(root)
    if manifest is not None:
        digest = hashlib.sha256(path_in(root, path).read_bytes()).hexdigest()
        manifest["files"].append({"path": str(path), "kept": True, "sha256": digest})
        write_file(path_in(root, MANIFEST), json.dumps(manifest, indent=2) + "\n")


def write_file(path: Path, text: str) -> None:
    """Write a file that everybody may read, completely or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.chmod(0o644)
    partial.replace(path)


def path_in(root: Path, path: Path) -> Path:
    """Where an absolute path of the installed system is on this computer."""
    return root / path.relative_to("/")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
