"""The lesson of one visit, kept over a restart: without a PIN a lesson holds for the visit in which it was chosen.

The file is there from the restart until the end of the visit. So a power cut during the visit does not end the lesson
either.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path

from app.base.errors import ConfigInvalid
from app.base.files import write_durably
from app.config.lesson import LARGEST_LESSON_BYTES, Lesson, parse_lesson

logger = logging.getLogger(__name__)

FILE = "lesson_of_visit.json"


@dataclass(frozen=True)
class VisitLesson:
    """What was chosen for the visit; `lesson` is None if that was no lesson."""

    lesson: Lesson | None


def remember_visit_lesson(data_dir: Path, lesson: Lesson | None) -> None:
    """Keep the lesson of the visit over the next restart.

    Raises:
        OSError: If the disk is full or fails.
    """
    content = {"key": lesson.key, "source": lesson.source} if lesson is not None else {}
    write_durably(data_dir / FILE, json.dumps(content).encode())


def visit_lesson(data_dir: Path) -> VisitLesson | None:
    """Return what was chosen for the visit that goes on after a restart; None if nothing was."""
    try:
        with (data_dir / FILE).open("rb") as file:
            content = json.loads(file.read(2 * LARGEST_LESSON_BYTES))
        if content == {}:
            return VisitLesson(None)
        return VisitLesson(parse_lesson(content["source"].encode(), f"{content['key']}.toml"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, ConfigInvalid) as error:
        logger.warning("the lesson of the visit before the restart cannot be read: %s", error)
        return None


def forget_visit_lesson(data_dir: Path) -> None:
    """The visit is over, or staff have chosen a lesson for good.

    Raises:
        OSError: If the file is still there, because the disk fails or cannot be written.
    """
    (data_dir / FILE).unlink(missing_ok=True)
