"""Native libraries write to standard error what is no error: such lines are left out, and only they."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

XNNPACK = re.compile(rb"INFO: Created TensorFlow Lite XNNPACK delegate for CPU\.")  # told once in a process
ALSA = re.compile(rb"ALSA lib .*")  # what it tried; that there is no sound, SDL tells as well

_STDERR = 2
_one_at_a_time = threading.Lock()
_left_out: set[re.Pattern[bytes]] = set()


@contextmanager
def without(chatter: re.Pattern[bytes]) -> Iterator[None]:
    """Keep back what is written to standard error meanwhile, by whatever thread, and pass it on without some lines.

    Only around what does not crash the process: its last words would be lost.

    Args:
        chatter: Lines that match as a whole are left out.
    """
    with _one_at_a_time:
        try:
            real = os.dup(_STDERR)
        except OSError:  # there is none: nobody reads it
            yield
            return
        kept = os.memfd_create("kept-back")
        try:
            os.dup2(kept, _STDERR)
            try:
                yield
            finally:
                os.dup2(real, _STDERR)
                _pass_on(kept, real, chatter)
        finally:
            os.close(kept)
            os.close(real)


def first_time_without(chatter: re.Pattern[bytes]) -> AbstractContextManager[None]:
    """As `without`, the first time in this process that it is asked for; nothing after that."""
    if chatter in _left_out:
        return nullcontext()
    _left_out.add(chatter)
    return without(chatter)


def _pass_on(kept: int, real: int, chatter: re.Pattern[bytes]) -> None:
    os.lseek(kept, 0, os.SEEK_SET)
    with os.fdopen(os.dup(kept), "rb") as lines:
        told = b"".join(line for line in lines if not chatter.fullmatch(line.rstrip(b"\n")))
    while told:
        told = told[os.write(real, told) :]
