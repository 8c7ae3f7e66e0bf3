"""The settings that staff can change on the screen: their names, their values, and how they are changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from app.base.buttons import SettingStep, StaffPage
from app.base.i18n import LANGUAGES, Text, counted, message
from app.base.numbers import percent
from app.base.redaction import host_of, redacted
from app.config.checks import AT_ONCE, AT_PRESS, MAX_CLASSES, MOST_ZOOM, NOT_SURE, PALETTES, PRIVACY, ROTATIONS
from app.config.schema import Config
from app.core import events as ev
from app.core.state import KioskState, Step
from learning.dataset import MIN_CLASSES

ZOOMS = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, MOST_ZOOM)
VOLUMES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
SPEECH_RATES = (0.6, 0.8, 1.0, 1.2, 1.5, 2.0, 2.5)
STEPS_S = (0.5, 0.8, 1.0, 1.2, 1.5, 2.0, 3.0, 4.0, 6.0)
DWELLS_S = (0.0, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2)
IDLE_S = (0.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0)
SHOTS = (5, 8, 10, 12, 15, 20, 25, 30, 40, 60, 100)
MOST_SHOTS = (20, 50, 100, 200, 300, 500, 1000)
COUNTDOWN_S = (5.0, 10.0, 15.0, 20.0, 30.0, 60.0)
NO_STARTER, DEMO_STARTER, OWN_STARTER = "", "demo", "own"
ON_OFF = (False, True)
ALWAYS_THERE = ("auto", "demo")  # cameras

Arrows = tuple[SettingStep | None, SettingStep | None]
"""The arrows beside a value: to the value before, and to the value after. None at the ends of the list."""


@dataclass(frozen=True)
class Choice:
    """A setting with a list of values: a row with arrows on a staff page.

    Attributes:
        name: Its "section.name" in the settings file.
        page: The staff page that shows it.
        label: Its name on the screen.
        values: The values that can be chosen, in order.
        words: A value in words.
        needs_pin: Only staff may change it: it decides what is kept of visitors, or what later visitors may do.
    """

    name: str
    page: StaffPage
    label: Text
    values: Callable[[KioskState], tuple[Any, ...]]
    words: Callable[[Any], Text]
    needs_pin: bool = False

    def may_change(self, state: KioskState) -> bool:
        """Whether it can be changed now."""
        return state.has_pin or not self.needs_pin

    def value(self, state: KioskState) -> Any:
        """Its current value."""
        section, _, key = self.name.partition(".")
        return getattr(getattr(state.config, section), key)

    def changes(self, _state: KioskState, value: Any) -> tuple[tuple[str, Any], ...]:
        """The settings to change so that it has this value."""
        return ((self.name, value),)

    def beside(self, state: KioskState, step: int) -> Any | None:
        """The value before (-1) or after (+1) the current one, or None at the end of the list."""
        values, now = self.values(state), self.value(state)
        if now in values:
            place = values.index(now) + step
        else:  # the settings file has a value between two of these
            before = [place for place, value in enumerate(values) if _is_less(value, now)]
            place = (before[-1] if before else -1) + (step if step > 0 else 0)
        return values[place] if 0 <= place < len(values) else None

    def arrows(self, state: KioskState) -> Arrows:
        """The arrows to the value before and after."""
        if not self.may_change(state):
            return None, None
        return (
            SettingStep(self.name, -1) if self.beside(state, -1) is not None else None,
            SettingStep(self.name, 1) if self.beside(state, 1) is not None else None,
        )


@dataclass(frozen=True)
class LanguageChoice(Choice):
    """Whether visitors may choose a language, the last part of the name."""

    def value(self, state: KioskState) -> Any:
        """Whether they may."""
        return self.name.rpartition(".")[2] in state.config.visitors.languages

    def may_change(self, state: KioskState) -> bool:
        """Whether staff may change it now; the language of the station can always be chosen."""
        return super().may_change(state) and self.name.rpartition(".")[2] != state.config.screen.language

    def changes(self, state: KioskState, value: Any) -> tuple[tuple[str, Any], ...]:
        """The list of languages with this one, or without it."""
        language, now = self.name.rpartition(".")[2], state.config.visitors.languages
        return (("visitors.languages", tuple(one for one in LANGUAGES if (one in now if one != language else value))),)


def _is_less(value: Any, other: Any) -> bool:
    return isinstance(value, int | float) and isinstance(other, int | float) and value < other


def cameras(state: KioskState) -> tuple[str, ...]:
    """The cameras that can be chosen, with the configured one always among them."""
    sources = (*ALWAYS_THERE, *state.staff.system.cameras, state.config.camera.source)
    return tuple(dict.fromkeys(filter(None, sources)))


def starters(state: KioskState) -> tuple[str, ...]:
    """The starters that can be chosen, with the configured one always among them."""
    return tuple(dict.fromkeys((NO_STARTER, DEMO_STARTER, *state.staff.system.starters, state.config.idle.starter)))


def _starter(value: str) -> Text:
    named: dict[str, Text] = {
        NO_STARTER: message("none"),
        DEMO_STARTER: message("rendered things"),
        OWN_STARTER: message("a session from here"),
    }
    return named.get(value, value.rstrip("/").rsplit("/", 1)[-1])


def _on_off(value: bool) -> Text:
    return message("on") if value else message("off")


def _pictures(value: int) -> Text:
    return counted("{count} picture", "{count} pictures", value)


def _camera(value: str) -> Text:
    named: dict[str, Text] = {"auto": message("the first one found"), "demo": message("demonstration")}
    if "://" in value:  # not the whole address: it may hold a password
        return host_of(redacted(value)) or value.partition("://")[0]
    return named.get(value, value.rsplit("/", 1)[-1])


def _not_sure(value: str) -> Text:
    return {"strict": message("strict"), "normal": message("normal"), "off": message("never")}.get(value, value)


def _idle(value: float) -> Text:
    return counted("{count} second", "{count} seconds", round(value)) if value else message("never")


def _start(value: str) -> Text:
    return {AT_ONCE: message("at once"), AT_PRESS: message("with a press")}.get(value, value)


def _seconds(value: float) -> Text:
    return message("{seconds} s", seconds=f"{value:g}")


def _times(value: float) -> Text:
    return message("as usual") if value == 1 else message("{rate} times as fast", rate=f"{value:g}")


def _palette(value: str) -> Text:
    return {
        "paper": message("paper"),
        "night": message("night"),
        "contrast": message("high contrast"),
        "distinct": message("for colour-blind eyes"),
    }.get(value, value)


def _privacy(value: str) -> Text:
    return {
        "keep": message("keep everything"),
        "embeddings": message("keep no pictures"),
        "erase": message("erase everything"),
    }.get(value, value)


CHOICES: tuple[Choice, ...] = (
    Choice("classes.learn_as_you_go", StaffPage.CLASSES, message("Learn as you go"), lambda _: ON_OFF, _on_off),
    Choice("classes.target_shots", StaffPage.CLASSES, message("A ring is full with"), lambda _: SHOTS, _pictures),
    Choice(
        "classes.max_shots", StaffPage.CLASSES, message("Most pictures of a class"), lambda _: MOST_SHOTS, _pictures
    ),
    Choice("model.not_sure", StaffPage.CLASSES, message("When it says “not sure”"), lambda _: NOT_SURE, _not_sure),
    Choice("camera.source", StaffPage.CAMERA, message("Camera"), cameras, _camera),
    Choice(
        "camera.rotation", StaffPage.CAMERA, message("Turn the picture"), lambda _: ROTATIONS, lambda value: f"{value}°"
    ),
    Choice("camera.mirror", StaffPage.CAMERA, message("Like a mirror"), lambda _: ON_OFF, _on_off),
    Choice("camera.zoom", StaffPage.CAMERA, message("Zoom"), lambda _: ZOOMS, lambda value: f"{value:g}×"),
    Choice(
        "screen.language",
        StaffPage.SCREEN,
        message("Language"),
        lambda _: tuple(LANGUAGES),
        lambda value: LANGUAGES[value],
    ),
    Choice("screen.palette", StaffPage.SCREEN, message("Colours"), lambda _: PALETTES, _palette),
    Choice("screen.sound", StaffPage.SCREEN, message("Sound"), lambda _: ON_OFF, _on_off),
    Choice("screen.volume", StaffPage.SCREEN, message("Volume"), lambda _: VOLUMES, percent),
    Choice("screen.speech", StaffPage.ACCESS, message("Say the answer aloud"), lambda _: ON_OFF, _on_off),
    Choice("screen.narration", StaffPage.ACCESS, message("Say everything aloud"), lambda _: ON_OFF, _on_off),
    Choice("screen.speech_rate", StaffPage.ACCESS, message("Speaks"), lambda _: SPEECH_RATES, _times),
    Choice("scan.enabled", StaffPage.ACCESS, message("One switch is enough"), lambda _: ON_OFF, _on_off),
    Choice("scan.step_s", StaffPage.ACCESS, message("The highlight moves every"), lambda _: STEPS_S, _seconds),
    Choice("scan.start", StaffPage.ACCESS, message("It begins to move"), lambda _: (AT_ONCE, AT_PRESS), _start),
    Choice("scan.dwell_s", StaffPage.ACCESS, message("Ignore presses shorter than"), lambda _: DWELLS_S, _seconds),
    Choice("screen.less_motion", StaffPage.ACCESS, message("Less motion"), lambda _: ON_OFF, _on_off),
    Choice("idle.after_s", StaffPage.VISITS, message("Asks “still there?” after"), lambda _: IDLE_S, _idle, True),
    Choice("idle.countdown_s", StaffPage.VISITS, message("Waits for an answer"), lambda _: COUNTDOWN_S, _idle, True),
    Choice("idle.starter", StaffPage.VISITS, message("Answers before teaching"), starters, _starter, True),
    Choice("privacy.when_idle", StaffPage.VISITS, message("When a visitor leaves"), lambda _: PRIVACY, _privacy, True),
    Choice(
        "storage.save_pictures", StaffPage.VISITS, message("SAVE writes pictures, too"), lambda _: ON_OFF, _on_off, True
    ),
)

CHOICES += tuple(
    Choice(name, StaffPage.VISITORS, label, lambda _: ON_OFF, _on_off, True)
    for name, label in (
        ("visitors.save", message("Save")),
        ("visitors.undo", message("Undo")),
        ("visitors.reset", message("Reset")),
        ("visitors.why", message("Why?")),
        ("visitors.results", message("Results")),
        ("visitors.gallery", message("All pictures of a class")),
        ("visitors.empty", message("Empty a class")),
        ("classes.visitors_name", message("Name classes")),
        ("classes.visitors_add", message("Add classes")),
        ("screen.games", message("Play")),
    )
) + tuple(
    LanguageChoice(f"visitors.languages.{language}", StaffPage.VISITORS, name, lambda _: ON_OFF, _on_off, True)
    for language, name in LANGUAGES.items()
)

NUMBER_OF_CLASSES = "classes.number"
CLASS_NUMBERS = tuple(range(MIN_CLASSES, MAX_CLASSES + 1))


def class_number_arrows(state: KioskState) -> Arrows:
    """The arrows beside the number of classes."""
    number = len(state.classes)
    return (
        SettingStep(NUMBER_OF_CLASSES, -1) if number > CLASS_NUMBERS[0] else None,
        SettingStep(NUMBER_OF_CLASSES, 1) if number < CLASS_NUMBERS[-1] else None,
    )


def page_arrows(state: KioskState, page: StaffPage) -> tuple[SettingStep, ...]:
    """All arrows of the settings on a staff page, row by row."""
    arrows = [one.arrows(state) for one in CHOICES if one.page == page]
    return tuple(arrow for row in arrows for arrow in row if arrow is not None)


def change_settings(state: KioskState, changes: tuple[tuple[str, object], ...]) -> Step:
    """Change settings by "section.name": they are valid at once, and a command saves them."""
    config: Config = state.config
    for name, value in changes:
        section, _, key = name.partition(".")
        config = replace(config, **{section: replace(getattr(config, section), **{key: value})})
    timing = replace(state.timing, max_shots=config.classes.max_shots)
    return replace(state, config=config, timing=timing), (ev.ChangeSettings(changes), ev.PlaySound("tick"))
