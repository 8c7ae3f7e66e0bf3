"""A bell between threads: whoever waits for several files at once can wait for it, too."""

from __future__ import annotations

import os


class WakePipe:
    """Rings until it is silenced, however often it was rung. Threads may share it."""

    def __init__(self) -> None:
        self._hears, self._rings = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    @property
    def fileno(self) -> int:
        """A file descriptor that can be read while it rings."""
        return self._hears

    def ring(self) -> None:
        """Wake whoever waits."""
        try:
            os.write(self._rings, b"!")
        except OSError:
            return  # it rings already, or is closed

    def silence(self) -> None:
        """It rings no more."""
        try:
            os.read(self._hears, 4096)
        except BlockingIOError:
            return

    def close(self) -> None:
        """Free its file descriptors; ringing does nothing from now on."""
        hears, rings, self._hears, self._rings = self._hears, self._rings, -1, -1
        os.close(hears)
        os.close(rings)
