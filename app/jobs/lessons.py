"""Jobs about lesson sets: look for them, and keep the chosen one on this machine."""

from __future__ import annotations

from app.base.error_texts import system_error_text
from app.base.i18n import message
from app.config.lesson import Lesson
from app.core import events as ev
from app.importing.lessons import find_lessons, keep_lesson
from app.jobs.running import report_failure_as
from app.jobs.tools import Announce, Tools


def look_for_lessons(tools: Tools, announce: Announce) -> None:
    """Look for lesson sets here and on the drives; announces LessonsFound."""
    with report_failure_as(ev.StaffFailed, announce):
        announce(ev.LessonsFound(*find_lessons(tools.config.data_dir, tools.drives.present())))


def keep_chosen_lesson(tools: Tools, announce: Announce, lesson: Lesson) -> None:
    """Copy the chosen lesson to the data directory; announces StaffFailed if that fails."""
    with report_failure_as(ev.StaffFailed, announce):
        try:
            keep_lesson(tools.config.data_dir, lesson)
        except OSError as error:
            text = message(
                "The lesson holds until the kiosk stops: it could not be kept ({reason}). Make room on the disk.",
                reason=system_error_text(error),
            )
            announce(ev.StaffFailed(text))
