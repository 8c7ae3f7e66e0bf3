"""What visitors may do: the buttons, pages and languages that staff leave to them."""

from __future__ import annotations

from app.base.buttons import Action, Button, ClassGallery, EmptyClass
from app.base.i18n import LANGUAGES, message
from app.core.state import KioskState, Step, refused

SETTINGS: dict[Action, str] = {
    Action.SAVE: "save",
    Action.UNDO: "undo",
    Action.RESET: "reset",
    Action.WHY: "why",
    Action.RESULTS: "results",
    Action.GALLERY: "gallery",
}
"""The settings in the section `visitors` that allow a button."""


def allowed(state: KioskState, button: Button) -> bool:
    """Whether visitors may use a button of the main screen."""
    if isinstance(button, EmptyClass):  # whoever empties a class must be able to bring its pictures back
        return state.config.visitors.empty and state.config.visitors.gallery
    if isinstance(button, ClassGallery):
        button = Action.GALLERY
    if button is Action.LANGUAGE:
        return len(languages(state)) > 1
    if not isinstance(button, Action):
        return True
    name = SETTINGS.get(button)
    return name is None or bool(getattr(state.config.visitors, name))


def languages(state: KioskState) -> tuple[str, ...]:
    """The languages that visitors may choose; that of the station is always among them."""
    chosen = {*state.config.visitors.languages, state.config.screen.language}
    return tuple(language for language in LANGUAGES if language in chosen)


def refusal(state: KioskState) -> Step:
    """Say that a button does nothing here."""
    return refused(state, message("This button is switched off here."))
