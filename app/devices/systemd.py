"""Tells systemd that the kiosk has started and that its screen still moves, so that a frozen one is restarted."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping

from app.base.ports import Clock

logger = logging.getLogger(__name__)

SIGNS_PER_PERIOD = 4  # sd_watchdog_enabled(3) advises two; a slow frame may then delay one


class SystemdNotifier:
    """The service manager, or nobody where none started the kiosk.

    Args:
        environment: Where the manager has left the address of its socket and the length of its patience.
        clock: Monotonic seconds.
    """

    def __init__(self, environment: Mapping[str, str], clock: Clock) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._clock = clock
        self._period_s = _patience_s(environment) / SIGNS_PER_PERIOD
        self._next_s = clock()
        self._ready = False

    def frame_shown(self, *, healthy: bool = True) -> None:
        """A frame is on the screen. The first means that the start is over; each later one is a sign of life.

        A kiosk that is not healthy gives none: whatever part of it has died comes back with the restart.
        """
        if not self._ready:
            self._ready = True
            self._tell("READY=1")
        if self._period_s and healthy and self._clock() >= self._next_s:
            self._next_s = self._clock() + self._period_s
            self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """The kiosk ends because it was told to."""
        self._tell("STOPPING=1")

    def _tell(self, state: str) -> None:
        """Send one message as sd_notify(3) describes; an address with @ is in the abstract namespace."""
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
                channel.setblocking(False)
                channel.sendto(state.encode("ascii"), address)
        except OSError as error:
            logger.warning("the service manager cannot be told %s: %s", state, error)


def _patience_s(environment: Mapping[str, str]) -> float:
    """After how many seconds without a sign of life the manager acts; 0 if it does not watch this process."""
    patience = environment.get("WATCHDOG_USEC", "")
    meant = environment.get("WATCHDOG_PID", str(os.getpid()))
    return int(patience) / 1e6 if patience.isdecimal() and meant == str(os.getpid()) else 0.0
