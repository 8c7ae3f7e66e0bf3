"""Show file names that are not UTF-8, and names with characters that move a cursor."""

from __future__ import annotations

import os


def shown_path(path: str | os.PathLike[str]) -> str:
    """Return a path for people to read: bytes that are no UTF-8, and control characters, become "?"."""
    return shown_text(os.fspath(path))


def shown_text(text: str) -> str:
    """Return a text that may contain such a path, for a terminal."""
    whole = text.encode("utf-8", "replace").decode()
    return "".join(char if char.isprintable() else "?" for char in whole)
