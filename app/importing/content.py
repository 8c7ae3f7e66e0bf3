"""Limits and checks that hold for every file of a folder on a visitor's drive.

Nothing on a drive is trusted. Only plain files of bounded size are read, texts are cleaned, numbers are checked, and
what has to be unpacked or run goes to the sandbox first (`app.guarded.sandbox`).
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from app.base.error_texts import system_error_text
from app.base.errors import DriveUnreadable, FolderRefused
from app.base.i18n import message
from app.base.labels import all_different, is_blank
from app.config.checks import LONGEST_LABEL, MAX_CLASSES
from app.importing.untrusted_folder import UntrustedFolder, open_untrusted_folder
from learning.dataset import MIN_CLASSES

DEEPEST = 3  # folders between the top of a drive, or `teachable`, and a saved folder
MOST_NAMES = 5_000  # names that are listed of one folder
LARGEST_TEXT_BYTES = 256 << 10
LARGEST_MODEL_BYTES, LARGEST_SESSION_BYTES = 64 << 20, 64 << 20
JOINERS = {"\u200c", "\u200d"}  # invisible, but emoji and some scripts need them


@contextmanager
def open_export(folder: Path) -> Iterator[UntrustedFolder]:
    """Open a saved folder on a drive step by step, from the mount point of the drive.

    Raises:
        FolderRefused: If a step is a link, or not a folder.
        DriveUnreadable: If the system cannot read it.
    """
    try:
        with ExitStack() as stack:
            top = _top(folder)
            opened = stack.enter_context(open_untrusted_folder(top))
            for step in folder.relative_to(top).parts:
                opened = stack.enter_context(opened.folder(step))
            yield opened
    except FileNotFoundError as error:
        raise DriveUnreadable(message("the folder is not whole, or the drive was pulled. Plug it in again.")) from error
    except OSError as error:
        reason = system_error_text(error)
        raise DriveUnreadable(
            message("the drive cannot be read ({reason}). Plug it in again.", reason=reason)
        ) from error


def _top(folder: Path) -> Path:
    """The mount point above a folder; at most as far above it as the search for saved folders goes.

    Raises:
        OSError: If the folder is gone.
    """
    top = folder.parent
    device = top.lstat().st_dev
    for above in list(top.parents)[: DEEPEST + 1]:
        if above.lstat().st_dev != device:
            break
        top = above
    return top


def read_json(folder: UntrustedFolder, name: str) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        FolderRefused: If the file is too large, or not a JSON object.
        OSError: If it cannot be read.
    """
    try:
        facts = json.loads(folder.read(name, LARGEST_TEXT_BYTES))
    except (ValueError, RecursionError) as error:
        raise damaged(name) from error
    if not isinstance(facts, dict):
        raise damaged(name)
    return facts


def checked_labels(facts: dict[str, Any]) -> tuple[str, ...]:
    """Return the class labels, cleaned for the screen.

    Raises:
        FolderRefused: If their number is not possible on a kiosk, or two of them look alike.
    """
    labels = facts.get("labels")
    if not isinstance(labels, list) or not MIN_CLASSES <= len(labels) <= MAX_CLASSES:
        raise FolderRefused(message("it does not have {least} to {most} classes.", least=MIN_CLASSES, most=MAX_CLASSES))
    cleaned = tuple(clean(label) for label in labels)
    if not all(cleaned) or not all_different(cleaned):
        raise FolderRefused(message("its classes have no names that can be shown."))
    return cleaned


def clean(text: object) -> str:
    """Return a text on one line without control characters; empty if it is not a text, or nothing of it can be seen."""
    if not isinstance(text, str):
        return ""
    one_line = " ".join(unicodedata.normalize("NFC", text[: 4 * LONGEST_LABEL]).split())
    shown = "".join(char for char in one_line if char.isprintable() or char in JOINERS)
    return "" if is_blank(shown) else shown[:LONGEST_LABEL].strip()


def damaged(name: str) -> FolderRefused:
    """Return the error for a file that does not have the format of the kiosk."""
    return FolderRefused(message("{file} is damaged, or was not written by a kiosk.", file=name))
