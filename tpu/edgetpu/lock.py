"""Let one program at a time use a device: opening a stick resets its USB port, which stops every other user of it.

The lock is a file in `/run/lock`, not the device's own file, which gets a new number at every reset. It is held until
every process that inherited it has ended, the accelerator's child included.

Source: libedgetpu issue 237 ("expected behavior").
"""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
from pathlib import Path

from tpu.errors import StrPath

LOCK_FOLDER = Path("/run/lock")  # every user may write here (Filesystem Hierarchy Standard 3.0, section 5.9)


def lock_device(path: str, folder: StrPath | None = None) -> int | None:
    """Lock a device.

    Args:
        path: The driver's path of the device. Its last part stays the same after a reset.
        folder: Folder of the lock file; None means `/run/lock`, or the temporary folder if that is not writable.

    Returns:
        A file descriptor; close it to unlock. None if another process holds the lock.
    """
    where = Path(folder or (LOCK_FOLDER if os.access(LOCK_FOLDER, os.W_OK) else tempfile.gettempdir()))
    name = where / f"teachable-kiosk-{re.sub(r'[^A-Za-z0-9.-]', '_', Path(path).name)}.lock"
    try:
        # Without O_CREAT: with it, another user's file cannot be opened. A pipe in its place must not block.
        descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        descriptor = os.open(name, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
