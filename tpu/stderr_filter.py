"""Keep known harmless lines of native libraries off standard error; everything else passes through."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

XNNPACK = re.compile(rb"INFO: Created TensorFlow Lite XNNPACK delegate for CPU\.")  # written once per process
ALSA = re.compile(rb"ALSA lib .*")  # every device that ALSA tried; SDL reports separately if there is no sound
NO_RUNTIME_DIR = re.compile(rb"error: XDG_RUNTIME_DIR (is invalid or )?not set in the environment\.")  # SDL, Wayland

_STDERR = 2
_one_at_a_time = threading.Lock()
_hidden_before: set[re.Pattern[bytes]] = set()


@contextmanager
def hide_lines(pattern: re.Pattern[bytes]) -> Iterator[None]:
    """Hold back what any thread writes to standard error inside this block, then write it without some lines.

    Do not use it around code that may crash the process: what was held back would be lost.

    Args:
        pattern: Lines that match as a whole are dropped.
    """
    with _one_at_a_time:
        try:
            real = os.dup(_STDERR)
        except OSError:  # standard error is closed
            yield
            return
        held_back = os.memfd_create("stderr")
        try:
            os.dup2(held_back, _STDERR)
            try:
                yield
            finally:
                os.dup2(real, _STDERR)
                _write_rest(held_back, real, pattern)
        finally:
            os.close(held_back)
            os.close(real)


def hide_lines_once(pattern: re.Pattern[bytes]) -> AbstractContextManager[None]:
    """Return `hide_lines(pattern)` the first time in this process, then a context that does nothing."""
    if pattern in _hidden_before:
        return nullcontext()
    _hidden_before.add(pattern)
    return hide_lines(pattern)


def _write_rest(held_back: int, real: int, pattern: re.Pattern[bytes]) -> None:
    """Copy all lines that do not match from one file descriptor to the other."""
    os.lseek(held_back, 0, os.SEEK_SET)
    with os.fdopen(os.dup(held_back), "rb") as lines:
        rest = b"".join(line for line in lines if not pattern.fullmatch(line.rstrip(b"\n")))
    while rest:
        rest = rest[os.write(real, rest) :]
