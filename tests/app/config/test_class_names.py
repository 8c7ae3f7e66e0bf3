"""Classes without a name are called by the colour of their button, in the language of the screen."""

from __future__ import annotations

import colorsys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.base.buttons import Action, ClassName, SettingStep, TypingKey
from app.base.i18n import LANGUAGES
from app.config.checks import PALETTES
from app.config.class_names import class_names
from app.config.schema import Config
from app.config.settings_file import SettingsFile
from app.core import events as ev
from app.core.facts import TaughtClass, TrainedFacts
from app.core.modes.language import at_start
from app.core.state import KioskState, Mode
from app.openers import open_store
from app.ui.painting.theme import load_theme
from tests.support.states import PICTURE, run
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path

pytestmark = pytest.mark.needs_runtime

OWN = {
    "en": ("Red", "Blue", "Yellow", "Green"),
    "de": ("Rot", "Blau", "Gelb", "Grün"),
    "fr": ("Rouge", "Bleu", "Jaune", "Vert"),
    "es": ("Rojo", "Azul", "Amarillo", "Verde"),
    "tr": ("Kırmızı", "Mavi", "Sarı", "Yeşil"),
}


def kiosk(*given: str, language: str = "en", shots: int = 0) -> KioskState:
    """A kiosk that has just started, with these names in its settings."""
    config = Config()
    config = replace(
        config,
        classes=replace(config.classes, labels=given),
        screen=replace(config.screen, language=language),
    )
    classes = tuple(TaughtClass(label, shots) for label in class_names(given, language))
    return KioskState(classes=classes, language=language, camera="webcam", config=config)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_kiosk_names_classes_in_every_language(language: str) -> None:
    assert class_names(("",) * 4, language) == OWN[language]
    assert class_names(("", "cup", "", ""), language) == (OWN[language][0], "cup", *OWN[language][2:])
    names = class_names(("",) * 9, language)
    assert len({name.casefold() for name in names}) == 9


def test_a_default_name_differs_from_the_names_in_the_settings() -> None:
    given = ("Blue", "", "green", "", "class 5")
    assert class_names(given, "en") == ("Blue", "Class 2", "green", "Class 4", "class 5")


HUES = {  # in degrees; which hues a word stands for
    "Red": (345, 15), "Orange": (16, 40), "Gold": (36, 46), "Yellow": (40, 62), "Olive": (63, 80), "Green": (130, 170),
    "Turquoise": (171, 192), "Light blue": (193, 210), "Blue": (195, 225), "Purple": (260, 280), "Pink": (310, 340),
}  # fmt: skip


@pytest.mark.parametrize("palette", PALETTES)
def test_a_default_name_says_the_colour_of_the_button_in_the_palette_in_use(palette: str) -> None:
    names = class_names(("",) * 9, "en", palette)
    for name, colour in zip(names, load_theme((1280, 720), palette).palette.classes, strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(*(one / 255 for one in colour))
        if name == "Black":
            assert value < 0.1
            continue
        low, high = HUES[name]
        assert (round(hue * 360) - low) % 360 <= (high - low) % 360, (name, hue * 360)
        assert saturation > 0.3


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_all_nine_default_names_are_colours_and_differ(palette: str, language: str) -> None:
    names = class_names(("",) * 9, language, palette)
    assert len({name.casefold() for name in names}) == 9
    assert not any(letter.isdigit() for name in names for letter in name)


def test_changing_the_language_changes_default_names_also_of_what_is_taught() -> None:
    state, commands = run(kiosk("", "cup", ""), ev.ButtonPressed(Action.LANGUAGE))
    assert (state.language, state.labels) == ("de", ("Rot", "cup", "Gelb"))
    assert commands == [ev.NameClasses(("Rot", "cup", "Gelb")), ev.PlaySound("tick")]
    state, _ = run(state, ev.ButtonPressed(0), ev.ButtonReleased(0), ev.SampleAdded(0, 1, PICTURE))
    state, commands = run(state, ev.ButtonPressed(Action.LANGUAGE))
    assert (state.language, state.labels) == ("fr", ("Rouge", "cup", "Jaune"))
    assert commands == [ev.NameClasses(("Rouge", "cup", "Jaune")), ev.PlaySound("tick")]


def test_a_name_that_a_visitor_gave_stays_in_every_language() -> None:
    state, _ = run(kiosk("", ""), ev.ButtonPressed(ClassName(0)), ev.CharacterTyped("Ada"))
    state, _ = run(state, ev.TypingEdited(TypingKey.DONE))
    seen = set()
    for _ in LANGUAGES:
        state, _ = run(state, ev.ButtonPressed(Action.LANGUAGE))
        assert state.labels[0] == "Ada"
        seen.add(state.labels[1])
    assert seen == {"Blue", "Blau", "Bleu", "Azul", "Mavi"}


def test_a_picture_that_is_on_its_way_finds_its_class_under_the_new_name() -> None:
    state, _ = run(kiosk("", ""), ev.ButtonPressed(0), ev.ButtonReleased(0), ev.ButtonPressed(Action.LANGUAGE))
    state, _ = run(state, ev.SampleAdded(0, 1, PICTURE))
    assert (state.labels, state.shots) == (("Rot", "Blau"), (1, 0))


def test_a_name_from_the_settings_or_a_visitor_never_changes() -> None:
    state, commands = run(kiosk("Red", "Blau", "Jaune"), *[ev.ButtonPressed(Action.LANGUAGE)] * 5)
    assert (state.language, state.labels) == ("en", ("Red", "Blau", "Jaune"))
    assert not [one for one in commands if isinstance(one, ev.NameClasses)]
    # a visitor named these, and then removed every sample
    named = replace(kiosk("", ""), classes=(TaughtClass("Blau"), TaughtClass("Blue")))
    assert run(named, ev.ButtonPressed(Action.LANGUAGE))[0].labels == ("Blau", "Blue")


def test_the_names_of_a_model_from_a_drive_do_not_change() -> None:
    shown = replace(kiosk("", "", ""), shown_from="STICK", mode=Mode.LIVE, model=TrainedFacts(1.0, 0.5, (0, 0, 0)))
    assert run(shown, ev.ButtonPressed(Action.LANGUAGE))[0].labels == ("Red", "Blue", "Yellow")


def test_a_reset_keeps_the_visitors_language_and_the_end_of_a_visit_returns_to_the_configured_one() -> None:
    taught = replace(kiosk("", "", shots=3), language="es")
    state, commands = run(taught, ev.SessionErased())
    assert (state.labels, ev.NameClasses(("Rojo", "Azul")) in commands) == (("Rojo", "Azul"), True)
    state, commands = run(replace(taught, gone=True), ev.SessionErased())
    assert (state.language, state.labels, state.mode) == ("en", ("Red", "Blue"), Mode.ATTRACT)
    assert not [one for one in commands if isinstance(one, ev.NameClasses)]  # the store has these names already


def test_the_configured_language_comes_back_after_a_visitor_who_taught_nothing() -> None:
    state, _ = run(kiosk("", "", language="tr"), ev.ButtonPressed(Action.LANGUAGE))
    assert (state.language, state.labels) == ("en", ("Red", "Blue"))
    away_s = state.config.idle.after_s + 1
    state, commands = run(state, ev.TimePassed(away_s))
    assert (state.mode, state.language, state.labels) == (Mode.ATTRACT, "tr", ("Kırmızı", "Mavi"))
    assert ev.NameClasses(("Kırmızı", "Mavi")) in commands


def staffed(state: KioskState) -> KioskState:
    """The staff pages behind a PIN: without one, names last for a visit."""
    config = replace(state.config, staff=replace(state.config.staff, pin="2580"))
    return replace(state, mode=Mode.STAFF, staff=replace(state.staff, inside=True), config=config)


def test_staff_name_one_class_and_the_others_still_follow_the_language() -> None:
    state, commands = run(
        staffed(kiosk("", "", "", language="de")),
        ev.ButtonPressed(ClassName(1)), ev.CharacterTyped("Tasse"), ev.TypingEdited(TypingKey.DONE),
        ev.ButtonPressed(SettingStep("classes.number", 1)),
    )  # fmt: skip
    assert state.labels == ("Rot", "Tasse", "Gelb", "Grün")
    assert state.config.classes.labels == ("", "Tasse", "", "")
    assert ev.ChangeSettings((("classes.labels", ("", "Tasse", "")),)) in commands
    state, commands = run(state, ev.ButtonPressed(SettingStep("screen.language", 1)))
    assert state.labels == ("Rouge", "Tasse", "Jaune", "Vert")
    assert ev.NameClasses(state.labels) in commands


def test_a_default_name_that_staff_only_confirm_still_follows_the_language() -> None:
    state, _ = run(staffed(kiosk("", "")), ev.ButtonPressed(ClassName(0)), ev.TypingEdited(TypingKey.DONE))
    assert state.config.classes.labels == ("", "")
    state, _ = run(state, ev.ButtonPressed(ClassName(0)), ev.CharacterTyped("Rot"), ev.TypingEdited(TypingKey.DONE))
    state, _ = run(state, ev.ButtonPressed(SettingStep("screen.language", 1)))
    assert (state.language, state.labels, state.config.classes.labels) == ("de", ("Rot", "Blau"), ("Rot", ""))


def test_empty_names_stay_empty_in_the_settings_file(tmp_path: Path) -> None:
    SettingsFile(Config(), tmp_path).save({"classes.labels": ("", "Tasse", "", "")})
    assert SettingsFile(Config(), tmp_path).config.classes.labels == ("", "Tasse", "", "")


def test_a_stored_session_keeps_its_names_and_an_empty_one_uses_the_configured_language(tmp_path: Path) -> None:
    def stored(language: str, taught: bool = False) -> tuple[str, ...]:
        config = replace(
            Config(),
            screen=replace(Config().screen, language=language),
            storage=replace(Config().storage, data_dir=str(tmp_path)),
        )
        with ExitStack() as stack:
            store = open_store(config, extractor, stack)
            if taught:
                store.add(1, np.zeros(extractor.feature_dim, np.float32), np.zeros((8, 8, 3), np.uint8))
            return store.load().labels

    with EmbeddingExtractor(default_extractor_path()) as extractor:
        assert stored("de") == OWN["de"][:3]
        assert stored("tr", taught=True) == OWN["tr"][:3]
        assert stored("fr") == OWN["tr"][:3]


def restarted(state: KioskState) -> tuple[KioskState, list[ev.Command]]:
    """The state of a session that goes on after a restart, with the origins of its names as they were stored."""
    again, commands = at_start(replace(state, language=state.config.screen.language))
    return again, list(commands)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("old", [True, False])
def test_default_names_are_in_the_language_of_the_station_after_a_restart(language: str, old: bool) -> None:
    state, _ = run(kiosk("", "", "", shots=3), ev.ButtonPressed(ClassName(1)), ev.CharacterTyped("Tasse"))
    state, _ = run(state, ev.TypingEdited(TypingKey.DONE))
    while state.language != language:
        state, _ = run(state, ev.ButtonPressed(Action.LANGUAGE))
    if old:  # a session of an older version does not say where its names come from
        state = replace(state, classes=tuple(replace(one, name_from=None) for one in state.classes))
    again, commands = restarted(state)
    assert again.labels == ("Red", "Tasse", "Yellow")
    assert commands == ([] if language == "en" else [ev.NameClasses(again.labels)])
    assert run(again, ev.ButtonPressed(Action.LANGUAGE))[0].labels == ("Rot", "Tasse", "Gelb")


def test_a_name_that_somebody_typed_stays_after_a_restart_also_if_it_is_a_default_name_elsewhere() -> None:
    state, _ = run(kiosk("", "", shots=3), ev.ButtonPressed(ClassName(0)), ev.CharacterTyped("Rouge"))
    state, _ = run(state, ev.TypingEdited(TypingKey.DONE))
    again, commands = restarted(state)
    assert (again.labels, commands) == (("Rouge", "Blue"), [])


def test_names_of_other_settings_and_of_an_empty_session_stay_as_they_are() -> None:
    known = replace(kiosk("bottle", "can", shots=3), classes=(TaughtClass("apple", 3, name_from=0), TaughtClass("cup")))
    assert restarted(known)[0].labels == ("apple", "cup")
    empty = replace(kiosk("", ""), classes=(TaughtClass("Rot"), TaughtClass("Blau")))
    assert restarted(empty) == (empty, [])
