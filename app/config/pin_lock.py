"""The lock of the number pad for the PIN, in the data directory, so that a restart does not open it.

The file keeps durations, not times, so no change of the clock shortens a lock: after a restart a lock that was not over
begins again.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path

from app.base.files import write_durably
from tpu.plain_files import read_plain_file

logger = logging.getLogger(__name__)

FILE = "pin_lock.json"
MOST_WRONG, MOST_LOCKED_S = 1_000_000, 300.0

LARGEST_BYTES = 4096


@dataclass(frozen=True)
class PinLock:
    """The number of wrong PINs since the last right one, and for how many seconds the pad was locked, or 0."""

    wrong: int = 0
    locked_s: float = 0.0


def read_pin_lock(folder: Path) -> PinLock:
    """Read the lock; no lock if there is no file, or one that cannot be read."""
    try:
        found = json.loads(read_plain_file(folder / FILE, LARGEST_BYTES))
        wrong, locked_s = int(found["wrong"]), float(found["locked_s"])
    except FileNotFoundError:
        return PinLock()
    except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        logger.warning("the lock of the PIN cannot be read, so there is none: %s", error)
        return PinLock()
    return PinLock(min(max(0, wrong), MOST_WRONG), min(max(0.0, locked_s), MOST_LOCKED_S))


def write_pin_lock(folder: Path, lock: PinLock) -> None:
    """Write the lock, or remove the file if nothing has to be remembered.

    Raises:
        OSError: If the disk is full or fails.
    """
    if lock == PinLock():
        (folder / FILE).unlink(missing_ok=True)
        return
    write_durably(folder / FILE, json.dumps({"wrong": lock.wrong, "locked_s": lock.locked_s}).encode())
