"""What `install` writes and runs on a computer, as a plan: nothing happens here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.base.paths import asset_path

SERVICE = "teachable-kiosk.service"
UNITS = Path("/etc/systemd/system")
SETTINGS = Path("/etc/teachable-kiosk/kiosk.toml")
DATA = Path("/var/lib/teachable-kiosk")
GROUPS = ("video", "audio", "input", "plugdev", "apex", "gpio", "render")
"""Groups that own cameras, sound, encoders, the Edge TPU (stick, card), pins and the graphics card, where a system has
them. Cards belong to "apex" where the rules of gasket-dkms come after the kiosk's."""

Command = tuple[str, ...]


@dataclass(frozen=True)
class System:
    """A computer, as far as installing depends on it.

    Attributes:
        user, uid: Who the kiosk runs as.
        groups: All groups of the system.
        screen: "desktop", "kmsdrm" or "cage".
        sdl_library: An SDL that can draw on a console, where pygame's own cannot.
        program: What starts the kiosk: a Python and its `run_kiosk.py`, or the installed command.
        blanking: Raspberry Pi OS blanks the screen now; None on other systems.
        manual: The page for operators, where it lies on this computer.
    """

    user: str
    uid: int
    groups: frozenset[str]
    screen: str
    program: tuple[Path, ...]
    sdl_library: str = ""
    blanking: bool | None = None
    manual: Path | None = None


@dataclass(frozen=True)
class NewFile:
    """A file to write. One that is `kept` is the owner's from then on: never overwritten, and left once changed."""

    path: Path
    text: str
    kept: bool = False


@dataclass(frozen=True)
class NewLink:
    """A symbolic link to make."""

    path: Path
    target: Path


@dataclass(frozen=True)
class Plan:
    """All that is written, then run; and what is run once it has all been taken away again."""

    files: tuple[NewFile, ...]
    links: tuple[NewLink, ...]
    commands: tuple[Command, ...]
    undo: tuple[Command, ...]


def plan_for(system: System) -> Plan:
    """Plan the installation on this computer."""
    command = " ".join(
        _quoted(str(word))
        for word in (
            *system.program, "--fullscreen", "--config", SETTINGS, "--data-dir", DATA, "--export-dir", DATA / "saved",
        )
    )  # fmt: skip
    target = "graphical.target" if system.screen == "desktop" else "multi-user.target"
    words = {
        "USER": system.user,
        "UID": str(system.uid),
        "GROUPS": " ".join(group for group in GROUPS if group in system.groups),
        "COMMAND": command,
        "DOCUMENTATION": system.manual.as_uri().replace("%", "%%") if system.manual else "",
        "TARGET": target,
        "SDL_LIBRARY": f"SDL_DYNAMIC_API={system.sdl_library}" if system.sdl_library else "",
    }
    files = [
        NewFile(SETTINGS, _asset("kiosk.toml"), kept=True),
        NewFile(UNITS / SERVICE, _filled("systemd/teachable-kiosk.service", words)),
        NewFile(UNITS / f"{SERVICE}.d/screen.conf", _filled(f"systemd/{system.screen}.conf", words)),
        NewFile(Path("/etc/udev/rules.d/60-teachable-kiosk.rules"), _asset("udev/teachable-kiosk.rules")),
        NewFile(Path("/etc/polkit-1/rules.d/50-teachable-kiosk.rules"), _filled("polkit/teachable-kiosk.rules", words)),
        NewFile(Path("/etc/systemd/logind.conf.d/90-teachable-kiosk.conf"), _asset("systemd/logind.conf")),
        NewFile(Path("/etc/systemd/sleep.conf.d/90-teachable-kiosk.conf"), _asset("systemd/sleep.conf")),
    ]
    if system.screen == "desktop":
        files.append(NewFile(Path("/etc/X11/xorg.conf.d/90-teachable-kiosk.conf"), _asset("xorg/blanking.conf")))
    reload: tuple[Command, ...] = (
        ("systemctl", "daemon-reload"),
        ("udevadm", "control", "--reload-rules"),
        ("udevadm", "trigger", "--subsystem-match=usb", "--subsystem-match=apex"),
    )
    blanking = ("raspi-config", "nonint", "do_blanking")  # 0 switches it on, 1 off, for Wayland, X11 and the console
    return Plan(
        files=tuple(files),
        links=(NewLink(UNITS / f"{target}.wants" / SERVICE, UNITS / SERVICE),),
        commands=(*reload, *([(*blanking, "1")] if system.blanking else [])),
        undo=(*reload, *([(*blanking, "0")] if system.blanking else [])),
    )


def _asset(name: str) -> str:
    return asset_path(name).read_text(encoding="utf-8")


def _filled(name: str, words: dict[str, str]) -> str:
    text = _asset(name)
    for word, meaning in words.items():
        text = text.replace(f"@{word}@", meaning)
    return text


def _quoted(word: str) -> str:
    """One argument of ExecStart: systemd.service(5), "Command lines"."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if escaped != word or " " in word else word
