"""Find lesson sets: those that are included, those that staff kept, and those on the drives that are plugged in.

On a drive a lesson is `lesson.toml` at the top, any `.toml` file in the folder `lessons`, or `lesson.toml` in a folder
inside `lessons`. Kept lessons are in the folder `lessons` of the data directory.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from app.base.errors import ConfigInvalid, FolderRefused, KioskError
from app.base.files import write_durably
from app.base.i18n import Text, message
from app.base.paths import asset_path
from app.base.ports import Drive
from app.config.lesson import LARGEST_LESSON_BYTES, Lesson, parse_lesson, too_large
from app.core.facts import FoundLesson
from app.importing.untrusted_folder import UntrustedFolder, open_untrusted_folder

logger = logging.getLogger(__name__)

FOLDER, FILE, ENDING = "lessons", "lesson.toml", ".toml"
MOST_FILES = 24  # in one place
INCLUDED = message("included")
KEPT = message("on this machine")


def find_lessons(data_dir: Path, drives: Sequence[Drive]) -> tuple[tuple[FoundLesson, ...], tuple[Text, ...]]:
    """Return all lessons, the included ones first, and one line for each file that cannot be used.

    A lesson takes the place of one with the same key that comes before it.
    """
    found: dict[str, FoundLesson] = {}
    problems: list[Text] = []
    places: list[tuple[Text, Path, bool]] = [(INCLUDED, asset_path(FOLDER), False), (KEPT, data_dir / FOLDER, False)]
    places += [(drive.name, drive.path, True) for drive in drives]
    for place, root, is_drive in places:
        try:
            with open_untrusted_folder(root) as folder:
                for lesson in _lessons(folder, problems, is_drive=is_drive):
                    found[lesson.key] = FoundLesson(lesson, place)
        except OSError as error:  # it is missing, or was pulled
            logger.debug("no lessons in %s: %s", root, error)
    return tuple(found.values()), tuple(problems)


def chosen_lesson(data_dir: Path, key: str) -> Lesson | None:
    """Return the lesson that the settings name; None for an empty key.

    Raises:
        ConfigInvalid: If it is missing or cannot be used.
    """
    if not key:
        return None
    for folder in (data_dir / FOLDER, asset_path(FOLDER)):
        with suppress(OSError), open_untrusted_folder(folder) as opened:
            return _read(opened, f"{key}{ENDING}")
    raise ConfigInvalid(message("The lesson {file} is missing. Choose another one.", file=key))


def keep_lesson(data_dir: Path, lesson: Lesson) -> None:
    """Copy a lesson to the data directory, so that it is there without the drive.

    Raises:
        OSError: If the disk is full or fails.
    """
    write_durably(data_dir / FOLDER / f"{lesson.key}{ENDING}", lesson.source.encode())


def _lessons(folder: UntrustedFolder, problems: list[Text], *, is_drive: bool) -> Iterator[Lesson]:
    if not is_drive:
        yield from _in_folder(folder, problems)
        return
    with suppress(FileNotFoundError):
        yield from _read_or_report(folder, FILE, FILE, problems)
    with suppress(FileNotFoundError, FolderRefused), folder.folder(FOLDER) as lessons:
        yield from _in_folder(lessons, problems)


def _in_folder(lessons: UntrustedFolder, problems: list[Text]) -> Iterator[Lesson]:
    for name in sorted(lessons.names(MOST_FILES)):
        if name.startswith("."):
            continue
        if name.endswith(ENDING):
            yield from _read_or_report(lessons, name, name, problems)
            continue
        with suppress(FileNotFoundError, FolderRefused), lessons.folder(name) as inside:
            yield from _read_or_report(inside, FILE, f"{name}/{FILE}", problems)


def _read_or_report(folder: UntrustedFolder, name: str, shown: str, problems: list[Text]) -> Iterator[Lesson]:
    try:
        yield _read(folder, name, shown)
    except KioskError as error:
        problems.append(error.message)


def _read(folder: UntrustedFolder, name: str, shown: str = "") -> Lesson:
    if (folder.size_bytes(name) or 0) > LARGEST_LESSON_BYTES:
        raise too_large(shown or name)
    return parse_lesson(folder.read(name, LARGEST_LESSON_BYTES), shown or name)
