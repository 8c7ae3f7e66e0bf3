"""Find a folder on a visitor's drive that SAVE or `train` wrote.

It may have any name. It lies in the folder `teachable`, where SAVE writes, at the top of the drive, or deeper: people
sort their drives into folders.

Which folder is the newest must not depend on clocks alone, because clocks can be wrong: every folder stores an order
that is larger than that of the folders beside it (`next_order`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.base.errors import FolderRefused
from app.base.ports import Clock
from app.importing.content import (
    DEEPEST,
    LARGEST_MODEL_BYTES,
    LARGEST_SESSION_BYTES,
    LARGEST_TEXT_BYTES,
    MOST_NAMES,
    checked_labels,
    read_json,
)
from app.importing.untrusted_folder import UntrustedFolder, open_untrusted_folder
from app.model.saved_folder.facts import EXPORT_FOLDER, PLAIN_FILE
from app.model.saved_folder.verified_folder import METADATA

DATED_NAME = re.compile(r"(\d{4}-\d{2}-\d{2}_\d{4})_.+")  # the form of `app.model.saved_folder.facts.export_name`
LONGEST_SEARCH_S = 3.0  # enough for some hundred folders on a slow drive
MOST_DEEPER = 2000  # names that are looked at below these two places
LARGEST_ORDER = 1 << 53  # the largest integer that every JSON reader keeps


@dataclass(frozen=True)
class FoundFolder:
    """The newest folder on a drive with a session or a model that can be used."""

    path: Path
    labels: tuple[str, ...]
    has_session: bool
    has_model: bool


def find_folder(root: Path, *, clock: Clock = time.monotonic) -> FoundFolder | None:
    """Look on a drive for the newest folder that can be used; None if there is none.

    Full drives take limited time: the search lists MOST_NAMES names at most in each of the two places and MOST_DEEPER
    below them, and opens no more folders after LONGEST_SEARCH_S. So it looks first where the newest folder probably is:
    at the dated names in `teachable`, the latest first, then at other names there, then at the top of the drive, and
    then inside these folders, level by level.

    Args:
        root: The mount point of the drive.
        clock: Monotonic seconds.
    """
    until_s = clock() + LONGEST_SEARCH_S
    found: list[tuple[tuple[int, str], FoundFolder]] = []
    try:
        with open_untrusted_folder(root) as drive, ExitStack() as stack:
            candidates = stack.enter_context(closing(_candidates(drive, root)))
            for place, path, name in candidates:
                if clock() > until_s:
                    break
                examined = _examine(place, path, name)
                if examined is not None:
                    found.append(examined)
    except OSError:  # the drive was pulled
        return None
    return max(found, key=lambda one: one[0])[1] if found else None


def next_order(places: Sequence[Path], now: datetime, *, clock: Clock = time.monotonic) -> int:
    """Return the order of a folder that is written now: larger than that of every folder in `places`.

    Args:
        places: Folders that hold saved folders, such as the top of a drive and its `teachable`; they may be missing.
        now: The current time. The order is its seconds since 1970, unless a folder with a larger order is there.
        clock: Monotonic seconds; the search takes LONGEST_SEARCH_S at most.
    """
    until_s, order = clock() + LONGEST_SEARCH_S, int(now.timestamp())
    for path in places:
        with suppress(OSError), open_untrusted_folder(path) as place:
            for name in _likely_first(place.names(MOST_NAMES)):
                if clock() > until_s:
                    break
                with suppress(OSError, FolderRefused), place.folder(name) as folder:
                    order = max(order, _order(folder, name, read_json(folder, METADATA).get("order")) + 1)
    return min(order, LARGEST_ORDER)


def _candidates(drive: UntrustedFolder, root: Path) -> Generator[tuple[UntrustedFolder, Path, str], None, None]:
    """Yield the open folder, its path, and the name of each folder to look at in it."""
    level: list[tuple[str, ...]] = []
    first: tuple[tuple[str, ...], ...] = ((EXPORT_FOLDER,), ())
    for place in first:
        with suppress(OSError, FolderRefused), ExitStack() as stack:  # it is missing, or a link or a file is there
            opened = _opened(drive, place, stack)
            for name in _likely_first(opened.names(MOST_NAMES)):
                yield opened, root.joinpath(*place), name
                level.append((*place, name))
    left = MOST_DEEPER
    for _ in range(DEEPEST):
        places = [place for place in level if place != (EXPORT_FOLDER,) and not place[-1].startswith(".")]
        level = []
        for place in places:
            with suppress(OSError, FolderRefused), ExitStack() as stack:
                opened = _opened(drive, place, stack)
                if opened.size_bytes(METADATA) is not None:
                    continue  # a saved folder, which has no other one inside
                for name in _likely_first(opened.names(left)):
                    yield opened, root.joinpath(*place), name
                    level.append((*place, name))
                    left -= 1
            if left <= 0:
                return


def _opened(drive: UntrustedFolder, place: tuple[str, ...], stack: ExitStack) -> UntrustedFolder:
    """Open the folder at a place, one name after the other, so that no link is followed."""
    for name in place:
        drive = stack.enter_context(drive.folder(name))
    return drive


def _likely_first(names: list[str]) -> list[str]:
    whole = [name for name in names if not name.endswith(".partial")]
    return sorted(whole, key=lambda name: (DATED_NAME.fullmatch(name) is not None, name), reverse=True)


def _examine(place: UntrustedFolder, path: Path, name: str) -> tuple[tuple[int, str], FoundFolder] | None:
    """Return the folder and what to sort it by; None if it cannot be used."""
    try:
        with place.folder(name) as folder:
            facts = read_json(folder, METADATA)
            labels, order = checked_labels(facts), _order(folder, name, facts.get("order"))
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
    return (order, name), FoundFolder(path / name, labels, has_session, has_model)


def _order(folder: UntrustedFolder, name: str, stored: object) -> int:
    """Return what is stored, else the date in the name, else when the folder's metadata was written."""
    if isinstance(stored, int) and not isinstance(stored, bool) and 0 <= stored <= LARGEST_ORDER:
        return stored
    if dated := DATED_NAME.fullmatch(name):
        try:
            return int(datetime.strptime(dated[1], "%Y-%m-%d_%H%M").timestamp())
        except (ValueError, OverflowError):
            pass
    return folder.modified_s(METADATA)


def _has_file(folder: UntrustedFolder, name: str, most_bytes: int) -> bool:
    size_bytes = folder.size_bytes(name)
    return size_bytes is not None and 0 < size_bytes <= most_bytes
