"""The classes of a session as the state keeps them and the screen shows them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from app.base.errors import SessionNotRead
from app.core.facts import NameFrom, TaughtClass
from app.core.state import THUMBNAILS
from app.jobs.tools import Tools
from app.session.pictures import newest_thumbnails
from app.session.session import Session
from learning.view_prior import variety

logger = logging.getLogger(__name__)


def taught_classes(tools: Tools, session: Session) -> tuple[TaughtClass, ...]:
    """Return each class with its number of samples, the newest thumbnails and its variety, in label order."""
    return tuple(
        TaughtClass(label, shots, newest_thumbnails(session, index, THUMBNAILS), class_variety(tools, index))
        for index, (label, shots) in enumerate(zip(session.labels, session.shots(), strict=True))
    )


def origins_of(classes: Sequence[TaughtClass]) -> tuple[str | int | None, ...]:
    """Return where the names of the classes come from, as the session stores it."""
    return as_stored([one.name_from for one in classes])


def as_stored(names_from: Sequence[NameFrom | int | None]) -> tuple[str | int | None, ...]:
    """Return the origins of class names as the session stores them."""
    return tuple(one.value if isinstance(one, NameFrom) else one for one in names_from)


def with_stored_origins(tools: Tools, classes: tuple[TaughtClass, ...]) -> tuple[TaughtClass, ...]:
    """Return the classes of the stored session with the origins of their names, as far as they are known."""
    try:
        stored = tools.store.names_from()
    except SessionNotRead as error:
        logger.warning("the origins of the class names are unknown: %s", error)
        return classes
    if len(stored) != len(classes):
        return classes
    return tuple(replace(one, name_from=_origin(origin)) for one, origin in zip(classes, stored, strict=True))


def _origin(stored: str | int | None) -> NameFrom | int | None:
    if isinstance(stored, str):
        return next((one for one in NameFrom if one.value == stored), None)
    return stored


def class_variety(tools: Tools, class_index: int) -> float | None:
    """Return how much the stored samples of a class differ, 0..1.

    None while the extractor has not been measured, or if the disk fails: what was stored or removed just before is on
    the disk all the same.
    """
    prior = tools.known_prior
    if prior is None:
        return None
    try:
        spread = tools.store.spread_of_class(class_index)
    except SessionNotRead as error:
        logger.warning("the variety of a class is unknown: %s", error)
        return None
    return variety(spread, prior.distance)
