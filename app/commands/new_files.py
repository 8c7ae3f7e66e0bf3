"""Files and links that an installation writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class NewFile:
    """A file to write.

    Attributes:
        path: On the installed system.
        text: Its content.
        kept: It belongs to the owner: it is never overwritten, and not removed once it was changed.
        of_user: It belongs to the user that runs the kiosk, as do new folders for it in the user's home.
    """

    path: Path
    text: str
    kept: bool = False
    of_user: bool = False


@dataclass(frozen=True)
class NewLink:
    """A symbolic link to make."""

    path: Path
    target: Path
