"""The splash: what the screen shows while the program is loaded and the model is opened."""

from __future__ import annotations

from app.base.i18n import message, translated
from app.views.model import KioskView, Screen, StatusStrip


def waking(language: str, palette: str) -> KioskView:
    """The view with a face that wakes up; it needs no state, and can be drawn before most of the program is loaded."""
    return KioskView(
        screen=Screen.WAKING,
        picture=None,
        model_square=None,
        cards=(),
        actions=(),
        guidance=translated(message("One moment, I am waking up"), language),
        status=StatusStrip("", "", 0.0, ""),
        language_code=language,
        palette=palette,
    )
