"""Compare class names: two spellings of the same letters, or of upper and lower case, are one name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Characters that draw nothing, although they count as letters or marks: variation selectors and fillers.

Source: Unicode, DerivedCoreProperties.txt, Default_Ignorable_Code_Point; and the blank braille pattern.
"""


def is_blank(label: str) -> bool:
    """Whether nothing of a name can be seen."""
    return all(
        char.isspace() or unicodedata.category(char) in ("Cc", "Cf") or INVISIBLE.match(char) is not None
        for char in label
    )


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
