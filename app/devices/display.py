"""Find the screen to draw on if the kiosk was started outside a desktop session, by systemd or over ssh."""

from __future__ import annotations

import ctypes
import os
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

SCREEN_VARIABLES = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
WAIT_FOR_SCREEN_S = "KIOSK_WAIT_FOR_SCREEN_S"
LOOK_EVERY_S = 0.5
LOST = "error: the screen is gone, because its X server ended. Start the desktop session again, then the kiosk.\n"


def screen_chosen(environment: Mapping[str, str]) -> bool:
    """Whether the environment names a screen: that of a desktop session, or a video driver for SDL."""
    return any(environment.get(name) for name in SCREEN_VARIABLES)


def find_screen(
    environment: Mapping[str, str],
    *,
    root: Path = Path("/"),
    uid: int | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> Mapping[str, str]:
    """Return the environment variables of this user's desktop session; empty if there is none.

    If the variable KIOSK_WAIT_FOR_SCREEN_S is set, wait up to that many seconds for a session that is still starting.

    Args:
        environment: The present variables; empty is returned if they name a screen already.
        root: The root of the file system.
        uid: The user's number; None is the user of this process.
        clock, sleep: Monotonic seconds, and what waits on them.
    """
    if screen_chosen(environment):
        return {}
    uid = os.getuid() if uid is None else uid
    until_s = clock() + _seconds(environment.get(WAIT_FOR_SCREEN_S, ""))
    while True:
        found = _wayland(root, uid) or _x11(root, uid, environment.get("HOME", ""))
        if found or clock() >= until_s:
            return found
        sleep(LOOK_EVERY_S)


def _wayland(root: Path, uid: int) -> Mapping[str, str]:
    runtime = root / "run/user" / str(uid)
    sockets = sorted(path.name for path in _children(runtime) if path.name.startswith("wayland-") and path.is_socket())
    return {"XDG_RUNTIME_DIR": str(runtime), "WAYLAND_DISPLAY": sockets[0]} if sockets else {}


def _x11(root: Path, uid: int, home: str) -> Mapping[str, str]:
    """The X server, if this user has its key; the one of the login screen belongs to another user."""
    runtime = root / "run/user" / str(uid)
    keys = [Path(home) / ".Xauthority" if home else None, runtime / "gdm/Xauthority", *_children(runtime, "xauth_")]
    key = next((path for path in keys if path is not None and path.is_file()), None)
    sockets = sorted(path.name for path in _children(root / "tmp/.X11-unix", "X") if path.is_socket())
    if not sockets or key is None:
        return {}
    return {"DISPLAY": f":{sockets[0].removeprefix('X')}", "XAUTHORITY": str(key), "XDG_RUNTIME_DIR": str(runtime)}


def _children(folder: Path, beginning: str = "") -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.name.startswith(beginning))
    except OSError:
        return []


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() else 0.0


def end_when_display_is_lost() -> None:
    """Let the program end with one line if the X server goes away. Call it once a window is open.

    Xlib gives a program no way to go on, and ends it in the middle of a call. Whatever was taught is on the disk.
    """
    library = _mapped_library("libX11")
    if library is None:
        return
    with suppress(OSError, AttributeError):
        ctypes.CDLL(library).XSetIOErrorHandler(_ON_LOST_DISPLAY)


def _end(_display: int | None) -> int:
    with suppress(OSError):
        os.write(2, LOST.encode())
    os._exit(1)


_ON_LOST_DISPLAY = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(_end)  # Xlib calls it, so it must stay


def _mapped_library(name: str) -> str | None:
    """Return the file of a library that this process has loaded: SDL may bring its own."""
    try:
        maps = os.fsdecode(Path("/proc/self/maps").read_bytes())
    except OSError:
        return None
    paths = {line.split(maxsplit=5)[5] for line in maps.splitlines() if line.count("/") and len(line.split()) > 5}
    return next((path for path in sorted(paths) if re.match(rf"{name}(-[0-9a-f]+)?\.so", Path(path).name)), None)
