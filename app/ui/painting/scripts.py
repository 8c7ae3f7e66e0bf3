"""Put text of scripts that run from right to left into the order in which it is drawn, and join Arabic letters.

Only what names of things need: runs of Hebrew, Arabic and the like are reversed; numbers and other letters inside keep
their order. Arabic letters take the forms that Unicode has for beginning, middle and end of a word.

Source: Unicode Standard Annex 9 (bidirectional text), in a short form; chapter 9.2 (Arabic joining).
"""

from __future__ import annotations

import unicodedata
from functools import cache

PRESENTATION_FORMS = (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFF00))
FORMS = ("isolated", "final", "initial", "medial")
RIGHT_TO_LEFT = {"R", "AL"}


def in_drawing_order(text: str) -> str:
    """Return a line of text as it is drawn from left to right; text without such scripts is returned as it is."""
    if text.isascii() or not any(unicodedata.bidirectional(char) in RIGHT_TO_LEFT for char in text):
        return text
    runs = _runs(_joined(text))
    if _starts_right_to_left(text):
        runs.reverse()
    return "".join(run[::-1] if backwards else run for backwards, run in runs)


def _starts_right_to_left(text: str) -> bool:
    strong = (unicodedata.bidirectional(char) for char in text)
    return next((kind in RIGHT_TO_LEFT for kind in strong if kind in (*RIGHT_TO_LEFT, "L")), False)


def _runs(text: str) -> list[tuple[bool, str]]:
    """Split a text into runs: whether each runs from right to left, and its characters in the order of reading."""
    runs: list[tuple[bool, str]] = []
    for char in text:
        kind = unicodedata.bidirectional(char)
        before = runs[-1][0] if runs else False
        backwards = True if kind in RIGHT_TO_LEFT else False if kind in ("L", "EN", "AN") else before
        if runs and before == backwards:
            runs[-1] = backwards, runs[-1][1] + char
        else:
            runs.append((backwards, char))
    return runs


def _joined(text: str) -> str:
    """Replace Arabic letters by their forms at the beginning, in the middle and at the end of a word."""
    table = _forms()
    letters = [place for place, char in enumerate(text) if not unicodedata.combining(char)]
    result = list(text)
    for number, place in enumerate(letters):
        forms = table.get(text[place])
        if forms is None:
            continue
        before = table.get(text[letters[number - 1]], {}) if number else {}
        after = table.get(text[letters[number + 1]], {}) if number + 1 < len(letters) else {}
        joins_before = "initial" in before and "final" in forms
        joins_after = "initial" in forms and "final" in after
        form = FORMS[(1 if joins_before else 0) + (2 if joins_after else 0)]
        result[place] = forms.get(form, text[place])
    return "".join(result)


@cache
def _forms() -> dict[str, dict[str, str]]:
    """Return the presentation forms of each Arabic letter by the name of the form."""
    found: dict[str, dict[str, str]] = {}
    for code in PRESENTATION_FORMS:
        kind, _, letter = unicodedata.decomposition(chr(code)).partition("> ")
        if kind[1:] in FORMS and letter and " " not in letter:
            found.setdefault(chr(int(letter, 16)), {})[kind[1:]] = chr(code)
    return found
