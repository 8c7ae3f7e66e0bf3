"""Jobs about lesson sets: look for them, and keep the chosen one on this machine."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.base.error_texts import system_error_text
from app.base.i18n import message
from app.config.lesson import Lesson
from app.config.lesson_card import lesson_card
from app.config.settings_file import SettingsFile
from app.core import events as ev
from app.importing.lessons import find_lessons, keep_lesson
from app.importing.visit_lesson import forget_visit_lesson, remember_visit_lesson
from app.jobs.drives import write_files
from app.jobs.running import report_failure_as
from app.jobs.tools import Announce, StationServices, Tools
from tpu.models import extractor_path

logger = logging.getLogger(__name__)

CARDS = "lesson_cards"  # the folder on a drive
LOST_AT_RESTART = message(
    "A restart would lose this choice: the disk could not be used at the start. Check the disk first."
)


def look_for_lessons(tools: Tools, announce: Announce) -> None:
    """Look for lesson sets here and on the drives; announces LessonsFound."""
    with report_failure_as(ev.StaffFailed, announce):
        announce(ev.LessonsFound(*find_lessons(tools.config.data_dir, tools.drives.present())))


def write_cards(tools: Tools, announce: Announce, lessons: tuple[Lesson, ...], language: str) -> None:
    """Write the cards to print to the first writable drive; announces StaffDone or StaffFailed."""
    with report_failure_as(ev.StaffFailed, announce):
        cards = {f"{CARDS}/{one.key}_{language}.html": lesson_card(one, language).encode() for one in lessons}
        drive, note = write_files(tools.drives, cards)
        text = message(
            "The cards are in the folder {folder} on {drive}. {note}", folder=CARDS, drive=drive.name, note=note
        )
        announce(ev.StaffDone(text))


def store_for_next_start(
    tools: Tools, announce: Announce, services: StationServices, command: ev.StartWithLesson
) -> None:
    """Store the lesson with which the kiosk starts again; announces ReadyToStartAgain, or StaffFailed."""
    with report_failure_as(ev.StaffFailed, announce):
        if tools.on_disk is not None:
            announce(ev.StaffFailed(LOST_AT_RESTART))
            return
        extractor_path(command.extractor)  # an error says how to get it, while nothing has changed yet
        before = tools.store.load().labels, tools.store.names_from()
        tools.store.rename(command.labels)
        try:
            _store_lesson(tools.config.data_dir, services.settings, command)
        except Exception:
            tools.store.rename(*before)  # the kiosk goes on with the classes that the screen shows
            raise
        announce(ev.ReadyToStartAgain())


def _store_lesson(data_dir: Path, settings: SettingsFile | None, command: ev.StartWithLesson) -> None:
    """Store which lesson the next start uses: the settings last, so that they name none after an error."""
    lesson = command.lesson
    if not command.for_good or settings is None:
        remember_visit_lesson(data_dir, lesson)
        return
    if lesson is not None:
        keep_lesson(data_dir, lesson)
    forget_visit_lesson(data_dir)  # the next start would prefer it
    settings.save({"classes.lesson": lesson.key if lesson is not None else ""})


def end_visit_lesson(tools: Tools, announce: Announce, restart: bool) -> None:
    """Forget the lesson of the visit that has ended; announces ReadyToStartAgain if that is wanted.

    While the disk still holds the lesson, the next start would use it again: then there is no restart, and
    VisitLessonLeft is announced.
    """
    try:
        forget_visit_lesson((tools.on_disk or tools.config).data_dir)
    except OSError as error:
        logger.warning("the lesson of the visit that ended cannot be forgotten: %s", error)
        announce(ev.VisitLessonLeft())
        return
    if restart:
        announce(ev.ReadyToStartAgain(visit_over=True))


def keep_chosen_lesson(tools: Tools, announce: Announce, lesson: Lesson) -> None:
    """Copy the chosen lesson to the data directory; announces StaffFailed if that fails."""
    with _not_kept(announce):
        keep_lesson(tools.config.data_dir, lesson)


def keep_visit_lesson(tools: Tools, announce: Announce, lesson: Lesson | None) -> None:
    """Keep another lesson than before until the visit ends, also over a power cut; announces StaffFailed if not."""
    with _not_kept(announce):
        remember_visit_lesson((tools.on_disk or tools.config).data_dir, lesson)


@contextmanager
def _not_kept(announce: Announce) -> Iterator[None]:
    """Announce StaffFailed if the disk does not take a lesson."""
    with report_failure_as(ev.StaffFailed, announce):
        try:
            yield
        except OSError as error:
            text = message(
                "The lesson holds until the kiosk stops: it could not be kept ({reason}). Make room on the disk.",
                reason=system_error_text(error),
            )
            announce(ev.StaffFailed(text))
