"""How much memory this process holds, and how it holds no more than it needs."""

from __future__ import annotations

import ctypes
import gc
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

M_ARENA_MAX = -8  # of glibc's malloc.h
ARENAS = 2


def resident_bytes(process: int | str = "self") -> int:
    """Return how much memory a process holds, in bytes; pages have different sizes on different processors."""
    return int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


def use_few_arenas() -> None:
    """Let all threads allocate from ARENAS areas instead of one each, so that one uses what another has freed.

    Call it before threads start. Does nothing where the C library cannot.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


@contextmanager
def lasting_objects() -> Iterator[None]:
    """Let the garbage collector pass over all objects that exist when the block begins: they stay until its end.

    Looking at all of a whole program stops all threads for some hundredths of a second each time.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def give_memory_back(*, collect: bool = True) -> None:
    """Return free memory that the allocator keeps to the system; does nothing where the C library cannot.

    Args:
        collect: Free objects in reference cycles first. That takes some hundredths of a second without
            `lasting_objects`, and stops all threads.
    """
    if collect:
        gc.collect()
    with suppress(OSError, AttributeError):  # only glibc has this function
        ctypes.CDLL(None).malloc_trim(0)
