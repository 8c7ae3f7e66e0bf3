"""What `install` changes beyond its own files, and only with consent: packages, automatic login, keys of the desktop.

Nothing is done here: each `Extra` names its files, programs to run, and programs that undo it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.base.paths import asset_path
from app.commands.new_files import NewFile
from app.commands.programs import Command

PACKAGES = {  # Debian packages, and files of which one is there if the package is installed
    "cage": ("usr/bin/cage",),
    "xwayland": ("usr/bin/Xwayland",),  # cage of Debian 12 does not start without it
    "udisks2": ("usr/libexec/udisks2/udisksd", "usr/lib/udisks2/udisksd"),
}
APT = "usr/bin/apt-get"
LIGHTDM = Path("/etc/lightdm")
SDDM = Path("/etc/sddm.conf.d")
LABWC = "usr/bin/labwc"


@dataclass(frozen=True)
class Extra:
    """A change that a person must agree to.

    Attributes:
        name: In the manifest.
        about: What it does, as it follows "to".
        files: Files to write.
        commands: Programs to run, before all others.
        undo: Programs that `uninstall` runs.
    """

    name: str
    about: str
    files: tuple[NewFile, ...] = ()
    commands: tuple[Command, ...] = ()
    undo: tuple[Command, ...] = ()


@dataclass(frozen=True)
class Extras:
    """The changes that fit a system, and notes on what a person has to do in their place."""

    extras: tuple[Extra, ...] = ()
    notes: tuple[str, ...] = ()


def extras_for(root: Path, user: str, home: Path, screen: str) -> Extras:
    """Return what fits a system.

    Args:
        root: Where the system's files are.
        user: Who runs the kiosk.
        home: The user's home folder on the installed system.
        screen: "desktop", "kmsdrm" or "cage".
    """
    parts = [_packages(root, screen)]
    if screen == "desktop":
        parts += [_automatic_login(root, user), _labwc(root, home)]
    return Extras(
        tuple(extra for part in parts for extra in part.extras), tuple(note for part in parts for note in part.notes)
    )


def missing_packages(root: Path, screen: str) -> tuple[str, ...]:
    """The Debian packages that the kiosk needs on this screen and that are not installed."""
    needed = ("cage", "xwayland", "udisks2") if screen == "cage" else ("udisks2",)
    return tuple(name for name in needed if not any((root / file).exists() for file in PACKAGES[name]))


def _packages(root: Path, screen: str) -> Extras:
    missing = missing_packages(root, screen)
    if not missing:
        return Extras()
    names = " ".join(missing)
    if root != Path("/"):
        return Extras(notes=(f"this system lacks packages. On it, run: sudo apt install {names}",))
    if not (root / APT).exists():
        return Extras(notes=(f"this system lacks packages, which Debian calls {names}. Install them.",))
    install: Command = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", *missing)
    remove: Command = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "remove", "-y", *missing)
    return Extras((Extra("packages", f"install the packages {names} with apt", (), (install,), (remove,)),))


def _automatic_login(root: Path, user: str) -> Extras:
    """Log the user in when the computer starts; display managers that have no folder for settings get a note."""
    about = f"log {user} in automatically when the computer starts"
    if (root / "etc/lightdm").is_dir():
        chosen = _lightdm_user(root)
        if chosen == user:
            return Extras()
        if chosen:
            text = f"lightdm logs {chosen} in automatically, not {user}: change autologin-user in /etc/lightdm."
            return Extras(notes=(text,))
        text = f"# Written for the Teachable Kiosk.\n[Seat:*]\nautologin-user={user}\nautologin-user-timeout=0\n"
        file = NewFile(LIGHTDM / "lightdm.conf.d/90-teachable-kiosk.conf", text)
        return Extras((Extra("automatic login", about, (file,)),))
    if (root / "usr/bin/sddm").exists():
        text = f"# Written for the Teachable Kiosk.\n[Autologin]\nUser={user}\nRelogin=true\n"
        return Extras((Extra("automatic login", about, (NewFile(SDDM / "90-teachable-kiosk.conf", text),)),))
    return Extras(notes=(f"the kiosk needs a desktop session: let this system log {user} in automatically.",))


def _lightdm_user(root: Path) -> str:
    """Whom lightdm logs in automatically; empty if nobody. Later files win, lightdm.conf is the last."""
    user = ""
    files = [*sorted((root / "etc/lightdm/lightdm.conf.d").glob("*.conf")), root / "etc/lightdm/lightdm.conf"]
    for file in files:
        if not file.is_file() or file.name == "90-teachable-kiosk.conf":
            continue
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition("=")
            if key.strip() == "autologin-user":
                user = value.strip()
    return user


def _labwc(root: Path, home: Path) -> Extras:
    """Switch off the keys of the desktop labwc, in the user's settings; files that exist belong to the user."""
    if not (root / LABWC).exists():
        return Extras()
    files, notes = [], []
    for name in ("rc.xml", "environment"):
        path = home / ".config/labwc" / name
        text = asset_path(f"labwc/{name}").read_text(encoding="utf-8")
        if (root / path.relative_to("/")).exists() and not _is_ours(root / path.relative_to("/")):
            notes.append(f"{path} exists already. Add to it what {asset_path(f'labwc/{name}')} holds.")
        else:
            files.append(NewFile(path, text, of_user=True))
    about = "switch off the keys of the desktop labwc with which visitors could leave the kiosk"
    extras: Sequence[Extra] = [Extra("labwc", about, tuple(files))] if files else []
    return Extras(tuple(extras), tuple(notes))


def _is_ours(path: Path) -> bool:
    return "Written for the Teachable Kiosk" in path.read_text(encoding="utf-8", errors="replace")
