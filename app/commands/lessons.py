"""`lessons [list | check FILE… | card NAME|FILE]`: list lesson sets, check files, or write a card to print."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from app.base.errors import ConfigInvalid, ExportFailed
from app.base.files import write_durably
from app.base.i18n import LANGUAGES
from app.base.paths import program_name
from app.commands.exit_codes import DONE
from app.commands.streams import print_line
from app.config.lesson import LARGEST_LESSON_BYTES, Lesson, in_language, parse_lesson
from app.config.lesson_card import lesson_card
from app.config.schema import Config, StorageSettings
from app.importing.lessons import ENDING, find_lessons
from tpu.plain_files import read_plain_file


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    names: list[str] = options.names
    data_dir = Config(storage=StorageSettings(data_dir=str(getattr(options, "data_dir", None) or ""))).data_dir
    if options.action == "list":
        if names:
            options.usage_error("list takes no NAME: it always lists all lessons")
        list_lessons(data_dir, print_line)
    elif not names:
        options.usage_error(f"{options.action} needs a NAME or a FILE. To list the names: {program_name()} lessons")
    elif options.action == "check":
        check_lessons(names, print_line)
    else:
        if len(names) > 1:
            options.usage_error("card takes one NAME or FILE")
        lesson = _lesson(names[0], data_dir)
        write_card(lesson, options.language, options.out or Path(f"{lesson.key}.html"), print_line)
    return DONE


def list_lessons(data_dir: Path, write: Callable[[str], None]) -> None:
    """Write key, name, classes and place of every lesson on this machine, and what is wrong with other files."""
    found, problems = find_lessons(data_dir, ())
    for one in found:
        lesson = one.lesson
        write(f"{lesson.key:16} {in_language(lesson.name, 'en')}: {', '.join(lesson.labels('en'))} ({one.place})")
    for problem in problems:
        write(str(problem))


def check_lessons(files: list[str], write: Callable[[str], None]) -> None:
    """Check files.

    Raises:
        ConfigInvalid: For the first one that cannot be used.
    """
    for file in files:
        lesson = _read(Path(file))
        for language, name in LANGUAGES.items():
            if any(
                language not in words
                for words in (lesson.name, lesson.task, lesson.details or lesson.name, *lesson.classes)
            ):
                write(f"{file}: not everything is in {name}; English or the first language takes its place.")
        write(f"{file}: ok – {in_language(lesson.name, 'en')}, {len(lesson.classes)} classes")


def write_card(lesson: Lesson, language: str, out: Path, write: Callable[[str], None]) -> None:
    """Write the card of a lesson as HTML.

    Raises:
        ExportFailed: If the file cannot be written.
    """
    try:
        write_durably(out, lesson_card(lesson, language).encode())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ExportFailed(f"cannot write {out}: {reason}. Name another file with --out.") from error
    write(f"{out}: open it in a browser and print it on one sheet of A4.")


def _lesson(name: str, data_dir: Path) -> Lesson:
    found, _ = find_lessons(data_dir, ())
    known = {one.lesson.key: one.lesson for one in found}
    if name in known:
        return known[name]
    if name.endswith(ENDING) or "/" in name:
        return _read(Path(name))
    raise ConfigInvalid(f"no lesson is called {name!r}. Choose one of: {', '.join(known)}; or name a .toml file.")


def _read(path: Path) -> Lesson:
    try:
        return parse_lesson(read_plain_file(path, LARGEST_LESSON_BYTES), path.name)
    except OSError as error:
        raise ConfigInvalid(f"cannot read {path}: {error.strerror}. Name another file.") from error
