"""Typing class names and PINs, by touch or with a real keyboard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.base.buttons import Action, Button, LetterKey, TypingKey
from app.base.exhaustive import assert_never
from app.base.i18n import Text, message
from app.base.labels import label_key
from app.base.pin import LONGEST
from app.core import events as ev
from app.core.modes import keyboards
from app.core.pages import TypingPurpose, TypingState
from app.core.state import KioskState, Step

LONGEST_NAME, LONGEST_PIN, LONGEST_SETTING = 24, LONGEST, 120
LONG_PRESS_S = 0.5  # on a letter, until its accents appear
DIGITS_ONLY = (TypingPurpose.PIN, TypingPurpose.NEW_PIN, TypingPurpose.MODEL_NUMBER)
NUMBER_PAD = ("123", "456", "789", "0")


def named(state: KioskState, index: int) -> Step:
    """Start to rename a class. All of its current name is selected, so that the first letter replaces it."""
    label = state.classes[index].label
    typing = TypingState(TypingPurpose.CLASS_NAME, index, label, selected=True, shift=True)
    return replace(state, typing=typing), ()


def targets(state: KioskState) -> tuple[Button, ...]:
    """What can be touched while something is typed, in the order of the cursor."""
    typing = state.typing
    if typing is None:
        return ()
    keys = tuple(button for row in rows(typing, state.language) for button in row)
    done = (TypingKey.DONE,) if may_finish(typing) else ()
    field = (TypingKey.FIELD,) if all_selected(typing) else ()
    return (*keys, TypingKey.CANCEL, *done, *field)


def rows(typing: TypingState, language: str) -> tuple[tuple[LetterKey | TypingKey, ...], ...]:
    """The keys that write, row by row: a number pad for a PIN or a number, else the keyboard of a language.

    After a long press on a letter its accents take the place of the digits.
    """
    if typing.purpose in DIGITS_ONLY:
        pad = tuple(tuple(LetterKey(digit) for digit in row) for row in NUMBER_PAD)
        return (*pad[:-1], (*pad[-1], TypingKey.BACKSPACE))
    first = "".join(typing.accents) or keyboards.DIGITS
    letters = tuple(tuple(LetterKey(letter) for letter in row) for row in (first, *keyboards.layout(language)))
    signs = keyboards.SETTING_SIGNS if typing.purpose is TypingPurpose.SETTING else keyboards.SIGNS
    left, right = signs[:2], signs[2:]
    last = (*map(LetterKey, left), LetterKey(" "), *map(LetterKey, right))
    return (*letters, (TypingKey.SHIFT, *last, TypingKey.BACKSPACE))


def may_finish(typing: TypingState) -> bool:
    """Whether "done" works: only a PIN that is asked for and a name cannot be empty."""
    return bool(typing.text) or typing.purpose in (TypingPurpose.NEW_PIN, TypingPurpose.SETTING)


def all_selected(typing: TypingState) -> bool:
    """Whether there is text and all of it is selected: the next letter replaces it."""
    return typing.selected and bool(typing.text)


def upper(text: str, language: str) -> str:
    """Convert to capitals; in Turkish, i and ı have different capitals."""
    return text.replace("i", "İ").replace("ı", "I").upper() if language == "tr" else text.replace("ß", "ẞ").upper()


def pressed(state: KioskState, button: Button, done: Callable[[KioskState, str], Step]) -> Step:
    """A press while the on-screen keyboard is open. `done` receives the text after the key "done"."""
    typing = state.typing
    if typing is None:
        return state, ()
    match button:
        case LetterKey(letter) if letter in typing.accents:
            return typed(replace(state, typing=replace(typing, text=typing.text[:-1])), letter)
        case LetterKey(letter):
            state, commands = typed(state, upper(letter, state.language) if typing.shift else letter)
            if state.typing is None or state.typing.text[-1:] not in (letter, upper(letter, state.language)):
                return state, commands  # the text is as long as it can be, and ends with another letter
            return _long_press_begun(state, letter), commands
        case TypingKey():
            return edited(state, button, done)
        case Action.CANCEL | Action.LEAVE:
            return edited(state, TypingKey.CANCEL, done)
    return state, ()


def typed(state: KioskState, text: str) -> Step:
    """Add letters up to the longest length, or replace the text if all of it is selected.

    What comes after the longest length is refused.
    """
    typing = state.typing
    if typing is None:
        return state, ()
    before = "" if typing.selected else typing.text
    if typing.purpose in DIGITS_ONLY:
        new = "".join(letter for letter in text if letter.isascii() and letter.isdigit())
        written = (before + new)[:LONGEST_PIN]
    else:
        new = "".join(letter for letter in text if letter.isprintable())
        longest = LONGEST_SETTING if typing.purpose is TypingPurpose.SETTING else LONGEST_NAME
        written = (before + new)[:longest]
    if not new:
        return state, ()
    if written == before:
        return state, (ev.PlaySound("refused"),)  # it is as long as it can be
    typing = replace(typing, text=written, selected=False, shift=False, problem="", accents=(), pressed=None)
    return replace(state, typing=typing), ()


def _long_press_begun(state: KioskState, letter: str) -> KioskState:
    if state.typing is None or state.typing.purpose in DIGITS_ONLY:
        return state
    return replace(state, typing=replace(state.typing, pressed=(letter, state.now_s)))


def watch_long_press(state: KioskState) -> Step:
    """Offer the accents of a letter whose key is still down after LONG_PRESS_S; the next press chooses one."""
    typing = state.typing
    if typing is None or typing.pressed is None or not typing.text:
        return state, ()
    letter, since_s = typing.pressed
    if not any(button in state.down for button in (LetterKey(letter), Action.TRAIN)):
        return replace(state, typing=replace(typing, pressed=None)), ()
    if state.now_s - since_s < LONG_PRESS_S:
        return state, ()
    offered = keyboards.accents(letter, state.language)
    if typing.text[-1] != letter:  # it was written as a capital
        offered = upper(offered, state.language)
    typing = replace(typing, pressed=None, accents=tuple(offered))
    cursor = state.cursor if state.cursor is None or not offered else 0
    return replace(state, typing=typing, cursor=cursor), ()


def edited(state: KioskState, key: TypingKey, done: Callable[[KioskState, str], Step]) -> Step:
    """A key that writes no letter. `done` receives the text after the key "done"."""
    typing = state.typing
    if typing is None:
        return state, ()
    match key:
        case TypingKey.BACKSPACE:
            kept = "" if typing.selected else typing.text[:-1]
            typing = replace(typing, text=kept, selected=False, shift=not kept, problem="", accents=(), pressed=None)
            return replace(state, typing=typing), ()
        case TypingKey.SHIFT:
            return replace(state, typing=replace(typing, shift=not typing.shift)), ()
        case TypingKey.FIELD:
            return replace(state, typing=replace(typing, selected=False, shift=not typing.text)), ()
        case TypingKey.DONE:
            return done(state, " ".join(typing.text.split()))
        case TypingKey.CANCEL:
            return replace(state, typing=None), ()
    return assert_never(key)


def with_problem(state: KioskState, problem: Text, *, keep_text: bool = True) -> Step:
    """Show why the text cannot be used, and let the person go on typing."""
    if state.typing is None:
        return state, ()
    typing = replace(state.typing, problem=problem, text=state.typing.text if keep_text else "")
    return replace(state, typing=typing), (ev.PlaySound("refused"),)


def name_problem(state: KioskState, name: str, index: int) -> Text | None:
    """Why a class cannot have this name; None if it can."""
    if not name:
        return message("Write a name.")
    if any(label_key(name) == label_key(one.label) for place, one in enumerate(state.classes) if place != index):
        return message("That name is already used.")
    return None
