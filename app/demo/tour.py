"""The second half of the scripted visit: a curious visitor and a member of staff open all other screens.

Each step is a generator that acts and then yields a condition; the visit goes on once the condition is true.
"""

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
from app.core.modes import results
from app.core.modes.games import ANSWER_AFTER_S, NO, QUIET_AT_START_S, STEADY_S, TRICK
from app.core.modes.why import asks_further
from app.core.state import Mode
from app.kiosk import Kiosk

PIN = "2468"
"""The PIN of the staff pages during the demonstration."""

SETTLE_S = 0.4  # after which all motion on the screen has ended

UNKNOWN_THING = "book"  # the visitor does not teach it

Steps = Generator[Callable[[], bool], None, None]
"""Steps of a visit, with the condition to wait for after each."""


@dataclass(frozen=True)
class Hands:
    """What a visitor can do.

    Attributes:
        kiosk: The kiosk in front of the visitor.
        press, release, tap: Use a button.
        wait: Returns a condition that becomes true after some seconds.
        skip: Sets the clock forward by some seconds.
        plug: Plugs the camera in (True) or pulls it out (False).
        screenshot: Saves the screen under a name.
        show: Puts a thing in front of the camera.
    """

    kiosk: Kiosk
    press: Callable[[Button], None]
    tap: Callable[[Button], None]
    release: Callable[[Button], None]
    wait: Callable[[float], Callable[[], bool]]
    skip: Callable[[float], None]
    plug: Callable[[bool], None]
    screenshot: Callable[[str], None]
    show: Callable[[str], None]

    def see(self, name: str) -> Steps:
        """Wait until nothing moves on the screen, and save a screenshot."""
        yield self.wait(SETTLE_S)
        self.screenshot(name)

    def mode_is(self, mode: Mode) -> Callable[[], bool]:
        """A condition: the kiosk is in a mode."""
        return lambda: self.kiosk.state.mode is mode


def look_around(hands: Hands) -> Steps:
    """Open the gallery and the results, change the language, and cancel the question of RESET."""
    kiosk = hands.kiosk
    hands.tap(ClassGallery(0))
    yield lambda: bool(kiosk.state.gallery.pictures)
    yield from hands.see("gallery")
    hands.tap(StoredPicture(kiosk.state.gallery.pictures[0][0]))
    yield lambda: kiosk.state.classes[0].removed != ()
    hands.tap(Action.UNDO)
    yield lambda: kiosk.state.classes[0].removed == ()
    hands.tap(ScreenKey.BACK)
    hands.tap(Action.RESULTS)
    yield hands.mode_is(Mode.RESULTS)
    if MatrixCell(0, 0) in results.targets(kiosk.state):  # where each thing was held once, there is no table
        hands.tap(MatrixCell(0, 0))
        yield lambda: bool(kiosk.state.results.pictures)
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


def ask_why(hands: Hands) -> Steps:
    """Let the kiosk show why it answers as it does."""
    hands.tap(Action.WHY)
    yield lambda: hands.kiosk.observation is not None and hands.kiosk.observation.why is not None
    yield from hands.see("why")
    further = asks_further(hands.kiosk.state)
    hands.tap(Action.WHY)
    if further:
        yield lambda: _explained_against_all(hands.kiosk)
        yield from hands.see("why_more")
        hands.tap(Action.WHY)


def _explained_against_all(kiosk: Kiosk) -> bool:
    why = kiosk.observation.why if kiosk.observation is not None else None
    return why is not None and why.against_all


def play(hands: Hands) -> Steps:
    """Play "Trick it!" with a thing that was not taught, unless the model hesitates, it is tricked."""
    kiosk = hands.kiosk
    hands.tap(Action.PLAY)
    yield hands.mode_is(Mode.CHOOSE_GAME)
    yield from hands.see("which_game")
    hands.tap(TRICK)
    hands.show(UNKNOWN_THING)
    yield from hands.see("trick")
    seen = kiosk.observation
    if seen is not None and seen.probabilities is not None:
        hands.tap(int(seen.probabilities.argmax()))  # trick the class that it names now
    yield hands.wait(QUIET_AT_START_S + STEADY_S + SETTLE_S)
    if kiosk.state.mode is Mode.ASK_TRICK:
        yield from hands.see("trick_question")
        yield hands.wait(ANSWER_AFTER_S)
        hands.tap(NO)
        yield hands.mode_is(Mode.LIVE)
        yield from hands.see("tricked")
    hands.tap(Action.PLAY)
    yield lambda: kiosk.state.game is None


def visit_staff(hands: Hands) -> Steps:
    """Hold the corner, type the PIN, open every staff page, and start to rename a class."""
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


def go_away(hands: Hands) -> Steps:
    """Pull the camera out and plug it in again, then leave and wait until the kiosk notices."""
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


def _nothing() -> Steps:
    yield from ()
