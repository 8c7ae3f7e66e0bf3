"""Shutting the machine down, by systemd."""

from __future__ import annotations

import subprocess

from app.base.errors import PowerRefused
from app.base.i18n import message

PATIENCE_S = 15.0


def switch_off(restart: bool) -> None:
    """Shut the machine down, or start it anew; systemd stops the kiosk on the way.

    Raises:
        PowerRefused: If this user may not, or there is no systemd.
    """
    word = "reboot" if restart else "poweroff"
    try:
        done = subprocess.run(
            ["systemctl", "--no-ask-password", word], capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PowerRefused(message("The machine cannot be switched off from here: {reason}.", reason=error)) from error
    if done.returncode != 0:
        reason = " ".join(done.stderr.split()) or f"systemctl {word}: {done.returncode}"
        raise PowerRefused(message("The machine cannot be switched off from here: {reason}.", reason=reason))
