"""Compare class names: two spellings of the same letters, or of upper and lower case, are one name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


def label_key(label: str) -> str:
    """Return what two names of the same class have in common.

    Letters with accents can be stored as one character or as two (macOS stores file names in the second form).
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", label).casefold())


def name_key(label: str) -> str:
    """Return what the spellings of a class name at different stations have in common.

    Besides what `label_key` ignores, these are spaces, and forms of letters that look almost the same.
    """
    return label_key(" ".join(unicodedata.normalize("NFKC", label).split()))


def all_different(labels: Iterable[str]) -> bool:
    """Return whether no two of the names are the same class."""
    keys = [label_key(label) for label in labels]
    return len(set(keys)) == len(keys)
