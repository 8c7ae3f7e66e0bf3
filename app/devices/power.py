"""Shut down or restart the machine with systemd."""

from __future__ import annotations

import subprocess

from app.base.errors import PowerRefused
from app.base.i18n import message

TIMEOUT_S = 15.0


def switch_off(restart: bool) -> None:
    """Shut down the machine, or restart it; systemd stops the kiosk first.

    Raises:
        PowerRefused: If this user may not do that, or systemd is not running.
    """
    verb = "reboot" if restart else "poweroff"
    try:
        done = subprocess.run(
            ["systemctl", "--no-ask-password", verb],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PowerRefused(message("The machine cannot be switched off from here: {reason}.", reason=error)) from error
    if done.returncode != 0:
        reason = " ".join(done.stderr.split()) or f"systemctl {verb}: {done.returncode}"
        raise PowerRefused(message("The machine cannot be switched off from here: {reason}.", reason=reason))
