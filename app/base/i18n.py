"""Texts in the languages of the kiosk: a `Message` holds an English template, and `translated` translates it.

State, events and errors carry messages, not sentences in one language, so the language can change while they are on
the screen. The catalogues are gettext's, in assets/locale; English needs none, because the templates are English.
"""

from __future__ import annotations

import gettext
from dataclasses import dataclass
from functools import cache
from typing import Any

from app.base.paths import asset_path

LOCALE = asset_path("locale")
DOMAIN = "kiosk"
SOURCE_LANGUAGE = "en"
LANGUAGES: dict[str, str] = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "tr": "Türkçe",
}


@dataclass(frozen=True)
class Message:
    """A text that can be translated. Make it with `message` or `counted`; `str` returns it in English.

    Attributes:
        template: English, with {names} in braces.
        params: Values for those names; messages among them are translated, too.
        plural: English template for every count except 1.
        count: Chooses the form; None if the text has no plural.
    """

    template: str
    params: tuple[tuple[str, Any], ...] = ()
    plural: str = ""
    count: int | None = None

    def __str__(self) -> str:
        return translated(self, SOURCE_LANGUAGE)


Text = Message | str
"""A message, or a plain text that is shown as it is: a name, a path, or the error text of a library."""


def message(template: str, **params: Any) -> Message:
    """Make a message from an English template; the catalogues are extracted from calls of this function."""
    return Message(template, tuple(params.items()))


def counted(singular: str, plural: str, count: int, **params: Any) -> Message:
    """Make a message that depends on a number, which is {count} in both templates."""
    return Message(singular, (("count", count), *params.items()), plural, count)


def template(text: Message, language: str) -> str:
    """Return the template of a message without a plural in a language of LANGUAGES, its {names} not filled in."""
    return _catalogue(language).gettext(text.template)


def translated(text: Text, language: str) -> str:
    """Return a text in a language of LANGUAGES."""
    if isinstance(text, str):
        return text
    catalogue = _catalogue(language)
    if text.count is None:
        form = catalogue.gettext(text.template)
    else:
        form = catalogue.ngettext(text.template, text.plural, text.count)
    return form.format(
        **{name: translated(value, language) if isinstance(value, Message) else value for name, value in text.params}
    )


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    if language == SOURCE_LANGUAGE:
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, LOCALE, [language])
