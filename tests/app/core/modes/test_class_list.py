"""Visitors name, add and remove classes on the main screen, for their visit alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.base.buttons import Action, Button, ClassName, ClassStep, LetterKey, SettingStep, TypingKey
from app.base.i18n import LANGUAGES
from app.config.schema import Config
from app.core import events as ev
from app.core.events import Command
from app.core.facts import ModelFacts, TaughtClass, TrainedFacts
from app.core.modes.language import default_names
from app.core.state import KioskState, Mode
from tests.support.states import kiosk, run


def unnamed(count: int, *, palette: str = "paper", language: str = "en", shots: int = 0) -> KioskState:
    """A kiosk whose classes have default names."""
    config = Config()
    config = replace(
        config,
        classes=replace(config.classes, labels=("",) * count),
        screen=replace(config.screen, palette=palette, language=language),
    )
    state = KioskState(classes=(TaughtClass(""),) * count, camera="camera", config=config, language=language)
    return replace(state, classes=tuple(TaughtClass(name, shots) for name in default_names(state)))


def pressed(state: KioskState, *buttons: Button) -> tuple[KioskState, list[Command]]:
    return run(state, *(ev.ButtonPressed(one) for one in buttons))


def renames(commands: list[Command]) -> list[tuple[str, ...]]:
    return [one.labels for one in commands if isinstance(one, ev.NameClasses)]


@pytest.mark.parametrize("mode", [Mode.TEACH, Mode.LIVE])
@pytest.mark.parametrize("shots", [0, 3])
def test_a_visitor_names_a_class_on_the_main_screen_also_an_empty_one(mode: Mode, shots: int) -> None:
    model = TrainedFacts(1.0, 0.5, (3, 3)) if mode is Mode.LIVE else None
    state, _ = pressed(kiosk(shots, 3, mode=mode, model=model), ClassName(0))
    assert (state.mode, state.typing.text) == (mode, "apple")
    state, commands = run(state, ev.CharacterTyped("pear"), ev.TypingEdited(TypingKey.DONE))
    assert (state.mode, state.labels, state.typing) == (mode, ("pear", "cup"), None)
    assert renames(commands) == [("pear", "cup")]


def test_buttons_of_the_box_write_while_a_class_is_named_and_teach_afterwards() -> None:
    state, _ = pressed(kiosk(0, 0), ClassName(1))
    state, commands = run(state, ev.ButtonPressed(1), ev.ButtonReleased(1))
    assert (state.held, commands) == (None, [])
    state, _ = pressed(state, LetterKey("x"), Action.RESET)
    assert (state.typing, state.labels) == (None, ("apple", "cup"))
    assert pressed(state, 1)[1] == [ev.AddSample(1, 0)]


def test_a_folder_on_a_drive_waits_until_the_name_is_written() -> None:
    state, _ = pressed(kiosk(0, 0), ClassName(0))
    found = ev.FolderFound("STICK", Path("/media/STICK"), ("a", "b"), has_session=True, has_model=True)
    state, _ = run(state, found, ev.TimePassed(1.0))
    assert (state.mode, state.typing is None) == (Mode.TEACH, False)
    state, _ = run(state, ev.TypingEdited(TypingKey.CANCEL), ev.TimePassed(2.0))
    assert state.mode is Mode.ASK_FOLDER


def test_classes_are_added_with_the_colour_of_their_button_up_to_nine() -> None:
    state, commands = pressed(unnamed(2), *[ClassStep(1)] * 9)
    assert len(state.classes) == 9
    assert state.labels == ("Red", "Blue", "Yellow", "Green", "Purple", "Orange", "Turquoise", "Pink", "Olive")
    assert renames(commands)[-1] == state.labels
    assert not [one for one in commands if isinstance(one, ev.ChangeSettings)]


def test_the_last_class_is_removed_down_to_two() -> None:
    state, commands = pressed(unnamed(4), *[ClassStep(-1)] * 5)
    assert (state.labels, renames(commands)) == (("Red", "Blue"), [("Red", "Blue", "Yellow"), ("Red", "Blue")])


def test_a_class_with_pictures_is_not_removed_and_it_is_said_what_to_do() -> None:
    state, commands = pressed(unnamed(3, shots=2), ClassStep(-1))
    assert (len(state.classes), renames(commands)) == (3, [])
    assert str(state.notice.text) == "Yellow has pictures. Open them and press “Empty” first."


def test_settings_can_keep_names_and_number_of_the_classes_to_staff() -> None:
    state = unnamed(3)
    classes = replace(state.config.classes, visitors_name=False, visitors_add=False)
    state = replace(state, config=replace(state.config, classes=classes))
    after, commands = pressed(state, ClassStep(1), ClassStep(-1), ClassName(0))
    assert (after.labels, after.typing, commands) == (state.labels, None, [])


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"mode": Mode.LIVE, "starter": ModelFacts(("sun", "moon"), 0.5)},
        {"mode": Mode.LIVE, "shown_from": "STICK", "model": TrainedFacts(None, 0.5, (0, 0, 0))},
    ],
    ids=["starter", "drive"],
)
def test_the_classes_of_another_model_are_neither_named_nor_added_to(elsewhere: dict[str, object]) -> None:
    state, commands = pressed(replace(unnamed(3), **elsewhere), ClassStep(1), ClassName(0))
    assert (len(state.classes), state.typing, renames(commands)) == (3, None, [])


def test_a_visitor_who_only_named_and_added_classes_leaves_none_of_it_to_the_next_one() -> None:
    state, _ = pressed(unnamed(2), ClassStep(1), ClassName(0))
    state, _ = run(state, ev.CharacterTyped("Ada"), ev.TypingEdited(TypingKey.DONE))
    assert state.labels == ("Ada", "Blue", "Yellow")
    state, commands = run(state, ev.TimePassed(state.config.idle.after_s + 1))
    assert (state.mode, state.labels) == (Mode.ATTRACT, ("Red", "Blue"))
    assert renames(commands) == [("Red", "Blue")]


def test_removed_pictures_are_forgotten_with_the_visit_like_those_that_are_left() -> None:
    state, _ = run(kiosk(2, 0), ev.SamplesRemoved(0, (1, 2)))
    state, _ = run(state, ev.TimePassed(state.config.idle.after_s + 1))
    assert state.mode is Mode.STILL_THERE
    _, commands = run(state, ev.TimePassed(state.now_s + state.config.idle.countdown_s + 1))
    assert [type(one) for one in commands] == [ev.EndSession]


def test_with_its_class_the_removed_pictures_of_it_are_forgotten() -> None:
    state = unnamed(3)
    classes = (*state.classes[:2], replace(state.classes[2], removed=((1, 2),)))
    state, commands = pressed(replace(state, classes=classes), ClassStep(-1))
    assert len(state.classes) == 2
    assert commands[0] == ev.ForgetRemoved(2)


def test_reset_erases_what_undo_could_bring_back() -> None:
    state, _ = run(kiosk(2, 0), ev.SamplesRemoved(0, (1, 2)))
    state, commands = pressed(state, Action.RESET, Action.CONFIRM)
    assert (state.mode, commands[-1]) == (Mode.ERASING, ev.EraseSession())


@pytest.mark.parametrize("language", LANGUAGES)
def test_default_names_follow_the_palette_also_those_of_taught_classes(language: str) -> None:
    state = unnamed(3, language=language, shots=2)
    names = {
        palette: default_names(unnamed(3, palette=palette, language=language)) for palette in ("paper", "distinct")
    }
    assert names["paper"][0] != names["distinct"][0]
    inside = replace(state, mode=Mode.STAFF, staff=replace(state.staff, inside=True))
    inside = replace(inside, classes=(*inside.classes[:2], replace(inside.classes[2], label="my cup")))
    state, commands = pressed(inside, SettingStep("screen.palette", -1), *[SettingStep("screen.palette", 1)] * 3)
    assert state.config.screen.palette == "distinct"
    assert state.labels == (*names["distinct"][:2], "my cup")
    assert renames(commands) == [state.labels]


def test_a_card_of_the_starter_without_a_class_says_why_it_teaches_nothing() -> None:
    state = replace(unnamed(2), mode=Mode.LIVE, starter=ModelFacts(("sun", "moon", "star"), 0.5))
    state, commands = pressed(state, 2)
    assert commands == [ev.PlaySound("refused")]
    text = "star is only an example. To teach your own, hold one of the first 2 buttons."
    assert (str(state.notice.text), state.starter is None) == (text, False)
