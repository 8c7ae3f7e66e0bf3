"""Sign a saved folder, so that a station can tell whether it comes from somebody who has the key.

`starter.hmac` holds the HMAC-SHA256 of SHA256SUMS, which in turn holds the hash of every other file.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from pathlib import Path

from app.base.errors import KeyUnusable

SIGNATURE = "starter.hmac"
LEAST_KEY_BYTES, MOST_KEY_BYTES = 16, 4096
MAKE_ONE = "Make one: (umask 077; head -c 32 /dev/urandom | base64 > FILE)."


def read_key(path: Path) -> bytes:
    """Read the key: the content of a file that nobody but its owner can read, without white space at its ends.

    Raises:
        KeyUnusable: If others can read it, or it is missing, too short or too long. The text does not show the key.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise KeyUnusable(f"the key file {path} is not a plain file. {MAKE_ONE}")
            if stat.S_IMODE(found.st_mode) & 0o077:
                raise KeyUnusable(f"others can read or change the key file {path}. Forbid it: chmod 600 {path}.")
            key = file.read(MOST_KEY_BYTES + 1)
    except OSError as error:
        raise KeyUnusable(f"cannot read the key file {path}: {error.strerror}. {MAKE_ONE}") from error
    if len(key) > MOST_KEY_BYTES:
        raise KeyUnusable(f"the key file {path} is longer than {MOST_KEY_BYTES} bytes. {MAKE_ONE}")
    key = key.strip()
    if len(key) < LEAST_KEY_BYTES:
        raise KeyUnusable(f"the key in {path} is shorter than {LEAST_KEY_BYTES} bytes. {MAKE_ONE}")
    return key


def signature(key: bytes, checksums: bytes) -> bytes:
    """Return the content of SIGNATURE for the content of SHA256SUMS."""
    return hmac.new(key, checksums, hashlib.sha256).hexdigest().encode() + b"\n"


def is_right(key: bytes, checksums: bytes, signed: bytes) -> bool:
    """Return whether `signed` is the signature of `checksums`; how long that takes tells nothing about the key."""
    return hmac.compare_digest(signature(key, checksums).strip(), signed.strip())
