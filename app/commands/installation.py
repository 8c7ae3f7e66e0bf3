"""Plan an installation: which files and links `install` writes and which programs it runs. Nothing is done here."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from app.base.i18n import LANGUAGES, message, translated
from app.base.paths import asset_path
from app.commands.extras import Extras
from app.commands.new_files import NewFile, NewLink
from app.commands.programs import Command

SERVICE = "teachable-kiosk.service"
FAILED = "teachable-kiosk-failed.service"
UNITS = Path("/etc/systemd/system")
SETTINGS = Path("/etc/teachable-kiosk/kiosk.toml")
OUT_OF_ORDER = Path("/etc/teachable-kiosk/out_of_order.txt")
DATA = Path("/var/lib/teachable-kiosk")
GROUPS = ("video", "audio", "input", "plugdev", "apex", "gpio", "render")
"""Groups that own cameras, sound, button encoders, the Edge TPU (USB stick, PCIe card), pins and the graphics card; the
kiosk joins those that the system has. PCIe cards belong to "apex" if the udev rules of gasket-dkms run after the
kiosk's."""


@dataclass(frozen=True)
class System:
    """What the plan depends on: the user and the system that the kiosk is installed on.

    Attributes:
        user, uid: The user that runs the kiosk.
        groups: All groups of the system.
        screen: "desktop", "kmsdrm" or "cage".
        program: The command that starts the kiosk: Python and `run_kiosk.py`, or the installed command.
        sdl_library: An SDL library that can draw on a console, if pygame's own cannot; else empty.
        blanking: Whether Raspberry Pi OS blanks the screen now; None on other systems.
        manual: The page for operators, if it is on this computer.
        extras: What can be changed with consent.
        gid: The user's group.
    """

    user: str
    uid: int
    groups: frozenset[str]
    screen: str
    program: tuple[Path, ...]
    sdl_library: str = ""
    blanking: bool | None = None
    manual: Path | None = None
    extras: Extras = field(default_factory=Extras)
    gid: int = 0


@dataclass(frozen=True)
class Plan:
    """The files and links to write, the programs to run then, and those to run after they were removed again."""

    files: tuple[NewFile, ...]
    links: tuple[NewLink, ...]
    commands: tuple[Command, ...]
    undo: tuple[Command, ...]


def plan_for(system: System) -> Plan:
    """Return the plan for a system."""
    command = " ".join(
        _quoted(str(word))
        for word in (
            *system.program, "--fullscreen", "--config", SETTINGS, "--data-dir", DATA, "--export-dir", DATA / "saved",
        )
    )  # fmt: skip
    target = "graphical.target" if system.screen == "desktop" else "multi-user.target"
    values = {
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
        NewFile(UNITS / SERVICE, _filled("systemd/teachable-kiosk.service", values)),
        NewFile(UNITS / f"{SERVICE}.d/screen.conf", _filled(f"systemd/{system.screen}.conf", values)),
        NewFile(UNITS / FAILED, _filled("systemd/teachable-kiosk-failed.service", {"TEXT": str(OUT_OF_ORDER)})),
        NewFile(OUT_OF_ORDER, _out_of_order()),
        NewFile(Path("/etc/udev/rules.d/60-teachable-kiosk.rules"), _asset("udev/teachable-kiosk.rules")),
        NewFile(
            Path("/etc/polkit-1/rules.d/50-teachable-kiosk.rules"), _filled("polkit/teachable-kiosk.rules", values)
        ),
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
    blanking = ("raspi-config", "nonint", "do_blanking")  # 0 enables, 1 disables; for Wayland, X11 and the console
    return Plan(
        files=tuple(files),
        links=(NewLink(UNITS / f"{target}.wants" / SERVICE, UNITS / SERVICE),),
        commands=(*reload, *([(*blanking, "1")] if system.blanking else [])),
        undo=(*reload, *([(*blanking, "0")] if system.blanking else [])),
    )


def _out_of_order() -> str:
    """What the screen says when the kiosk has given up, in every language: nobody knows which one is set then."""
    text = message("This kiosk is out of order. Please call a member of staff.")
    return "\n" + "".join(f"  {translated(text, language)}\n\n" for language in LANGUAGES)


def _asset(name: str) -> str:
    return asset_path(name).read_text(encoding="utf-8")


def _filled(name: str, values: dict[str, str]) -> str:
    """Read an asset and replace every `@NAME@` by its value."""
    text = _asset(name)
    for placeholder, value in values.items():
        text = text.replace(f"@{placeholder}@", value)
    return text


def _quoted(word: str) -> str:
    """Quote one argument of ExecStart. Source: systemd.service(5), "Command lines"."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if escaped != word or " " in word else word
