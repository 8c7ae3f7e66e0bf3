"""The calm screen after a defect of the program. It depends on nothing that may have caused the defect."""

from __future__ import annotations

from app.base.i18n import message
from app.core.state import KioskState
from app.views.model import KioskView, Screen, StatusStrip
from app.views.words import Translator


def calm(state: KioskState) -> KioskView:
    """The view with a title and a text, and nothing to press."""
    translate = Translator(state.language)
    text = message("Something went wrong inside. What you taught is safe, and the kiosk goes on by itself.")
    return KioskView(
        screen=Screen.FAULT,
        picture=None,
        model_square=None,
        cards=(),
        actions=(),
        guidance="",
        status=StatusStrip("", "", 0.0, ""),
        fault=(translate(message("One moment, please")), translate(text)),
        language_code=state.language,
        palette=state.config.screen.palette,
        now_s=state.now_s,
    )
