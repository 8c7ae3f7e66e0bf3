"""Memory that a large job or a visit leaves free goes back to the system."""

from __future__ import annotations

import ctypes
import gc
import subprocess
import sys

import pytest

from app.base.memory import ARENAS, give_memory_back, lasting_objects, resident_bytes
from app.base.paths import import_folder

MIB = 1 << 20
BLOCK_BYTES = 4096  # the allocator keeps blocks of this size when they are free


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="the C library is not glibc")
def test_free_memory_between_what_stays_goes_back_to_the_system() -> None:
    blocks = [bytes(BLOCK_BYTES) for _ in range(64 * MIB // BLOCK_BYTES)]
    stays = blocks[:: len(blocks) // 8]
    before = resident_bytes()
    blocks.clear()
    give_memory_back(collect=False)
    assert before - resident_bytes() > 32 * MIB
    assert len(stays) >= 8


def test_the_collector_passes_over_what_existed_before_and_finds_what_came_later() -> None:
    before = gc.get_freeze_count()
    with lasting_objects():
        assert gc.get_freeze_count() > before
        cycle: list[object] = []
        cycle.append(cycle)
        del cycle
        assert gc.collect() > 0
    assert gc.get_freeze_count() == 0


COUNTING = """
import sys, threading
from app.base.memory import use_few_arenas
if sys.argv[1] == "few":
    use_few_arenas()
all_hold = threading.Barrier(9)
def hold():
    block = bytes(10_000)
    all_hold.wait()
    all_hold.wait()
threads = [threading.Thread(target=hold) for _ in range(8)]
for thread in threads:
    thread.start()
all_hold.wait()
import ctypes
libc = ctypes.CDLL(None)
libc.malloc_stats()
all_hold.wait()
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library is not glibc")
def test_threads_share_few_areas_of_memory() -> None:
    def arenas(how: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", COUNTING, how], cwd=import_folder(), capture_output=True, text=True, check=True
        )
        return done.stderr.count("Arena ")

    assert arenas("few") <= ARENAS < arenas("many")
