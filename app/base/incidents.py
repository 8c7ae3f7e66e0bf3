"""Keep what happened over restarts: each warning with what came before it, in small files in the data directory.

Raspberry Pi OS keeps the journal in memory, so the journal of a kiosk that was switched off is gone. A thread of their
own writes two files of limited size, so that a disk that hangs stops nothing:

- `incidents.txt`: every warning and error, with the messages before it;
- `log.txt`: all messages of level INFO and above.

When a file is full it becomes `….1.txt`, in place of the one before. Messages are redacted when they are logged
(`app.base.redaction`), and nothing logs a PIN or a picture.
"""

from __future__ import annotations

import faulthandler
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from app.base.files import unlink_special_file
from tpu.plain_files import read_plain_file

FOLDER = "incidents"  # in the data directory
INCIDENTS, LOG, CRASHES = "incidents.txt", "log.txt", "crashes.txt"
LARGEST_BYTES = 128 << 10  # of each file; there are two of each name
LARGEST_MESSAGE = 4000  # letters
CONTEXT = 40  # messages before a warning
REPEATED_S = 60.0  # the same warning is written once in this time
STARTED, ENDED = "--- started", "--- ended"


class Incidents(logging.Handler):
    """A handler for the root logger.

    Args:
        folder: Where the files are; created if it is missing. If it cannot be written, nothing is kept.
        clock: Unix time.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        super().__init__(logging.INFO)
        self._clock = clock
        self._before: deque[str] = deque(maxlen=CONTEXT)
        self._written_at_s: dict[tuple[str, object], float] = {}
        self._log, self._incidents = RingFile(folder / LOG), RingFile(folder / INCIDENTS)
        self._queue: queue.SimpleQueue[tuple[RingFile, str] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="incidents", daemon=True)
        self._crashes: IO[bytes] | None = None
        self.ended_well = self._ended_well(folder)
        self._thread.start()
        self._queue.put((self._log, f"{STARTED} {self._now()}\n"))
        with suppress(OSError, ValueError):
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / CRASHES
            unlink_special_file(path)
            size_bytes = path.stat().st_size if path.exists() else 0
            self._crashes = path.open("wb" if size_bytes > LARGEST_BYTES else "ab", buffering=0)
            faulthandler.enable(self._crashes)  # stacks of all threads when systemd ends a frozen kiosk with SIGABRT

    def emit(self, record: logging.LogRecord) -> None:
        """Write a message to the log; a warning also to the incidents, with what came before it."""
        text = f"{self._now()} {record.levelname} {record.name}: {record.getMessage()}"
        if record.exc_info:
            text = f"{text}\n{record.exc_text or ''}"
        line = f"{text[:LARGEST_MESSAGE]}\n"
        self._queue.put((self._log, line))
        if record.levelno >= logging.WARNING and not self._is_repeated(record):
            self._queue.put((self._incidents, f"{''.join(self._before)}{line}\n"))
            self._before.clear()
        else:
            self._before.append(line)

    def close(self) -> None:
        """Write what is waiting, and that the kiosk ended as intended."""
        if self._thread.is_alive():
            self._queue.put((self._log, f"{ENDED} {self._now()}\n"))
            self._queue.put(None)
            self._thread.join(2.0)  # a disk that hangs does not stop the end
        if self._crashes is not None:
            faulthandler.disable()
            self._crashes.close()
            self._crashes = None
        super().close()

    def _is_repeated(self, record: logging.LogRecord) -> bool:
        now_s, key = self._clock(), (record.name, record.msg)
        repeated = now_s - self._written_at_s.get(key, -REPEATED_S) < REPEATED_S
        if not repeated:
            if len(self._written_at_s) > 1000:
                self._written_at_s.clear()
            self._written_at_s[key] = now_s
        return repeated

    def _write(self) -> None:
        while (item := self._queue.get()) is not None:
            file, text = item
            file.append(text)

    def _now(self) -> str:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self._clock()))

    @staticmethod
    def _ended_well(folder: Path) -> bool:
        """Whether the run before ended as intended, or there was none."""
        try:
            text = read_plain_file(folder / LOG, 2 * LARGEST_BYTES).decode("utf-8", "replace")
        except OSError:
            return True
        return text.rfind(ENDED) >= text.rfind(STARTED)


class RingFile:
    """A text file of limited size; when it is full, it takes the place of the one before and a new one begins."""

    def __init__(self, path: Path, largest_bytes: int = LARGEST_BYTES) -> None:
        self.path = path
        self.before = path.with_name(f"{path.stem}.1{path.suffix}")
        self._largest_bytes = largest_bytes

    def append(self, text: str) -> None:
        """Add a text; a disk that cannot be written loses it."""
        data = text.encode("utf-8", "replace")[: self._largest_bytes]
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            unlink_special_file(self.path)
            if self.path.exists() and self.path.stat().st_size + len(data) > self._largest_bytes:
                self.path.replace(self.before)
            with self.path.open("ab") as file:
                file.write(data)
