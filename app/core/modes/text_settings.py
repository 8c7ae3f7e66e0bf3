"""Settings that are texts: whom visitors should call, and where SAVE writes without a drive. Staff type them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from app.base.buttons import SettingText, StaffPage
from app.base.i18n import Text, message
from app.base.tone import Tone
from app.core.modes import typing
from app.core.modes.settings import change_settings
from app.core.pages import TypingPurpose, TypingState
from app.core.state import KioskState, Step, noticed

CONTACT, EXPORT_DIR = "staff.contact", "storage.export_dir"


@dataclass(frozen=True)
class TextSetting:
    """A setting that is a text.

    Attributes:
        name: Its "section.name" in the settings file.
        page: The staff page that shows it.
        label: Its name on the screen.
        empty: What the screen shows for an empty text.
        title: The title of the keyboard.
    """

    name: str
    page: StaffPage
    label: Text
    empty: Text
    title: Text

    def value(self, state: KioskState) -> str:
        """Its current value."""
        section, _, key = self.name.partition(".")
        value: str = getattr(getattr(state.config, section), key)
        return value


TEXTS: tuple[TextSetting, ...] = (
    TextSetting(
        CONTACT, StaffPage.VISITS, message("Whom to call"), message("nobody"), message("Whom should visitors call?")
    ),
    TextSetting(
        EXPORT_DIR,
        StaffPage.VISITS,
        message("SAVE without a drive"),
        message("to Documents"),
        message("Folder for SAVE without a drive (empty: Documents)"),
    ),
)


def may_change(state: KioskState) -> bool:
    """Whether these settings can be changed: only by staff, because visitors' models go to that folder."""
    return state.has_pin


def page_texts(state: KioskState, page: StaffPage) -> tuple[SettingText, ...]:
    """What can be touched of the texts on a staff page."""
    return tuple(SettingText(one.name) for one in TEXTS if one.page is page and may_change(state))


def opened(state: KioskState, name: str) -> Step:
    """Start to type a setting; all of its current text is selected."""
    setting = setting_named(name)
    if setting is None or not may_change(state):
        return state, ()
    text = setting.value(state)
    return replace(state, typing=TypingState(TypingPurpose.SETTING, text=text, selected=bool(text), setting=name)), ()


def written(state: KioskState, text: str) -> Step:
    """Keep what was typed, or say why it cannot be used."""
    name = state.typing.setting if state.typing is not None else ""
    if setting_named(name) is None:
        return replace(state, typing=None), ()
    if name == EXPORT_DIR and text and not Path(text).is_absolute():
        return typing.with_problem(state, message("Write the whole path, such as /home/kiosk/Models."))
    state, commands = change_settings(replace(state, typing=None), ((name, text),))
    if name == EXPORT_DIR:  # the models that staff copy by their number are in the folder of the start
        state = noticed(state, message("This folder is used after a restart."), Tone.HINT)
    return state, commands


def setting_named(name: str) -> TextSetting | None:
    """Return the setting with this name, or None."""
    return next((one for one in TEXTS if one.name == name), None)
