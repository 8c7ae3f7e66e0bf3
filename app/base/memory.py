"""How much memory this process holds, and how to give it back to the system after a large job or a visit."""

from __future__ import annotations

import ctypes
import gc
import resource
from contextlib import suppress
from pathlib import Path


def resident_bytes(process: int | str = "self") -> int:
    """Return how much memory a process holds, in bytes; pages have different sizes on different processors."""
    return int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


def give_memory_back(*, collect: bool = True) -> None:
    """Return free memory that the allocator keeps to the system; does nothing where the C library cannot.

    Args:
        collect: Free objects in reference cycles first, which stops all threads for some hundredths of a second.
    """
    if collect:
        gc.collect()
    with suppress(OSError, AttributeError):  # only glibc has this function
        ctypes.CDLL(None).malloc_trim(0)
