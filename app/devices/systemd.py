"""Notify systemd that the kiosk has started and that its screen still changes; systemd restarts a frozen kiosk."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping

from app.base.ports import Clock

logger = logging.getLogger(__name__)

LOCKED_IN = "KIOSK_LOCKED_IN"
"""The variable that the service sets: visitors cannot leave the kiosk. A person who starts the kiosk may leave it."""

STARTED_AGAIN = "KIOSK_STARTED_AGAIN"
"""The variable that tells the program that it was started again in the process of the one before."""

STARTS_WITHIN_S = 300.0
"""How long the watchdog waits while the program starts again in its own process: TimeoutStartSec of the service."""

NOTIFICATIONS_PER_PERIOD = 4  # sd_watchdog_enabled(3) advises two; with four, a slow frame may delay one


def locked_in(environment: Mapping[str, str]) -> bool:
    """Whether the kiosk was started so that visitors cannot leave it, as the service starts it."""
    return environment.get(LOCKED_IN, "") not in ("", "0")


class SystemdNotifier:
    """Sends notifications to systemd. Does nothing if systemd did not start the kiosk.

    Args:
        environment: The variables in which systemd passes the address of its socket and its watchdog timeout.
        clock: Monotonic seconds.
    """

    def __init__(self, environment: Mapping[str, str], clock: Clock) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._clock = clock
        self._timeout_s = _timeout_s(environment)
        self._started_again = STARTED_AGAIN in environment
        self._period_s = self._timeout_s / NOTIFICATIONS_PER_PERIOD
        self._next_s = clock()
        self._ready = False

    def frame_shown(self, *, healthy: bool = True) -> None:
        """Call this after every frame: the first one ends the start, and later ones feed the watchdog.

        A kiosk that is not `healthy` does not feed the watchdog, so that systemd restarts it.
        """
        if not self._ready:
            self._ready = True
            self._notify("READY=1")
            if self._started_again:
                self._watch_within(self._timeout_s)
        if self._period_s and healthy and self._clock() >= self._next_s:
            self._next_s = self._clock() + self._period_s
            self._notify("WATCHDOG=1")

    def stopping(self) -> None:
        """The kiosk closes as intended."""
        self._notify("STOPPING=1")

    def starting_again(self) -> None:
        """The kiosk closes, and its process then runs the program anew.

        For systemd the service stays active: it counts no restart. Only the watchdog must wait as long as for a start.
        """
        self._watch_within(STARTS_WITHIN_S)

    def _watch_within(self, timeout_s: float) -> None:
        """Set the timeout of the watchdog, and begin it anew."""
        if self._timeout_s:
            self._notify(f"WATCHDOG_USEC={round(timeout_s * 1e6)}")

    def _notify(self, state: str) -> None:
        """Send one message. Source: sd_notify(3); an address that starts with @ is in the abstract namespace."""
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
                channel.setblocking(False)
                channel.sendto(state.encode("ascii"), address)
        except OSError as error:
            logger.warning("cannot send %s to the service manager: %s", state, error)


def _timeout_s(environment: Mapping[str, str]) -> float:
    """Seconds without a notification after which systemd restarts the kiosk; 0 if it does not watch this process."""
    timeout_us = environment.get("WATCHDOG_USEC", "")
    watched = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(timeout_us) / 1e6 if timeout_us.isdecimal() and watched else 0.0
