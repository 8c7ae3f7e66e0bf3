"""Installing into a mounted image of a system."""

from __future__ import annotations

from pathlib import Path

from run_kiosk import main

UNIT = "etc/systemd/system/teachable-kiosk.service"
SCREEN = f"{UNIT}.d/screen.conf"


def install(root: Path, *more: str) -> int:
    """Run the command for the user pi of the image."""
    return main(["install", "--root", str(root), "--user", "pi", *more])
