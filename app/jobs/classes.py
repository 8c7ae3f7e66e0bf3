"""The classes of a session as the state keeps them and the screen shows them."""

from __future__ import annotations

import logging

from app.base.errors import SessionNotRead
from app.core.facts import TaughtClass
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


def class_variety(tools: Tools, class_index: int) -> float | None:
    """Return how much the stored samples of a class differ, 0..1.

    None while the extractor has not been measured, or if the disk fails: what was stored or removed just before is on
    the disk all the same.
    """
    prior = tools.known_prior
    if prior is None:
        return None
    try:
        embeddings = tools.store.embeddings_of_class(class_index)
    except SessionNotRead as error:
        logger.warning("the variety of a class is unknown: %s", error)
        return None
    return variety(embeddings, prior.distance)
