"""Lesson sets: staff choose one, its classes and its task are there for every visit, and its time is counted.

Without a PIN everybody may be a visitor, so a lesson lasts for the visit in which it was chosen.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from textwrap import wrap

from app.base.buttons import ChooseLesson
from app.base.i18n import Message, Text, message, translated
from app.base.tone import Tone
from app.config.class_names import class_names
from app.config.lesson import Lesson, in_language
from app.core import events as ev
from app.core.facts import TaughtClass
from app.core.modes.settings import change_settings
from app.core.state import KioskState, Mode, Step, noticed, refused

STARTS_S = 30.0  # longer than it takes to store what the next start needs
BUILT_IN = "built-in"  # what `models` calls the extractor that an empty name stands for
TIME_IS_UP_S = 12.0  # how long the screen says so
PART_S = 6.0  # how long a part of the task is shown
PART_LETTERS, LONGEST_WORD = 56, 6  # letters of a part, and what a word at its end may add


def given_labels(state: KioskState) -> tuple[str, ...]:
    """The names of the classes that the lesson gives in the language of the visit, or else the settings."""
    return state.lesson.labels(state.language) if state.lesson is not None else state.config.classes.labels


def default_labels(state: KioskState) -> tuple[str, ...]:
    """The names of the classes at the start of a visit; those without a given name have a default one."""
    return class_names(given_labels(state), state.language, state.config.screen.palette)


def target_shots(state: KioskState) -> int:
    """Pictures of a class at which its ring can be full."""
    return state.lesson.target_shots if state.lesson is not None else state.config.classes.target_shots


def task(state: KioskState) -> Text | None:
    """What the visitor should do, while nothing is taught yet; None without a lesson."""
    if state.lesson is None or any(state.shots):
        return None
    words = in_language(state.lesson.task, state.language)
    return Message("{task} {how}", (("task", words), ("how", _how(state))))


def task_in_parts(state: KioskState) -> Text | None:
    """The part of `task` that is shown now: letters for three metres leave room for a short text only."""
    if state.lesson is None or any(state.shots):
        return None
    words, how = in_language(state.lesson.task, state.language), translated(_how(state), state.language)
    if len(words) + len(how) < PART_LETTERS:
        return task(state)
    parts = (*wrap(words, len(words) // ceil(len(words) / PART_LETTERS) + LONGEST_WORD), how)
    return parts[int(state.now_s / PART_S) % len(parts)]


def _how(state: KioskState) -> Message:
    return message("Show {label} and hold its button.", label=state.classes[0].label)


def seconds_left(state: KioskState) -> float | None:
    """The time that is left of the lesson; None while it has no limit, or nobody is there."""
    lesson, since_s = state.lesson, state.lesson_since_s
    if lesson is None or not lesson.minutes or since_s is None:
        return None
    return max(0.0, since_s + 60.0 * lesson.minutes - state.now_s)


def found(state: KioskState, event: ev.LessonsFound) -> Step:
    """Show the lessons that can be chosen, and what is wrong with other files."""
    staff = replace(state.staff, lessons=event.lessons, lesson_problems=event.problems)
    asked = staff.asked
    if isinstance(asked, ChooseLesson) and _lesson(state, asked.key) != _lesson(replace(state, staff=staff), asked.key):
        staff = replace(staff, asked=None)  # the question was about a lesson that has gone with its drive
    return replace(state, staff=staff), ()


def chosen(state: KioskState, key: str) -> Step:
    """Use a lesson from now on, or none for an empty key. What is taught must be put away before.

    What UNDO could bring back belongs to the classes before, so it is forgotten.
    """
    lesson = _lesson(state, key)
    if key and lesson is None:
        return state, ()
    if any(state.shots) or state.in_flight or state.model is not None:
        return refused(state, message("Something is taught here. Press RESET on the main screen first."))
    if needs_restart(state, lesson):
        staff = replace(state.staff, asked=ChooseLesson(key))
        return replace(state, staff=staff, asked_at_s=state.now_s), ()
    state = replace(state, lesson=lesson, lesson_since_s=state.now_s if lesson is not None else None)
    labels = default_labels(state)
    state = replace(state, classes=tuple(map(TaughtClass, labels)))
    begin = (ev.ForgetRemoved(), ev.NameClasses(labels))
    stored = state.lesson_stored
    if not state.has_pin:
        instead = (ev.KeepVisitLesson(lesson),) if stored else ()
        return _chosen_notice(state, lesson), (*begin, *instead, ev.PlaySound("tick"))
    state = replace(state, kept_lesson=lesson, lesson_stored=False)
    state, commands = change_settings(state, (("classes.lesson", key),))
    keep = (ev.KeepLesson(lesson),) if lesson is not None else ()
    forget = (ev.EndVisitLesson(restart=False),) if stored else ()
    return _chosen_notice(state, lesson), (*begin, *keep, *commands, *forget)


def needs_restart(state: KioskState, lesson: Lesson | None) -> bool:
    """Whether a lesson uses another extractor than the one that was opened at the start."""
    return plain_extractor(_extractor_of(state, lesson)) != plain_extractor(state.extractor_in_use)


def restart_agreed(state: KioskState, key: str) -> Step:
    """Store the lesson for the next start; the kiosk starts again once that is done."""
    lesson = _lesson(state, key)
    if key and lesson is None:
        return state, ()
    after = replace(state, lesson=lesson, language=state.config.screen.language)
    labels, for_good = default_labels(after), state.has_pin
    text = message("One moment, I start again with this lesson.")
    command = ev.StartWithLesson(lesson, labels, _extractor_of(state, lesson), for_good)
    return noticed(state, text, Tone.HINT, STARTS_S), (command, ev.PlaySound("tick"))


def ready_to_start_again(state: KioskState, event: ev.ReadyToStartAgain) -> Step:
    """Everything is stored: end, and start again, but not while somebody is there who did not ask for it."""
    if event.visit_over and state.mode is not Mode.ATTRACT:
        return replace(state, restart_due=True), ()
    return state, (ev.Leave(again=True),)


def visit_lesson_left(state: KioskState, _: ev.VisitLessonLeft) -> Step:
    """The lesson of the visit that ended is still on the disk."""
    return replace(state, lesson_left=True), ()


def watch_end_of_visit(state: KioskState) -> Step:
    """When a visit ends whose lesson was kept over a restart, forget it, and go back to the extractor before.

    A lesson that could not be forgotten counts as one of the next visit, so it is tried again when that ends.
    """
    if state.mode is not Mode.ATTRACT:
        return (replace(state, lesson_stored=True, lesson_left=False) if state.lesson_left else state), ()
    if not (state.lesson_stored or state.restart_due):
        return state, ()
    restart = needs_restart(state, state.kept_lesson)
    return replace(state, lesson_stored=False, restart_due=False), (ev.EndVisitLesson(restart),)


def _lesson(state: KioskState, key: str) -> Lesson | None:
    """The lesson of the page with this key; None if there is none."""
    return next((one.lesson for one in state.staff.lessons if one.lesson.key == key), None)


def _extractor_of(state: KioskState, lesson: Lesson | None) -> str:
    """The extractor that a start with this lesson opens."""
    return (lesson.extractor if lesson is not None else "") or state.config.model.extractor


def plain_extractor(extractor: str) -> str:
    """The name of an extractor in the settings; the built-in one has two, and here none."""
    return "" if extractor == BUILT_IN else extractor


def ended(state: KioskState) -> KioskState:
    """The visit is over: the next one has the lesson that staff have chosen."""
    return replace(state, lesson=state.kept_lesson, lesson_since_s=None)


def begun(state: KioskState) -> KioskState:
    """A visit begins: its time is counted from now on."""
    return replace(state, lesson_since_s=state.now_s if state.lesson is not None else None)


def watch_time(state: KioskState) -> Step:
    """Say once that the time is up; teaching can go on."""
    if seconds_left(state) != 0.0 or state.mode in (Mode.ATTRACT, Mode.STAFF):
        return state, ()
    state = replace(state, lesson_since_s=None)
    text = message("Time is up! Show everybody what it has learned.")
    return noticed(state, text, Tone.HINT, TIME_IS_UP_S), (ev.PlaySound("train"),)


def _chosen_notice(state: KioskState, lesson: Lesson | None) -> KioskState:
    if lesson is None:
        return noticed(state, message("No lesson: the classes are those of the settings."), Tone.SUCCESS)
    return noticed(state, message("This lesson begins now."), Tone.SUCCESS)
