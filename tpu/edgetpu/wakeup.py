"""WakePipe: a self-pipe that wakes a thread blocked in `select` or `multiprocessing.connection.wait`."""

from __future__ import annotations

import os


class WakePipe:
    """Wait for its `fileno` as for a file: it is readable from `wake` until `clear`. Threads may share it."""

    def __init__(self) -> None:
        self._read_end, self._write_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def fileno(self) -> int:
        """Return the file descriptor to wait for."""
        return self._read_end

    def wake(self) -> None:
        """Wake the waiting thread, now or when it next waits."""
        try:
            os.write(self._write_end, b"!")
        except OSError:
            return  # the pipe is full, so the thread wakes anyway, or it is closed

    def clear(self) -> None:
        """Make it unreadable again."""
        try:
            os.read(self._read_end, 4096)
        except BlockingIOError:
            return

    def close(self) -> None:
        """Free the file descriptors; `wake` does nothing from now on."""
        ends = self._read_end, self._write_end
        self._read_end = self._write_end = -1
        for end in ends:
            os.close(end)
