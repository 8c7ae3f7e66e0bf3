"""PINs as they are stored: a key that scrypt derives from the PIN and a random salt, with the parameters.

A stored PIN reads `scrypt$N$r$p$SALT$KEY`; salt and key are in base64. A settings file may also hold the PIN itself, as
older versions wrote it; the kiosk derives the key when it starts (`SettingsFile.protect_pin`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re

SHORTEST, LONGEST = 4, 12  # digits
COST, BLOCK_SIZE, PARALLEL = 1 << 14, 8, 1  # 16 MiB. Source: RFC 7914, section 2
MOST_BYTES = 64 << 20  # a damaged file must not ask for more memory
SALT_BYTES = KEY_BYTES = 16
_STORED = re.compile(
    r"scrypt\$(?P<n>\d{1,7})\$(?P<r>\d{1,2})\$(?P<p>\d)\$(?P<salt>[A-Za-z0-9+/=]{8,64})\$(?P<key>[A-Za-z0-9+/=]{8,64})"
)


def is_pin(text: str) -> bool:
    """Whether a person may choose this PIN: 4 to 12 digits."""
    return re.fullmatch(rf"[0-9]{{{SHORTEST},{LONGEST}}}", text) is not None


def is_stored(text: str) -> bool:
    """Whether this is a stored PIN, with parameters that can be computed."""
    return _parameters(text) is not None


def stored(pin: str, salt: bytes | None = None) -> str:
    """Derive what is stored for a PIN; `salt` defaults to random bytes."""
    salt = os.urandom(SALT_BYTES) if salt is None else salt
    key = _key(pin, salt, COST, BLOCK_SIZE, PARALLEL, KEY_BYTES)
    return "$".join(("scrypt", str(COST), str(BLOCK_SIZE), str(PARALLEL), _text(salt), _text(key)))


def matches(pin: str, kept: str) -> bool:
    """Whether a PIN is the one that is kept, stored or plain. Every wrong PIN takes the same time."""
    parameters = _parameters(kept)
    if parameters is None:
        return bool(kept) and hmac.compare_digest(pin.encode(), kept.encode())
    n, r, p, salt, key = parameters
    return hmac.compare_digest(_key(pin, salt, n, r, p, len(key)), key)


def _parameters(text: str) -> tuple[int, int, int, bytes, bytes] | None:
    found = _STORED.fullmatch(text)
    if found is None:
        return None
    n, r, p = int(found["n"]), int(found["r"]), int(found["p"])
    if n < 2 or n & (n - 1) or r < 1 or p < 1 or 128 * n * r * p > MOST_BYTES:
        return None
    try:
        return n, r, p, base64.b64decode(found["salt"], validate=True), base64.b64decode(found["key"], validate=True)
    except binascii.Error:
        return None


def _key(pin: str, salt: bytes, n: int, r: int, p: int, size: int) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=n, r=r, p=p, maxmem=2 * MOST_BYTES, dklen=size)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
