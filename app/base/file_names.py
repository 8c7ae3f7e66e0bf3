"""Make and check file names that every file system accepts; FAT and Windows are the strictest."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from itertools import count

from app.base.labels import is_blank

HOME_PAGE = "open_me.html"  # in every saved folder: what to open at home
LONGEST_BYTES = 100  # leaves room for a suffix; FAT, ext4 and Windows end near 255
FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
"""Source: Microsoft, "Naming Files, Paths, and Namespaces"."""


def safe_file_name(
    text: str, taken: Collection[str] = (), *, longest_bytes: int = LONGEST_BYTES, ascii_only: bool = False
) -> str:
    """Turn any text into a file name that resembles it.

    Letters, marks and digits of the basic plane stay, and `.` and `-` between them. Everything else becomes `_`, also
    emoji, because some mounted FAT volumes refuse them.

    Args:
        text: Any text, also an empty one.
        taken: Names in use; case is ignored, as on FAT.
        longest_bytes: Length in UTF-8, without the number that makes the name different from `taken`.
        ascii_only: For volumes that accept only ASCII: accents are dropped, other characters become `_`.
    """
    highest = 0x7F if ascii_only else 0xFFFF
    if ascii_only:
        text = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    kept = "".join(
        char if ord(char) <= highest and (unicodedata.category(char)[0] in "LMN" or char in ".-") else "_"
        for char in unicodedata.normalize("NFKC", text)
    )
    name = _cut(re.sub(r"_+", "_", re.sub(r"\.{2,}", "_", kept)).strip("._-"), longest_bytes) or "class"
    if RESERVED.fullmatch(name):
        name = f"_{name}"
    used = {other.casefold() for other in taken}
    return next(unique for unique in numbered_names(name) if unique.casefold() not in used)


def numbered_names(name: str) -> Iterator[str]:
    """Yield `name`, `name_2`, `name_3`, … without end."""
    yield name
    yield from (f"{name}_{number}" for number in count(2))


def file_name_problem(name: str) -> str | None:
    """Return why a name is not valid on every file system; None if it is valid."""
    try:
        length = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        return "it is not valid UTF-8"
    if is_blank(name):
        return "it is empty"
    if found := FORBIDDEN.search(name):
        return f"it contains {found.group()!r}"
    if name != name.strip() or name.endswith("."):
        return "it begins or ends with a space, or ends with a dot"
    if RESERVED.fullmatch(name):
        return "Windows reserves it for a device"
    if length > LONGEST_BYTES:
        return f"it is longer than {LONGEST_BYTES} bytes"
    return None


def _cut(text: str, longest_bytes: int) -> str:
    return text.encode("utf-8")[:longest_bytes].decode("utf-8", "ignore").rstrip("._-")
