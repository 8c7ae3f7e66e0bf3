"""Find a folder on a visitor's drive that SAVE wrote."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path

from app.base.errors import FolderRefused
from app.base.ports import Clock
from app.importing.content import (
    LARGEST_MODEL_BYTES,
    LARGEST_SESSION_BYTES,
    LARGEST_TEXT_BYTES,
    MOST_NAMES,
    checked_labels,
    read_json,
)
from app.importing.untrusted_folder import UntrustedFolder, open_untrusted_folder
from app.model.export_folder import EXPORT_FOLDER, PLAIN_FILE

NAME = re.compile(r"\d{4}-\d{2}-\d{2}_\d{4}_.+")  # the form of `app.model.export_folder.export_name`
LONGEST_SEARCH_S = 3.0  # enough for some hundred folders on a slow drive


@dataclass(frozen=True)
class FoundFolder:
    """The newest folder on a drive with a session or a model that can be used."""

    path: Path
    labels: tuple[str, ...]
    has_session: bool
    has_model: bool


def find_folder(root: Path, *, clock: Clock = time.monotonic) -> FoundFolder | None:
    """Look on a drive for the newest folder of SAVE that can be used; None if there is none.

    Names begin with the date, so they alone tell which folder is the newest. Full drives take limited time: the search
    lists MOST_NAMES names at most, and opens no more folders after LONGEST_SEARCH_S.

    Args:
        root: The mount point of the drive.
        clock: Monotonic seconds.
    """
    until_s = clock() + LONGEST_SEARCH_S
    try:
        with open_untrusted_folder(root) as drive, drive.folder(EXPORT_FOLDER) as exports:
            names = [name for name in exports.names(MOST_NAMES) if NAME.fullmatch(name)]
            for name in sorted(names, reverse=True):
                if clock() > until_s:
                    break
                if not name.endswith(".partial") and (found := _examine(exports, root, name)) is not None:
                    return found
    except (OSError, FolderRefused):  # the folder is missing, a link is in its place, or the drive was pulled
        return None
    return None


def _examine(exports: UntrustedFolder, root: Path, name: str) -> FoundFolder | None:
    try:
        with exports.folder(name) as folder:
            labels = checked_labels(read_json(folder, "metadata.json"))
            has_session = _has_file(folder, "session.npz", LARGEST_SESSION_BYTES) and _has_file(
                folder, "session.json", LARGEST_TEXT_BYTES
            )
            model_folder, model = PLAIN_FILE.split("/")
            try:
                with folder.folder(model_folder) as models:
                    has_model = _has_file(models, model, LARGEST_MODEL_BYTES)
            except (OSError, FolderRefused):
                has_model = False
    except (OSError, FolderRefused):
        return None
    if not has_session and not has_model:
        return None
    return FoundFolder(root / EXPORT_FOLDER / name, labels, has_session, has_model)


def _has_file(folder: UntrustedFolder, name: str, most_bytes: int) -> bool:
    size_bytes = folder.size_bytes(name)
    return size_bytes is not None and 0 < size_bytes <= most_bytes
