"""Examine the system that the kiosk is installed on: its users, groups, screen and Python."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TypeVar

from app.base.errors import InstallRefused
from app.base.paths import COMMAND, import_folder, is_checkout
from app.commands.extras import APT, extras_for
from app.commands.installation import GROUPS, System
from app.commands.programs import Run

DRIVERS = """
import ctypes, re, pygame
sdl = ctypes.CDLL(re.search(r"/\\S*libSDL2-2\\S*", open("/proc/self/maps").read())[0])
sdl.SDL_GetVideoDriver.restype = ctypes.c_char_p
print(*(sdl.SDL_GetVideoDriver(number).decode() for number in range(sdl.SDL_GetNumVideoDrivers())))
"""
"""A program that prints the video drivers of the SDL that pygame uses, which SDL_DYNAMIC_API can replace."""


NO_SCREEN = (
    "this computer starts no desktop, and its SDL cannot draw on a console. Install the compositor cage "
    "(sudo apt install cage), then install again."
)


@dataclass(frozen=True)
class User:
    """A user in /etc/passwd, with the group numbers that the service has."""

    name: str
    uid: int
    groups: frozenset[int]
    gid: int = 0
    home: Path = Path("/nonexistent")


PLACEHOLDER = User("NAME", 1000, frozenset())
"""The user of a dry run that root starts without --user."""


def look_at_system(
    root: Path,
    user: str | None,
    screen: str,
    run: Run,
    *,
    dry_run: bool = False,
    obstacles: list[InstallRefused] | None = None,
) -> System:
    """Find out what the plan depends on. A dry run without a user has PLACEHOLDER in place of root.

    Args:
        root, user, screen, run, dry_run: As for `app.commands.install.run_install`.
        obstacles: Receives every reason not to install, and a likely value takes the place of what is missing; None
            raises the first reason.

    Raises:
        InstallRefused: If no user can run the kiosk, the user may not read the program, or the kiosk could not draw.
    """
    python, module = Path(sys.executable), import_folder() / "run_kiosk.py"
    found = Found(obstacles)
    program = (python, module) if is_checkout() else found.or_else((module,), lambda: (installed_command(),))
    instead_of_root = PLACEHOLDER if dry_run and user is None else None
    chosen = found.or_else(
        PLACEHOLDER, lambda: _user(root, user or os.environ.get("SUDO_USER") or _owner(module), instead_of_root)
    )
    running = root == Path("/")
    if running and chosen is not PLACEHOLDER:
        for file in dict.fromkeys((*program, module)):
            what = "the kiosk" if file != python else "its Python"
            found.or_else(None, partial(check_reachable, file, chosen, what))
        if python not in (*program, module):
            found.or_else(None, partial(check_reachable, python, chosen, "its Python"))
    manual = import_folder() / "docs/operating.md"
    wanted = screen
    screen, library = found.or_else(
        ("desktop", ""), lambda: screen_for(root, wanted, python, run, may_add_cage=running)
    )
    return System(
        user=chosen.name,
        uid=chosen.uid,
        gid=chosen.gid,
        extras=extras_for(root, chosen.name, chosen.home, screen),
        groups=found.or_else(frozenset(), lambda: frozenset(_groups(root))),
        screen=screen,
        sdl_library=library,
        program=program,
        manual=manual if manual.is_file() else None,
        blanking=blanks_its_screen(run) if running else None,
    )


Value = TypeVar("Value")


@dataclass(frozen=True)
class Found:
    """Looks at one thing after the other, and goes on after an obstacle if there is a list for them."""

    obstacles: list[InstallRefused] | None

    def or_else(self, default: Value, look: Callable[[], Value]) -> Value:
        """Return what `look` returns; or note why it refused, and return the default."""
        try:
            return look()
        except InstallRefused as error:
            if self.obstacles is None:
                raise
            if str(error) not in map(str, self.obstacles):
                self.obstacles.append(error)
            return default


def installed_command() -> Path:
    """Find the command in the list of files that the installer of this package wrote.

    Raises:
        InstallRefused: If the package was unpacked without an installer, so that there is no command.
    """
    try:
        files = distribution(COMMAND).files or []
    except PackageNotFoundError:
        files = []
    for file in files:
        if file.name == COMMAND:
            return Path(os.path.normpath(str(file.locate())))
    raise InstallRefused(
        f"the command {COMMAND} is not installed beside this program. Install the package with pip, pipx or uv."
    )


def _user(root: Path, name: str, instead_of_root: User | None) -> User:
    """Read a user from the system's tables. Root must not run the kiosk: return `instead_of_root`, or refuse."""
    passwd = root / "etc/passwd"
    entries = {fields[0]: fields for fields in _table(passwd) if len(fields) >= 4}
    if name not in entries:
        raise InstallRefused(f"{passwd} has no user {name}. Create it: sudo useradd --create-home {name}")
    uid, gid = int(entries[name][2]), int(entries[name][3])
    if uid == 0 and instead_of_root is not None:
        return instead_of_root
    if uid == 0:
        raise InstallRefused("the kiosk must not run as root. Name another user with --user.")
    groups = _groups(root)
    others = {number for number, members in groups.values() if name in members}
    granted = {groups[group][0] for group in GROUPS if group in groups}
    home = Path(entries[name][5]) if len(entries[name]) > 5 and entries[name][5].startswith("/") else User.home
    return User(name, uid, frozenset({gid, *others, *granted}), gid, home)


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except KeyError:
        raise InstallRefused(f"the owner of {path} is not a user of this system. Name a user with --user.") from None


def _groups(root: Path) -> dict[str, tuple[int, frozenset[str]]]:
    """Number and members of every group, by name."""
    return {
        fields[0]: (int(fields[2]), frozenset(fields[3].split(",")))
        for fields in _table(root / "etc/group")
        if len(fields) >= 4
    }


def _table(path: Path) -> list[list[str]]:
    try:
        lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError as error:
        raise InstallRefused(f"cannot read {path}: {error.strerror}. Check --root.") from error
    return [line.split(":") for line in lines if line and not line.startswith("#")]


def check_reachable(path: Path, user: User, what: str) -> None:
    """Check that a user may read a file, both by its own path and by its target if it is a link, as a venv's Python is.

    Args:
        path: The file.
        user: Who runs the kiosk.
        what: What the file is, for the error: "the kiosk" or "its Python".

    Raises:
        InstallRefused: Naming the first folder, or the file, that is closed to the user.
    """
    steps = {
        "the kiosk": "Install the kiosk below /opt",
        "its Python": "Set the kiosk up with a Python that every user may read, such as /usr/bin/python3",
    }
    for place in dict.fromkeys(one for file in (path, path.resolve()) for one in (*reversed(file.parents), file)):
        facts = place.stat()
        others = stat.S_IXGRP if facts.st_gid in user.groups else stat.S_IXOTH
        enter = stat.S_IXUSR if facts.st_uid == user.uid else others
        needed = enter if place.is_dir() else enter << 2  # x to pass through a folder, r to read the file
        if not facts.st_mode & needed:
            raise InstallRefused(
                f"the user {user.name} may not read {place}, where {what} is. {steps[what]}, "
                "or name its owner with --user."
            )


def screen_for(root: Path, wanted: str, python: Path, run: Run, *, may_add_cage: bool = False) -> tuple[str, str]:
    """Choose how the kiosk draws, and which SDL library it needs for that; "" is pygame's own.

    With `may_add_cage` the answer may be "cage" although it is not installed yet.

    Raises:
        InstallRefused: If neither a desktop, nor the console, nor the compositor `cage` can be used.
    """
    if wanted == "auto" and starts_desktop(root):
        wanted = "desktop"
    if wanted in ("desktop", "cage"):
        return wanted, ""
    if root == Path("/"):
        for library in ("", *sorted(str(path) for path in Path("/usr/lib").glob("*/libSDL2-2.0.so.0"))):
            setting = (f"SDL_DYNAMIC_API={library}",) if library else ()
            drivers = run(("env", "PYGAME_HIDE_SUPPORT_PROMPT=1", *setting, str(python), "-c", DRIVERS))
            if "KMSDRM" in drivers.stdout.split():
                return "kmsdrm", library
    if wanted == "auto" and ((root / "usr/bin/cage").exists() or (may_add_cage and (root / APT).exists())):
        return "cage", ""
    if wanted == "kmsdrm" and root != Path("/"):
        return wanted, ""  # an image for another computer: trust its owner
    raise InstallRefused(NO_SCREEN)


def starts_desktop(root: Path) -> bool:
    """Return whether a display manager starts at boot; Raspberry Pi OS can have one and still start a console."""
    manager = root / "etc/systemd/system/display-manager.service"
    for place in ("etc/systemd/system/default.target", "usr/lib/systemd/system/default.target"):
        link = root / place
        if link.is_symlink():
            return (manager.exists() or manager.is_symlink()) and link.readlink().name == "graphical.target"
    return manager.exists() or manager.is_symlink()


def blanks_its_screen(run: Run) -> bool | None:
    """Whether Raspberry Pi OS blanks the screen; None without raspi-config."""
    asked = run(("raspi-config", "nonint", "get_blanking"))
    return asked.stdout.strip() == "0" if asked.returncode == 0 else None


def limits_memory(root: Path) -> bool:
    """Whether the kernel can limit memory by cgroup; Raspberry Pi OS disables that by default."""
    try:
        controllers = (root / "sys/fs/cgroup/cgroup.controllers").read_text(encoding="ascii").split()
    except OSError:  # an image, or cgroups of version 1
        return True
    return "memory" in controllers
