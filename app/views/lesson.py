"""The lesson set on the main screen: its name and the time that is left."""

from __future__ import annotations

import math

from app.base.i18n import message
from app.config.lesson import in_language
from app.core.modes.lessons import seconds_left
from app.core.state import KioskState
from app.views.model import LessonChip
from app.views.words import Translator

LAST_MINUTE_S = 60.0


def lesson_chip(state: KioskState, translate: Translator) -> LessonChip | None:
    """The name of the lesson and the minutes that are left; None without a lesson and on other pages."""
    if state.lesson is None or not state.teaching or state.game is not None:
        return None
    left_s = seconds_left(state)
    minutes = math.ceil(left_s / 60) if left_s is not None else 0
    return LessonChip(
        name=in_language(state.lesson.name, state.language),
        time=translate(message("{minutes} min", minutes=minutes)) if left_s is not None else "",
        hurry=left_s is not None and left_s <= LAST_MINUTE_S,
    )
