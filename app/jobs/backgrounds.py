"""The job after a training: does the new model find its answers on the background rather than on the things?"""

from __future__ import annotations

import logging
from collections.abc import Callable

from app.base.explanation import Explanation
from app.base.ports import ImageArray
from app.core import events as ev
from app.jobs.tools import Announce, Tools
from app.model.background import looks_at_background
from app.session.pictures import decode_picture

logger = logging.getLogger(__name__)

PICTURES = 6  # of each class, the newest


def check_backgrounds(tools: Tools, announce: Announce, enough: Callable[[], bool]) -> None:
    """Explain some pictures of every class; announces BackgroundSeen if most evidence of a class is on the background.

    An error costs only this advice, so it is logged and nothing else.

    Args:
        tools: The model that answers, and the stored pictures.
        announce: Receives the event.
        enough: Asked before each picture; True ends the work without an event.
    """
    model = tools.vision.model
    if model is None or enough():
        return
    try:
        pictures = [
            (class_index, row, decode_picture(data))
            for row, class_index in enumerate(model.class_indices)
            for data in tools.store.pictures(tools.store.newest(class_index, PICTURES)).values()
        ]
        explained = tools.vision.explanations([(square, row, row) for _, row, square in pictures], enough)
        seen: dict[int, list[tuple[ImageArray, Explanation]]] = {}
        for (class_index, _, square), why in zip(pictures, explained, strict=False):
            seen.setdefault(class_index, []).append((square, why))
        found = tuple(class_index for class_index, those in seen.items() if looks_at_background(those))
    except Exception:
        logger.warning("cannot say whether the model looks at the background", exc_info=True)
        return
    now = tools.vision.model  # opened again, if there is another number of classes now
    if found and now is not None and now.path == model.path and not enough():
        announce(ev.BackgroundSeen(found))
