"""Which model files may run in this process: those that ship with the program, and those whose hash it lists.

The SHA-256 of the whole file decides, never its name, its place or anything written in it.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources

from tpu.models import KNOWN_MODELS


def is_trusted(sha256: str) -> bool:
    """Return whether a file with this hash (hexadecimal) may run in this process."""
    return sha256 in trusted_hashes()


@cache
def trusted_hashes() -> frozenset[str]:
    """Return the hashes of the installed models and of `tpu.models.KNOWN_MODELS`."""
    installed = [file for file in (resources.files("assets") / "models").iterdir() if file.name.endswith(".tflite")]
    hashes = {hashlib.sha256(file.read_bytes()).hexdigest() for file in installed}
    return frozenset(hashes | {model.sha256 for model in KNOWN_MODELS if model.sha256})
