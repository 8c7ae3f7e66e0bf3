"""Lesson sets: class names, a task, and how much and how long to teach, in a TOML file that a teacher writes.

A file may come from a stranger's drive, so everything in it is checked: types, lengths, numbers, and that the names
differ. `docs/lessons.md` describes the form.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.base.errors import ConfigInvalid
from app.base.i18n import LANGUAGES, Message, message
from app.base.labels import all_different
from app.base.text_files import NotText, decode_text
from app.config.checks import LONGEST_LABEL, MAX_CLASSES
from learning.dataset import MIN_CLASSES

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LARGEST_LESSON_BYTES = 64 << 10
LONGEST_TASK = 100
LONGEST_DETAILS = 400
LONGEST_NAME = 60
LONGEST_CLASS = 40
MOST_SHOTS = 200
MOST_MINUTES = 180
KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
KNOWN = ("name", "task", "details", "classes", "target_shots", "minutes", "extractor")

Words = Mapping[str, str]
"""A text by language code; at least one language is there."""


@dataclass(frozen=True)
class Lesson:
    """A lesson set.

    Attributes:
        key: The name of its file without the ending; the settings keep it.
        name: What it is called.
        task: What the visitor should do first, for the screen: one short sentence.
        details: More about it, for the printed card; None without.
        classes: The names of the classes, in the order of the buttons.
        target_shots: Pictures of a class at which its ring can be full.
        minutes: How long the lesson takes; 0 is no limit.
        extractor: The extractor that it is made for: a name that `models` lists; empty is the one of the settings.
        source: The text of the file.
    """

    key: str
    name: Words
    task: Words
    classes: tuple[Words, ...]
    details: Words | None = None
    target_shots: int = 20
    minutes: int = 0
    extractor: str = ""
    source: str = field(default="", repr=False, compare=False)

    def labels(self, language: str) -> tuple[str, ...]:
        """The names of the classes in a language."""
        return tuple(in_language(words, language) for words in self.classes)


def in_language(words: Words, language: str) -> str:
    """Return a text in a language; English, or else the first language that is there, if that one is missing."""
    return words.get(language) or words.get("en") or next(iter(words.values()))


def parse_lesson(data: bytes, file: str) -> Lesson:
    """Parse and check a lesson set.

    Args:
        data: The content of the file.
        file: Its name, for error texts; the key is made of it.

    Raises:
        ConfigInvalid: With one line that says what is wrong in the file.
    """
    if len(data) > LARGEST_LESSON_BYTES:
        raise too_large(file)
    try:
        source = decode_text(data)
        table = tomllib.loads(source)
    except NotText:
        raise _refused(file, message("it is not UTF-8 text")) from None
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        where = re.search(r"\(at line (\d+)", str(error))
        text = message("line {line} is not TOML", line=where[1]) if where else message("it is not TOML")
        raise _refused(file, text) from None
    if unknown := sorted(set(table) - set(KNOWN)):
        raise _refused(file, message("“{name}” is unknown", name=_short(unknown[0])))
    classes = table.get("classes")
    if not isinstance(classes, list) or not MIN_CLASSES <= len(classes) <= MAX_CLASSES:
        raise _refused(file, message("it takes {least} to {most} classes", least=MIN_CLASSES, most=MAX_CLASSES))
    lesson = Lesson(
        key=_key(file),
        name=_words(file, "name", table.get("name"), LONGEST_NAME),
        task=_words(file, "task", table.get("task"), LONGEST_TASK),
        classes=tuple(_words(file, "classes", one, LONGEST_CLASS) for one in classes),
        details=_words(file, "details", table["details"], LONGEST_DETAILS) if "details" in table else None,
        target_shots=_number(file, "target_shots", table.get("target_shots", 20), 2, MOST_SHOTS),
        minutes=_number(file, "minutes", table.get("minutes", 0), 0, MOST_MINUTES),
        extractor=_extractor(file, table.get("extractor", "")),
        source=source,
    )
    for language in LANGUAGES:
        if not all_different(lesson.labels(language)):
            raise _refused(file, message("two classes have the same name in {language}", language=LANGUAGES[language]))
    return lesson


def too_large(file: str) -> ConfigInvalid:
    """The error for a file of more than LARGEST_LESSON_BYTES."""
    return _refused(file, message("it is larger than {size} KB", size=LARGEST_LESSON_BYTES >> 10))


def _words(file: str, name: str, value: Any, longest: int) -> Words:
    """A text in every language, or a table of texts by language."""
    table = dict.fromkeys(LANGUAGES, value) if isinstance(value, str) else value
    if not isinstance(table, dict) or not table or set(table) - set(LANGUAGES):
        languages = ", ".join(LANGUAGES)
        raise _refused(file, message("“{name}” takes texts for {languages}", name=name, languages=languages))
    for text in table.values():
        if not isinstance(text, str) or not text.strip() or not _is_one_line(text) or len(text) > longest:
            raise _refused(
                file, message("“{name}” takes one line with {most} letters at most", name=name, most=longest)
            )
    return {language: text.strip() for language, text in table.items()}


def _is_one_line(text: str) -> bool:
    """Whether a text has no control characters. French has spaces that do not break before its punctuation marks."""
    return text.replace("\u00a0", " ").replace("\u202f", " ").isprintable()


def _number(file: str, name: str, value: Any, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise _refused(
            file, message("“{name}” takes a number from {least} to {most}", name=name, least=least, most=most)
        )
    return value


def _extractor(file: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_LABEL or not re.fullmatch(r"[A-Za-z0-9._-]*", value):
        raise _refused(file, message("“extractor” takes a name that the command “models” lists"))
    return value


def _key(file: str) -> str:
    stem = Path(file).stem
    path = Path(file)
    stem = path.parent.name if path.name == "lesson.toml" and path.parent.name not in ("", "lessons") else stem
    key = re.sub(r"[^a-z0-9_-]+", "-", stem.lower()).strip("-_")[:40].strip("-_")
    if not KEY.fullmatch(key):
        raise _refused(file, message("its name needs letters or digits"))
    return key


def _short(text: str) -> str:
    shown = "".join(char if char.isprintable() else "?" for char in text)
    return shown if len(shown) <= LONGEST_CLASS else f"{shown[:LONGEST_CLASS]}…"


def _refused(file: str, reason: Message) -> ConfigInvalid:
    return ConfigInvalid(message("The lesson {file} cannot be used: {reason}.", file=_short(file), reason=reason))
