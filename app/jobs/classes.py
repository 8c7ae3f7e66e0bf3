"""The classes of a session as the state keeps them and the screen shows them."""

from __future__ import annotations

from app.core.facts import TaughtClass
from app.core.state import THUMBNAILS
from app.session.pictures import newest_thumbnails
from app.session.session import Session


def taught_classes(session: Session) -> tuple[TaughtClass, ...]:
    """Each class with its number of samples and the thumbnails of its newest ones, in label order."""
    return tuple(
        TaughtClass(label, shots, newest_thumbnails(session, index, THUMBNAILS))
        for index, (label, shots) in enumerate(zip(session.labels, session.shots(), strict=True))
    )
