"""Looks at the computer that the kiosk is to be installed on: its users, groups, screen, and Python."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from app.base.errors import InstallRefused
from app.base.paths import COMMAND, import_folder, is_checkout
from app.commands.installation import GROUPS, Command, System

SCREENS = ("auto", "desktop", "kmsdrm", "cage")
DRIVERS = """
import ctypes, re, pygame
sdl = ctypes.CDLL(re.search(r"/\\S*libSDL2-2\\S*", open("/proc/self/maps").read())[0])
sdl.SDL_GetVideoDriver.restype = ctypes.c_char_p
print(*(sdl.SDL_GetVideoDriver(number).decode() for number in range(sdl.SDL_GetNumVideoDrivers())))
"""
"""Prints the video drivers of the SDL that pygame uses, which may be another one than its own: SDL_DYNAMIC_API."""

Run = Callable[[Command], "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True)
class User:
    """Somebody in /etc/passwd, with the groups that the service gets."""

    name: str
    uid: int
    groups: frozenset[int]


STAND_IN = User("NAME", 1000, frozenset())
"""Whom a dry run plans for, where nobody is named and who calls is root."""


def look_at_system(root: Path, user: str | None, screen: str, run: Run, *, dry_run: bool = False) -> System:
    """Find out all that the plan depends on; a dry run has STAND_IN where only the user is still to be named.

    Raises:
        InstallRefused: If there is no user to run as, it cannot read the project, or there is no way to draw.
    """
    nobody_named = dry_run and user is None
    python, module = Path(sys.executable), import_folder() / "run_kiosk.py"
    program = (python, module) if is_checkout() else (installed_command(),)
    chosen = _user(
        root, user or os.environ.get("SUDO_USER") or _owner(module), root_as=STAND_IN if nobody_named else None
    )
    here = root == Path("/")
    if here and chosen is not STAND_IN:
        for file in dict.fromkeys((*program, module, python)):
            check_reachable(file, chosen)
    manual = import_folder() / "docs/operating.md"
    screen, library = screen_for(root, screen, python, run)
    return System(
        user=chosen.name,
        uid=chosen.uid,
        groups=frozenset(_groups(root)),
        screen=screen,
        sdl_library=library,
        program=program,
        manual=manual if manual.is_file() else None,
        blanking=blanks_its_screen(run) if here else None,
    )


def installed_command() -> Path:
    """Where the installer of this package put its command; it notes every file that it writes.

    Raises:
        InstallRefused: If the package was unpacked without an installer.
    """
    try:
        files = distribution(COMMAND).files or []
    except PackageNotFoundError:
        files = []
    for file in files:
        if file.name == COMMAND:
            return Path(os.path.normpath(str(file.locate())))
    raise InstallRefused(
        f"the command {COMMAND} is not installed beside this program. Install it with pip, pipx or uv, then again."
    )


def _user(root: Path, name: str, root_as: User | None) -> User:
    """Somebody in the system's table; for root, who must not run the kiosk, whoever stands in."""
    passwd = root / "etc/passwd"
    entries = {fields[0]: fields for fields in _table(passwd) if len(fields) >= 4}
    if name not in entries:
        raise InstallRefused(f"there is no user {name} in {passwd}. Make it: sudo useradd --create-home {name}.")
    uid, gid = int(entries[name][2]), int(entries[name][3])
    if uid == 0 and root_as is not None:
        return root_as
    if uid == 0:
        raise InstallRefused("the kiosk must not run as root. Name another user with --user.")
    groups = _groups(root)
    others = {number for number, members in groups.values() if name in members}
    granted = {groups[group][0] for group in GROUPS if group in groups}
    return User(name, uid, frozenset({gid, *others, *granted}))


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except KeyError:
        raise InstallRefused(f"{path} belongs to nobody that is known here. Name a user with --user.") from None


def _groups(root: Path) -> dict[str, tuple[int, frozenset[str]]]:
    """Number and members by name."""
    return {
        fields[0]: (int(fields[2]), frozenset(fields[3].split(",")))
        for fields in _table(root / "etc/group")
        if len(fields) >= 4
    }


def _table(path: Path) -> list[list[str]]:
    try:
        lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError as error:
        raise InstallRefused(f"{path} cannot be read: {error.strerror}. Check --root.") from error
    return [line.split(":") for line in lines if line and not line.startswith("#")]


def check_reachable(path: Path, user: User) -> None:
    """Refuse a file that the user could not read, by its own path or, as a venv's Python is a link, where that leads.

    Raises:
        InstallRefused: Naming the first folder on the way that is closed.
    """
    for place in dict.fromkeys(one for file in (path, path.resolve()) for one in (*reversed(file.parents), file)):
        facts = place.stat()
        others = stat.S_IXGRP if facts.st_gid in user.groups else stat.S_IXOTH
        enter = stat.S_IXUSR if facts.st_uid == user.uid else others
        needed = enter if place.is_dir() else enter << 2  # pass through the folders, read the file
        if not facts.st_mode & needed:
            raise InstallRefused(
                f"the user {user.name} may not read {place}, where the kiosk or its Python is. "
                "Install the kiosk below /opt, or name its owner with --user."
            )


def screen_for(root: Path, wanted: str, python: Path, run: Run) -> tuple[str, str]:
    """How the kiosk gets its screen, and the SDL to use for it where that is not pygame's own."""
    if wanted == "auto" and _starts_desktop(root):
        wanted = "desktop"
    if wanted in ("desktop", "cage"):
        return wanted, ""
    if root == Path("/"):
        for library in ("", *sorted(str(path) for path in Path("/usr/lib").glob("*/libSDL2-2.0.so.0"))):
            setting = (f"SDL_DYNAMIC_API={library}",) if library else ()
            drivers = run(("env", "PYGAME_HIDE_SUPPORT_PROMPT=1", *setting, str(python), "-c", DRIVERS))
            if "KMSDRM" in drivers.stdout.split():
                return "kmsdrm", library
    if wanted == "auto" and (root / "usr/bin/cage").exists():
        return "cage", ""
    if wanted == "kmsdrm" and root != Path("/"):
        return wanted, ""  # an image for another computer: its owner knows
    raise InstallRefused(
        "this computer starts no desktop, and its SDL cannot draw on a console. Install a compositor for one program: "
        "sudo apt install cage. Then install again."
    )


def _starts_desktop(root: Path) -> bool:
    """Whether a display manager comes up at boot: raspi-config can keep one installed and start a console."""
    manager = root / "etc/systemd/system/display-manager.service"
    for place in ("etc/systemd/system/default.target", "usr/lib/systemd/system/default.target"):
        link = root / place
        if link.is_symlink():
            return (manager.exists() or manager.is_symlink()) and link.readlink().name == "graphical.target"
    return manager.exists() or manager.is_symlink()


def blanks_its_screen(run: Run) -> bool | None:
    """Whether Raspberry Pi OS blanks the screen; None where there is no raspi-config."""
    asked = run(("raspi-config", "nonint", "get_blanking"))
    return asked.stdout.strip() == "0" if asked.returncode == 0 else None


def limits_memory(root: Path) -> bool:
    """Whether the kernel limits memory by cgroup; Raspberry Pi OS starts it with that switched off."""
    try:
        controllers = (root / "sys/fs/cgroup/cgroup.controllers").read_text(encoding="ascii").split()
    except OSError:  # an image, or the cgroups of before
        return True
    return "memory" in controllers
