"""Let one kiosk at a time use a data directory: the RESET of a second one would erase the session of the first."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.base.errors import DataDirInUse

logger = logging.getLogger(__name__)

FILE = "kiosk.lock"


@contextmanager
def only_kiosk_in(data_dir: Path) -> Iterator[None]:
    """Hold the lock of a data directory, which is created if it is missing. The system frees it when the process ends.

    Child processes do not inherit it. If no lock is possible (a file system without locks, a folder that cannot be
    written), the kiosk continues without one: opening the session reports what is wrong with the folder.

    Raises:
        DataDirInUse: If another kiosk holds the lock.
    """
    descriptor = None
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(data_dir / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        assert descriptor is not None
        os.close(descriptor)
        raise DataDirInUse(data_dir) from None
    except OSError as error:
        logger.info("%s cannot be locked (%s): continuing without a lock", data_dir, error.strerror)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)
