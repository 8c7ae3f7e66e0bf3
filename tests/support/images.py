"""Run `install` on a mounted image of a system."""

from __future__ import annotations

from pathlib import Path

from run_kiosk import main

UNIT = "etc/systemd/system/teachable-kiosk.service"
SCREEN = f"{UNIT}.d/screen.conf"


def install(root: Path, *more: str) -> int:
    """Install for the user pi; return the exit code."""
    return main(["install", "--root", str(root), "--user", "pi", *more])
