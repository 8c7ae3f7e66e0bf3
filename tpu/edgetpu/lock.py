"""One program at a time uses a stick: opening resets its port, which would kill whoever holds it.

Source: libedgetpu issue 237 ("expected behavior"). The lock is a file of ours, not the device's own: that one gets a
new number at every reset. It is held as long as a process lives that has it open, the accelerator's child included.
"""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
from pathlib import Path

FOLDER = Path("/run/lock")  # where every user may write (Filesystem Hierarchy Standard 3.0, 5.9)


def lock_device(path: str, folder: Path | None = None) -> int | None:
    """Take the lock of a device.

    Args:
        path: What the driver calls it; its last part stays the same when it is reset or opened anew.
        folder: Where lock files are; None is the system's place.

    Returns:
        A file descriptor, to be closed to let go; None while another process has it.
    """
    where = folder or (FOLDER if os.access(FOLDER, os.W_OK) else Path(tempfile.gettempdir()))
    name = where / f"teachable-kiosk-{re.sub(r'[^A-Za-z0-9.-]', '_', Path(path).name)}.lock"
    try:
        descriptor = os.open(name, os.O_RDONLY)  # without O_CREAT: another user's file may be opened, not made
    except FileNotFoundError:
        descriptor = os.open(name, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
