"""One kiosk at a time uses a data directory: a second one's RESET would empty the first one's session."""

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
    """Hold the lock of a data directory, which is made when missing. The system frees it however the process ends.

    Programs that the kiosk starts do not inherit it. Where no lock can be had (a file system without any, a folder
    that cannot be written) it goes on without: what is wrong with the folder is told when the session is opened.

    Raises:
        DataDirInUse: If another kiosk holds it.
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
        logger.info("%s cannot be locked (%s): going on without", data_dir, error.strerror)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)
