"""The name of everything that can be pressed on a view, as it is said aloud."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from app.base.buttons import ClassGallery, ClassName
from app.base.i18n import LANGUAGES, Text, message, translated
from app.views.model import KioskView


def name_of(view: KioskView, button: Hashable) -> str:
    """Return the name of a button of the view; empty if the view does not name it."""
    return next((name for one, name in _names(view) if one == button), "")


def names_of(view: KioskView, buttons: tuple[Hashable, ...]) -> str:
    """Return the names of several buttons: of a group, the first and the last."""
    names = [name for name in (name_of(view, button) for button in buttons) if name]
    if len(names) < 3:
        return ", ".join(names)
    return translated(message("{first} to {last}", first=names[0], last=names[-1]), view.language_code)


def _names(view: KioskView) -> Iterator[tuple[Hashable, str]]:
    """Yield every button with its name; the uppermost page first."""

    def said(text: Text) -> str:
        return translated(text, view.language_code)

    if view.question is not None:
        yield from ((key.button, _joined(key.text, key.detail)) for key in view.question.answers)
        return
    if (typing := view.typing) is not None:
        for keys in typing.rows:
            yield from ((button, said(SYMBOLS_SAID.get(text, text))) for button, text in keys)
        yield from ((key.button, _joined(key.text, key.detail)) for key in (*typing.keys, *typing.tools))
        return
    if (staff := view.staff) is not None:
        yield from ((tab.button, tab.text) for tab in staff.tabs)
        for setting in staff.rows:
            row = _joined(setting.label, setting.value)
            yield setting.less, said(message("{setting}: less", setting=row))
            yield setting.more, said(message("{setting}: more", setting=row))
            yield setting.press, _joined(row, setting.press_text)
        yield from ((key.button, key.text) for key in staff.keys)
        return
    if (gallery := view.gallery) is not None:
        for number, one in enumerate(gallery.pictures, 1):
            yield one.button, said(message("Picture {number}", number=number))
        yield from ((key.button, key.text) for key in gallery.keys)
        return
    if (results := view.results) is not None:
        for truth, row_of_cells in zip(results.labels, results.confusion, strict=False):
            for answer, cell in zip(results.labels, row_of_cells, strict=False):
                pair = said(message("{truth} – it guessed {answer}", truth=truth, answer=answer))
                yield cell.button, _joined(pair, str(cell.count))
        yield from ((one.button, one.text) for one in results.confused)
        yield from ((key.button, key.text) for key in results.keys)
        return
    if view.saving is not None:
        yield from ((key.button, key.text) for key in view.saving.keys)
        return
    yield from ((card.button, card.label) for card in view.cards)  # no longer: the highlight soon moves on
    yield from ((key.button, key.text) for key in (*view.actions, *view.picture_keys, *view.class_keys))
    for card in view.cards:
        yield ClassGallery(card.index), said(message("Pictures of {label}", label=card.label))
        yield ClassName(card.index), said(message("Name of {label}", label=card.label))
    if view.language is not None:
        yield view.language.button, f"{said(message('Language'))}: {LANGUAGES[view.language_code]}"
    if view.corner is not None:
        yield view.corner, said(message("For staff"))


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


SYMBOLS_SAID: dict[str, Text] = {
    "": message("space"),
    "⇧": message("capital letter"),
    "⌫": message("delete"),
}
