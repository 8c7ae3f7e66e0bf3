"""The keyboard of the screen: the letters of each language in their usual places, accents by a long press."""

from __future__ import annotations

from dataclasses import replace

import pygame
import pytest

from app.base.buttons import Action, ClassName, LetterKey, TypingKey
from app.base.i18n import LANGUAGES
from app.core import events as ev
from app.core.modes.keyboards import ACCENTS, accents, layout
from app.core.modes.staff import pin_asked
from app.core.modes.typing import LONG_PRESS_S, LONGEST_NAME, rows, upper
from app.core.pages import TypingPurpose, TypingState
from app.core.state import KioskState
from app.model.observation import NOTHING_SEEN
from app.ui import screens
from app.ui.painting.theme import font, load_theme
from app.views.model import Typing
from app.views.present import Surroundings, present
from tests.support.states import kiosk, run

USUAL = {
    "en": ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    "de": ("qwertzuiopü", "asdfghjklöä", "yxcvbnmß"),
    "fr": ("azertyuiop", "qsdfghjklm", "wxcvbn"),
    "es": ("qwertyuiop", "asdfghjklñ", "zxcvbnm"),
    "tr": ("qwertyuıopğü", "asdfghjklşi", "zxcvbnmöç"),
}
NEEDED = {
    "en": "abcdefghijklmnopqrstuvwxyz",
    "de": "abcdefghijklmnopqrstuvwxyzäöüß",
    "fr": "abcdefghijklmnopqrstuvwxyzàâçèéêëîïôùûœ",
    "es": "abcdefghijklmnopqrstuvwxyzñáéíóúü",
    "tr": "abcçdefgğhıijklmnoöprsştuüvyzqwx",
}


def naming(language: str = "en") -> KioskState:
    return run(replace(kiosk(0, 0), language=language), ev.ButtonPressed(ClassName(0)))[0]


def tapped(state: KioskState, *letters: str) -> KioskState:
    for letter in letters:
        state, _ = run(state, ev.ButtonPressed(LetterKey(letter)), ev.ButtonReleased(LetterKey(letter)))
    return state


def held(state: KioskState, letter: str, seconds: float = LONG_PRESS_S + 0.1) -> KioskState:
    state, _ = run(state, ev.ButtonPressed(LetterKey(letter)), ev.TimePassed(state.now_s + seconds))
    return run(state, ev.ButtonReleased(LetterKey(letter)))[0]


def board(state: KioskState) -> Typing:
    shown = present(state, None, NOTHING_SEEN, Surroundings()).typing
    assert shown is not None
    return shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_letters_are_where_people_who_write_the_language_know_them(language: str) -> None:
    state = naming(language)
    assert state.typing is not None
    shown = ["".join(key.text for key in row if isinstance(key, LetterKey)) for row in rows(state.typing, language)]
    assert shown[0] == "1234567890"
    assert all(line.startswith(usual) for line, usual in zip(shown[1:4], USUAL[language], strict=True))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_letter_of_the_language_can_be_written_by_a_press_or_a_long_press(language: str) -> None:
    own = "".join(layout(language))
    offered = "".join(accents(letter, language) for letter in own)
    assert set(NEEDED[language]) <= {*own, *offered}
    assert len(own) == len(set(own))
    assert not set(offered) & set(own)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("purpose", TypingPurpose)
def test_every_key_of_a_keyboard_writes_something_else(purpose: TypingPurpose, language: str) -> None:
    keys = [key for row in rows(TypingState(purpose), language) for key in row]
    assert len(keys) == len(set(keys))


def test_all_other_letters_of_the_five_languages_can_be_written_in_each_of_them() -> None:
    for language in LANGUAGES:
        own = "".join(layout(language))
        assert {one for letters in NEEDED.values() for one in letters} <= {
            *own,
            *(one for letter in own for one in accents(letter, language)),
        }, language


def test_the_first_letter_is_a_capital_and_the_next_ones_are_not() -> None:
    state = tapped(naming(), "a", "d", "a")
    assert (state.typing.text, state.typing.shift) == ("Ada", False)
    assert [text for _, text in board(naming()).rows[1]] == list("QWERTYUIOP")
    assert [text for _, text in board(state).rows[1]] == list("qwertyuiop")
    for _ in range(3):
        state, _ = run(state, ev.ButtonPressed(TypingKey.BACKSPACE))
    assert (state.typing.text, state.typing.shift) == ("", True)
    lower, _ = run(naming(), ev.ButtonPressed(TypingKey.SHIFT))
    assert tapped(lower, "a").typing.text == "a"
    assert tapped(naming("tr"), "i", "i").typing.text == "İi"
    assert (upper("ı", "tr"), upper("i", "de"), upper("ß", "de")) == ("I", "I", "ẞ")


def test_a_long_press_offers_accents_and_the_next_press_chooses_one() -> None:
    state = held(tapped(naming("fr"), "t"), "e")
    assert (state.typing.text, state.typing.accents) == ("Te", ("ê", "ë"))
    assert [text for _, text in board(state).rows[0]] == ["ê", "ë"]
    state = tapped(state, "ê", "t", "e")
    assert (state.typing.text, state.typing.accents) == ("Tête", ())
    assert held(naming("de"), "e").typing.accents == ("É", "È", "Ê", "Ë")


def test_accents_go_away_with_the_next_letter_or_deletion() -> None:
    offered = held(naming(), "o")
    assert tapped(offered, "k").typing.text == "Ok"
    assert tapped(offered, "k").typing.accents == ()
    state, _ = run(offered, ev.ButtonPressed(TypingKey.BACKSPACE))
    assert (state.typing.text, state.typing.accents) == ("", ())
    state, _ = run(offered, ev.CharacterTyped("x"))
    assert (state.typing.text, state.typing.accents) == ("Ox", ())


def test_a_short_press_and_a_letter_without_accents_offer_none() -> None:
    assert held(naming(), "o", LONG_PRESS_S / 2).typing.accents == ()
    later, _ = run(tapped(naming(), "o"), ev.TimePassed(9.0))
    assert later.typing.accents == ()
    assert held(naming(), "k").typing.accents == ()


def test_the_box_chooses_an_accent_too() -> None:
    state, _ = run(naming(), *[ev.ButtonPressed(1), ev.ButtonReleased(1)] * 13)  # on "e"
    state, _ = run(state, ev.ButtonPressed(Action.TRAIN), ev.TimePassed(state.now_s + LONG_PRESS_S + 0.1))
    assert (state.typing.text, state.typing.accents[:2], state.cursor) == ("E", ("É", "È"), 0)
    state, _ = run(state, ev.ButtonReleased(Action.TRAIN), ev.ButtonPressed(Action.TRAIN))
    assert state.typing.text == "É"


def test_a_pin_has_neither_capitals_nor_accents() -> None:
    state = run(replace(kiosk(0, 0), now_s=1.0), ev.TimePassed(1.0))[0]
    state = held(pin_asked(state), "1")
    assert (state.typing.text, state.typing.accents) == ("1", ())
    assert [text for _, text in board(state).rows[0]] == ["1", "2", "3"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_font_has_every_letter_of_the_keyboard(language: str) -> None:
    pygame.font.init()
    letters = {*"".join(layout(language)), *"".join(ACCENTS.values())}
    for letter in {*letters, *upper("".join(sorted(letters)), language)}:
        (metrics,) = font(20, bold=True).own.metrics(letter)
        assert metrics is not None, letter
        assert any(metrics[:4]), letter


@pytest.mark.parametrize("size", [(1280, 720), (800, 480), (1080, 1920)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_done_is_at_the_right_and_keys_are_large_enough(size: tuple[int, int], language: str) -> None:
    pygame.font.init()
    view = present(naming(language), None, NOTHING_SEEN, Surroundings())
    places = dict(screens.targets(view, size))
    done, cancel = places[TypingKey.DONE], places[TypingKey.CANCEL]
    assert done.centerx > size[0] / 2 > cancel.centerx
    assert done.right == max(area.right for area in places.values())
    theme = load_theme(size)
    for button, area in places.items():
        assert min(area.size) >= theme.px(44), button
    for one, first in places.items():
        for other, second in places.items():
            assert one == other or not first.colliderect(second)


def test_at_the_greatest_length_a_long_press_replaces_the_last_letter_and_no_other() -> None:
    state = tapped(naming("fr"), *"e" * LONGEST_NAME)
    full = "E" + "e" * (LONGEST_NAME - 1)
    assert state.typing.text == full
    state = held(state, "e")
    assert (state.typing.text, state.typing.accents) == (full, ("ê", "ë"))
    assert tapped(state, "ê").typing.text == full[:-1] + "ê"
    other = held(tapped(naming("fr"), *"e" * (LONGEST_NAME - 1), "k"), "e")
    assert (other.typing.text, other.typing.accents) == (full[:-1] + "k", ())


def test_a_letter_after_the_greatest_length_is_refused_with_a_sound() -> None:
    state = tapped(naming(), *"a" * LONGEST_NAME)
    state, commands = run(state, ev.ButtonPressed(LetterKey("b")))
    assert commands == [ev.PlaySound("refused")]
    assert state.typing.text == "A" + "a" * (LONGEST_NAME - 1)
