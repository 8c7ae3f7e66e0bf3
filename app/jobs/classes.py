"""The classes of a session as the state keeps them and the screen shows them."""

from __future__ import annotations

from app.core.facts import TaughtClass
from app.core.state import THUMBNAILS
from app.jobs.tools import Tools
from app.session.pictures import newest_thumbnails
from app.session.session import Session
from learning.view_prior import variety


def taught_classes(tools: Tools, session: Session) -> tuple[TaughtClass, ...]:
    """Return each class with its number of samples, the newest thumbnails and its variety, in label order."""
    return tuple(
        TaughtClass(label, shots, newest_thumbnails(session, index, THUMBNAILS), class_variety(tools, index))
        for index, (label, shots) in enumerate(zip(session.labels, session.shots(), strict=True))
    )


def class_variety(tools: Tools, class_index: int) -> float | None:
    """Return how much the stored samples of a class differ, 0..1; None while the extractor has not been measured."""
    prior = tools.known_prior
    if prior is None:
        return None
    return variety(tools.store.embeddings_of_class(class_index), prior.distance)
