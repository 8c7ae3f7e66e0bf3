"""The second half of the scripted visit: every other screen, as a curious visitor and a member of staff see it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from app.base.buttons import (
    Action,
    Button,
    ClassGallery,
    ClassName,
    LetterKey,
    MatrixCell,
    ScreenKey,
    StaffPage,
    StaffTab,
    StoredPicture,
    TypingKey,
)
from app.base.i18n import LANGUAGES
from app.core.state import Mode
from app.kiosk import Kiosk

PIN = "2468"  # of the demonstration
SETTLE_S = 0.4  # in which drawings come to rest

Waiting = Generator[Callable[[], bool], None, None]


@dataclass(frozen=True)
class Hands:
    """What a visitor can do: press, wait, let time pass, pull the camera's plug, and look."""

    kiosk: Kiosk
    press: Callable[[Button], None]
    tap: Callable[[Button], None]
    release: Callable[[Button], None]
    wait: Callable[[float], Callable[[], bool]]
    skip: Callable[[float], None]
    plug: Callable[[bool], None]
    screenshot: Callable[[str], None]

    def see(self, name: str) -> Waiting:
        """Let the screen come to rest and take its picture."""
        yield self.wait(SETTLE_S)
        self.screenshot(name)

    def mode_is(self, mode: Mode) -> Callable[[], bool]:
        """Whether the kiosk is in a mode."""
        return lambda: self.kiosk.state.mode is mode


def look_around(hands: Hands) -> Waiting:
    """Gallery, results, languages, and the question before it is all put away."""
    state = hands.kiosk
    hands.tap(ClassGallery(0))
    yield lambda: bool(state.state.gallery.pictures)
    yield from hands.see("gallery")
    hands.tap(StoredPicture(state.state.gallery.pictures[0][0]))
    yield lambda: state.state.gallery.removed == 1
    hands.tap(Action.UNDO)
    yield lambda: state.state.gallery.removed == 0
    hands.tap(ScreenKey.BACK)
    hands.tap(Action.RESULTS)
    yield hands.mode_is(Mode.RESULTS)
    hands.tap(MatrixCell(0, 0))
    yield lambda: bool(state.state.results.pictures)
    yield from hands.see("results")
    hands.tap(ScreenKey.BACK)
    for language in [*list(LANGUAGES)[1:], *list(LANGUAGES)[:1]]:
        hands.tap(Action.LANGUAGE)
        yield from hands.see(f"live_{language}") if language != "en" else _nothing()
    hands.tap(Action.RESET)
    yield hands.mode_is(Mode.CONFIRM_RESET)
    yield from hands.see("confirm")
    hands.tap(Action.CANCEL)
    yield hands.mode_is(Mode.LIVE)


def visit_staff(hands: Hands) -> Waiting:
    """Hold the corner, write the PIN, look at every page, and begin to rename a class."""
    kiosk = hands.kiosk
    hands.press(ScreenKey.CORNER)
    yield lambda: kiosk.state.staff.hold_since_s is not None
    hands.skip(kiosk.state.config.staff.hold_s)
    yield lambda: kiosk.state.typing is not None
    hands.release(ScreenKey.CORNER)
    for digit in PIN:
        hands.tap(LetterKey(digit))
    yield from hands.see("pin")
    hands.tap(TypingKey.DONE)
    yield lambda: bool(kiosk.state.staff.system.lines)
    for page in StaffPage:
        hands.tap(StaffTab(page))
        yield from hands.see(f"staff_{page.value}")
    hands.tap(StaffTab(StaffPage.CLASSES))
    hands.tap(ClassName(0))
    yield lambda: kiosk.state.typing is not None
    yield from hands.see("typing")
    hands.tap(TypingKey.CANCEL)
    hands.tap(ScreenKey.BACK)
    yield hands.mode_is(Mode.LIVE)


def go_away(hands: Hands) -> Waiting:
    """Pull the camera's plug, put it back, go, and let the kiosk notice."""
    kiosk = hands.kiosk
    hands.plug(False)
    yield lambda: kiosk.state.camera is None
    yield from hands.see("fault")
    hands.plug(True)
    yield lambda: kiosk.state.camera is not None
    idle = kiosk.state.config.idle
    hands.skip(idle.after_s)
    yield hands.mode_is(Mode.STILL_THERE)
    hands.skip(idle.countdown_s / 3)
    yield from hands.see("still_there")
    hands.skip(idle.countdown_s)
    yield hands.mode_is(Mode.ATTRACT)
    yield hands.wait(2.0)
    yield from hands.see("attract")


def _nothing() -> Waiting:
    yield from ()
