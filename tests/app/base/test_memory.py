"""Memory that a large job or a visit leaves free goes back to the system."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

import pytest

from app.base.memory import give_memory_back

MIB = 1 << 20
BLOCK_BYTES = 4096  # the allocator keeps blocks of this size when they are free


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="the C library is not glibc")
def test_free_memory_between_what_stays_goes_back_to_the_system() -> None:
    blocks = [bytes(BLOCK_BYTES) for _ in range(64 * MIB // BLOCK_BYTES)]
    stays = blocks[:: len(blocks) // 8]
    before = resident_bytes()
    blocks.clear()
    give_memory_back(collect=False)
    assert before - resident_bytes() > 32 * MIB
    assert len(stays) >= 8
