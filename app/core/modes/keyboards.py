"""Where the letters are on the keyboard of the screen, by language, and what a long press on a letter offers.

Sources: DIN 2137 (QWERTZ), NF Z71-300 (AZERTY), TS 2117 (Turkish Q), and the Spanish layout of ISO/IEC 9995-3; only the
places of letters are taken from them.
"""

from __future__ import annotations

from app.base.i18n import SOURCE_LANGUAGE

DIGITS = "1234567890"
SIGNS = ("'", "-", ".", "&")  # around the space bar
SETTING_SIGNS = "/-.,"  # in place of those, for a path or a telephone number
LETTERS: dict[str, tuple[str, ...]] = {
    "en": ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    "de": ("qwertzuiopü", "asdfghjklöä", "yxcvbnmß"),
    "fr": ("azertyuiop", "qsdfghjklm", "wxcvbnéèàç"),
    "es": ("qwertyuiop", "asdfghjklñ", "zxcvbnm"),
    "tr": ("qwertyuıopğü", "asdfghjklşi", "zxcvbnmöç"),
}
"""Three rows of letters for each language of the screen."""
ACCENTS = {
    "a": "àâäáãåæ",
    "c": "ç",
    "e": "éèêë",
    "g": "ğ",
    "i": "îïíıì",
    "ı": "iîï",
    "n": "ñ",
    "o": "ôöóòõøœ",
    "s": "ßş",
    "u": "ùûüú",
    "y": "ÿý",
    "à": "âäáæ",
    "é": "êë",
    "ö": "ôóœ",
    "ü": "ûùú",
}
"""What else can be written by a long press on a letter."""


def layout(language: str) -> tuple[str, ...]:
    """Return the rows of letters for a language; an unknown one has those of English."""
    return LETTERS.get(language, LETTERS[SOURCE_LANGUAGE])


def accents(letter: str, language: str) -> str:
    """Return what a long press on a letter offers; letters with a key of their own are left out."""
    own = "".join(layout(language))
    return "".join(one for one in ACCENTS.get(letter, "") if one not in own)
