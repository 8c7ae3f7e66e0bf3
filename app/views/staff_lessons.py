"""The staff page with the lesson sets."""

from __future__ import annotations

from app.base.buttons import ChooseLesson, ScreenKey
from app.base.i18n import Text, counted, message
from app.config.lesson import Lesson, in_language
from app.core.state import KioskState
from app.views.model import Setting
from app.views.words import Translator

MOST_PROBLEMS = 4


def lesson_rows(state: KioskState, translate: Translator) -> tuple[Setting, ...]:
    """A row without a lesson, a row for each lesson, the cards to print, and what is wrong with other files."""
    now = state.lesson.key if state.lesson is not None else ""
    none = _row(translate, "", now, message("No lesson"), message("the classes of the settings"))
    rows = tuple(
        _row(
            translate,
            one.lesson.key,
            now,
            in_language(one.lesson.name, state.language),
            message("{about} – {place}", about=_about(one.lesson), place=one.place),
        )
        for one in state.staff.lessons
    )
    problems = tuple(
        Setting(translate(message("Not usable")), translate(one), warning=True)
        for one in state.staff.lesson_problems[:MOST_PROBLEMS]
    )
    return (none, *rows, *((_cards(state, translate),) if rows else ()), *problems)


def _cards(state: KioskState, translate: Translator) -> Setting:
    count = counted("{count} lesson, to print", "{count} lessons, to print", len(state.staff.lessons))
    return Setting(
        translate(message("Cards for the table")),
        translate(count),
        press=ScreenKey.LESSON_CARDS,
        press_text=translate(message("write to drive")),
    )


def _row(translate: Translator, key: str, now: str, name: Text, about: Text) -> Setting:
    chosen = key == now
    return Setting(
        label=translate(name),
        value=translate(message("{about} – chosen", about=about) if chosen else about),
        press=None if chosen else ChooseLesson(key),
        press_text=translate(message("choose")),
        lit=chosen,
    )


def _about(lesson: Lesson) -> Text:
    classes = counted("{count} class", "{count} classes", len(lesson.classes))
    if not lesson.minutes:
        return classes
    return message("{classes}, {minutes} min", classes=classes, minutes=lesson.minutes)
