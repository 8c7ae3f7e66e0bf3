"""Give memory back to the system after a large job or a visit."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress


def give_memory_back(*, collect: bool = True) -> None:
    """Return free memory that the allocator keeps to the system; does nothing where the C library cannot.

    Args:
        collect: Free objects in reference cycles first, which stops all threads for some hundredths of a second.
    """
    if collect:
        gc.collect()
    with suppress(OSError, AttributeError):  # only glibc has this function
        ctypes.CDLL(None).malloc_trim(0)
