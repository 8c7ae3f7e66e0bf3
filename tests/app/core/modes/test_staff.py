"""The staff pages: changing settings, and typing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.base.buttons import (
    Action,
    ArchivedSession,
    ClassName,
    LearnInput,
    LetterKey,
    PowerKey,
    ScreenKey,
    SettingStep,
    StaffPage,
    StaffTab,
    TypingKey,
)
from app.base.i18n import LANGUAGES
from app.base.privacy import Privacy
from app.config.schema import Config
from app.core import events as ev
from app.core.facts import TaughtClass, TrainedFacts
from app.core.modes.settings import CHOICES
from app.core.modes.staff_targets import targets
from app.core.state import KioskState, Mode
from app.views.model import Setting
from app.views.staff import BackendFacts, staff
from app.views.words import Translator
from tests.support.settings import changed
from tests.support.staff import guarded, held_corner, inside, touched, unlocked
from tests.support.states import PICTURE, kiosk, run

MODEL = TrainedFacts(0.9, 0.5, (3, 3))
ARCHIVED = (TaughtClass("dog", 2, (PICTURE,)), TaughtClass("cat", 2), TaughtClass("cow"))


def test_staff_choose_when_it_says_not_sure() -> None:
    state, said, arrows = inside(kiosk(3, 3)), [], []
    for step in (-1, 1, 1):
        state, commands = touched(state, SettingStep("model.not_sure", step))
        page = staff(state, BackendFacts(), Translator("en"))
        assert page is not None
        (row,) = [one for one in page.rows if one.label == "When it says “not sure”"]
        said.append((row.value, state.config.model.not_sure))
        arrows.append((row.less is not None, row.more is not None))
        assert ev.ChangeSettings((("model.not_sure", state.config.model.not_sure),)) in commands
    assert said == [("strict", "strict"), ("normal", "normal"), ("never", "off")]
    assert arrows == [(False, True), (True, True), (True, False)]


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.name)
def test_every_setting_can_be_stepped_through_all_its_values(choice) -> None:
    state = unlocked(kiosk(3, 3))
    state, _ = run(state, ev.SystemLooked(cameras=("/dev/video0",)))
    values = choice.values(state)
    for step, count in ((-1, len(values)), (1, len(values))):
        for _ in range(count):
            state, commands = touched(state, SettingStep(choice.name, step))
            for command in commands:
                if isinstance(command, ev.ChangeSettings):
                    assert changed(Config(), dict(command.changes))  # a file with it would be accepted
    assert choice.value(state) == values[-1]
    assert choice.beside(state, 1) is None


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.name)
def test_the_numbers_that_can_be_chosen_are_round_and_ascend(choice) -> None:
    numbers = [one for one in choice.values(kiosk(3, 3)) if isinstance(one, int | float)]
    assert numbers == sorted(set(numbers))
    assert all(one == 1.25 or one == round(one, 1) for one in numbers), numbers
    assert all(one <= 20 or one % 5 == 0 for one in numbers), numbers


def test_a_value_between_two_steps_moves_to_the_nearest_step_in_that_direction() -> None:
    state = unlocked(kiosk(3, 3))
    state = replace(state, config=changed(state.config, {"idle.after_s": 45.0}))
    less, _ = touched(state, SettingStep("idle.after_s", -1))
    more, _ = touched(state, SettingStep("idle.after_s", 1))
    assert (less.config.idle.after_s, more.config.idle.after_s) == (30.0, 60.0)


def test_the_configured_language_changes_at_once() -> None:
    state, _ = touched(inside(kiosk(3, 3)), SettingStep("screen.language", 1))
    assert (state.language, state.config.screen.language) == ("de", "de")


def test_a_new_name_is_used_at_once_in_session_model_and_settings() -> None:
    state = unlocked(kiosk(3, 3, mode=Mode.LIVE, model=MODEL))
    state, _ = touched(state, ClassName(1), *[TypingKey.BACKSPACE] * 3)
    state, _ = touched(state, LetterKey("ö"), LetterKey("l"))
    state, commands = touched(state, TypingKey.DONE)
    assert state.labels == ("apple", "Öl")
    assert commands[:2] == [
        ev.NameClasses(("apple", "Öl")),
        ev.ChangeSettings((("classes.labels", ("apple", "Öl")),)),
    ]
    assert not state.stale


def test_without_a_pin_names_and_the_number_of_classes_last_for_the_visit() -> None:
    state, _ = touched(inside(kiosk(3, 3)), ClassName(1), *[TypingKey.BACKSPACE] * 3)
    state, commands = run(state, ev.CharacterTyped("Rude"), ev.TypingEdited(TypingKey.DONE))
    assert ev.NameClasses(("apple", "Rude")) in commands
    state, more = touched(state, SettingStep("classes.number", 1))
    assert (state.labels[:2], len(state.labels)) == (("apple", "Rude"), 3)
    assert not [one for one in (*commands, *more) if isinstance(one, ev.ChangeSettings)]
    state, commands = run(state, ev.SessionErased())
    assert state.labels == ("apple", "cup")
    assert ev.NameClasses(("apple", "cup")) in commands


@pytest.mark.parametrize("page", [StaffPage.VISITS, StaffPage.VISITORS])
def test_what_is_kept_of_visitors_and_what_they_may_use_is_changed_with_a_pin_alone(page: StaffPage) -> None:
    for state, changes in ((inside(kiosk(3, 3)), False), (unlocked(kiosk(3, 3)), True)):
        opened, _ = touched(state, StaffTab(page))
        shown = staff(opened, BackendFacts(), Translator("en"))
        assert shown is not None
        assert any(row.less or row.more for row in shown.rows) is changes
        assert (("Changes", "only with a PIN") in [(row.label, row.value) for row in shown.rows]) is not changes
        assert any(isinstance(one, SettingStep) for one in targets(opened)) is changes
        for choice in (one for one in CHOICES if one.page is page):
            after = [touched(opened, SettingStep(choice.name, step))[0].config for step in (-1, 1)]
            assert changes or after == [opened.config] * 2, choice.name
        assert changes is any(
            touched(opened, SettingStep(one.name, step))[0].config != opened.config
            for one in CHOICES
            for step in (-1, 1)
            if one.page is page
        )


def test_how_the_station_works_is_changed_without_a_pin_too() -> None:
    opened = inside(kiosk(3, 3))
    for name in ("screen.sound", "screen.palette", "camera.mirror", "scan.enabled", "screen.narration"):
        after = [touched(opened, SettingStep(name, step))[0].config for step in (-1, 1)]
        assert any(config != opened.config for config in after), name


@pytest.mark.parametrize(
    ("name", "problem"),
    [("", "Write a name."), ("  ", "Write a name."), ("APPLE", "That name is already used.")],
)
def test_an_impossible_name_is_refused_with_the_reason(name: str, problem: str) -> None:
    state, _ = touched(inside(kiosk(3, 3)), ClassName(1), *[TypingKey.BACKSPACE] * 3)
    state, _ = run(state, ev.CharacterTyped(name), ev.TypingEdited(TypingKey.DONE))
    assert (str(state.typing.problem), state.labels) == (problem, ("apple", "cup"))


def test_a_real_keyboard_writes_and_edits() -> None:
    state, _ = touched(inside(kiosk(3, 3)), ClassName(0))
    state, _ = run(state, *[ev.TypingEdited(TypingKey.BACKSPACE)] * 9, ev.CharacterTyped("Çay"))
    state, _ = run(state, ev.TypingEdited(TypingKey.DONE))
    assert (state.labels, state.typing) == (("Çay", "cup"), None)


def test_a_name_is_no_longer_than_a_card_and_a_pin_takes_digits_alone() -> None:
    state, _ = touched(inside(kiosk(3, 3)), ClassName(0))
    state, _ = run(state, ev.CharacterTyped("x" * 100))
    assert len(state.typing.text) == 24
    asked = held_corner(guarded(kiosk(3, 3)))
    assert run(asked, ev.CharacterTyped("2a5٣8"))[0].typing.text == "258"


def test_there_are_two_to_nine_classes() -> None:
    state = inside(kiosk(3, 3))
    for _ in range(12):
        state, _ = touched(state, SettingStep("classes.number", 1))
    assert len(state.classes) == 9
    assert len(set(state.labels)) == 9
    for _ in range(12):
        state, _ = touched(state, SettingStep("classes.number", -1))
    assert state.labels == ("apple", "cup")


def test_a_class_with_pictures_is_not_removed() -> None:
    state, _ = touched(inside(kiosk(3, 3, 1)), SettingStep("classes.number", -1))
    assert len(state.classes) == 3
    assert str(state.notice.text) == "book has pictures. Open them and press “Empty” first."


def test_a_class_that_the_model_knows_is_not_removed() -> None:
    state = replace(kiosk(3, 3, 0), model=TrainedFacts(0.9, 0.5, (3, 3, 2)))
    state, commands = touched(inside(state), SettingStep("classes.number", -1))
    assert len(state.classes) == 3
    assert not [command for command in commands if isinstance(command, ev.NameClasses)]
    assert str(state.notice.text) == "The model still knows book. Train again first, or start over."


def test_adding_a_class_does_not_make_the_model_stale() -> None:
    state, _ = touched(inside(kiosk(3, 3, mode=Mode.LIVE, model=MODEL)), SettingStep("classes.number", 1))
    assert not state.stale


def test_an_input_is_assigned_and_saved() -> None:
    state, _ = touched(inside(kiosk(3, 3)), StaffTab(StaffPage.BUTTONS), LearnInput(0))
    state, commands = run(state, ev.InputPressed("key:space"))
    assert state.inputs.map.button_of("key:space") == 0
    (change,) = [command for command in commands if isinstance(command, ev.ChangeSettings)]
    assert dict(change.changes)["inputs.class_1"] == ("key:1", "key:kp_1", "key:space")
    assert state.staff.listening is None


def test_an_assigned_input_no_longer_means_its_former_button() -> None:
    state, _ = touched(inside(kiosk(3, 3)), LearnInput(Action.TRAIN))
    _, commands = run(state, ev.InputPressed("key:s"))
    (change,) = [command for command in commands if isinstance(command, ev.ChangeSettings)]
    assert dict(change.changes)["inputs.save"] == ()
    assert "key:s" in dict(change.changes)["inputs.train"]


def test_buttons_of_the_box_do_nothing_on_the_page_that_tests_them() -> None:
    state, _ = touched(inside(kiosk(3, 3)), StaffTab(StaffPage.BUTTONS))
    for button in (0, 1, Action.TRAIN, Action.UNDO, Action.SAVE, Action.RESET):
        after, commands = touched(state, button)
        assert (after.mode, commands) == (Mode.STAFF, [])


def test_shutting_down_asks_first() -> None:
    asked, commands = touched(unlocked(kiosk(3, 3)), PowerKey.SHUT_DOWN)
    assert (asked.staff.asked, commands) == (PowerKey.SHUT_DOWN, [])
    assert touched(asked, Action.CANCEL)[1] == []
    assert touched(asked, Action.CONFIRM)[1] == [ev.PowerOff(restart=False)]
    restarting, _ = touched(unlocked(kiosk(3, 3)), PowerKey.RESTART)
    assert touched(restarting, Action.CONFIRM)[1] == [ev.PowerOff(restart=True)]


def test_a_restored_session_is_the_current_one() -> None:
    state, commands = touched(unlocked(kiosk(3, 3, mode=Mode.LIVE, model=MODEL)), ArchivedSession("2026-01-01"))
    assert commands == [ev.RestoreSession("2026-01-01", Privacy.EMBEDDINGS)]
    state, _ = run(state, ev.SessionRestored(ARCHIVED))
    assert (state.labels, state.shots, state.model) == (("dog", "cat", "cow"), (2, 2, 0), None)
    assert touched(state, ScreenKey.BACK)[0].mode is Mode.TEACH


def test_names_of_a_restored_session_disappear_with_it() -> None:
    state, _ = run(kiosk(3, 3), ev.SessionRestored(ARCHIVED))
    state, commands = run(state, ev.SessionErased())
    assert state.labels == ("apple", "cup")
    assert ev.NameClasses(("apple", "cup")) in commands


def test_a_visitors_name_for_a_class_is_not_saved_in_the_settings() -> None:
    visited = replace(kiosk(3, 3), classes=(replace(kiosk(3, 3).classes[0], label="Rude"), kiosk(3, 3).classes[1]))
    state, _ = touched(unlocked(visited), ClassName(1))
    state, commands = run(
        state, *[ev.TypingEdited(TypingKey.BACKSPACE)] * 3, ev.CharacterTyped("Tasse"), ev.TypingEdited(TypingKey.DONE)
    )
    assert state.labels == ("Rude", "Tasse")
    assert state.config.classes.labels == ("apple", "Tasse")
    assert ev.NameClasses(("Rude", "Tasse")) in commands


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_rows_of_a_page_have_the_same_name(language: str) -> None:
    for page in StaffPage:
        state, _ = touched(unlocked(kiosk(3, 3)), StaffTab(page))
        shown = staff(state, BackendFacts(), Translator(language))
        assert shown is not None
        labels = [row.label for row in shown.rows]
        assert len(set(labels)) == len(labels), page


def test_the_page_of_buttons_counts_short_changes_and_warns_of_bad_wires() -> None:
    state, _ = touched(inside(kiosk(3, 3)), StaffTab(StaffPage.BUTTONS))
    state = replace(state, inputs=state.inputs.assign("gpio:17", 0).assign("gpio:27", 1))
    state, _ = run(state, *edges("gpio:17", bounces=2), *edges("gpio:27", ghosts=4), *edges("gpio:22", ghosts=5))
    first, second = rows(state)["apple"], rows(state)["cup"]
    assert first.value.endswith("gpio:17 (ghosts: 0, bounces: 2, presses: 1)")
    assert second.value.endswith("gpio:27 (ghosts: 4, bounces: 0, presses: 0)")
    assert (first.warning, second.warning) == (False, False)
    assert rows(state)["gpio:22"].value == "ghosts: 5, bounces: 0, presses: 0"  # means nothing, and stands out
    state, _ = run(state, *edges("gpio:27", ghosts=1))
    assert rows(state)["cup"].warning
    came_up = [ev.InputStuck("gpio:4"), *(ev.PinChanged("gpio:4", up, 6 + 0.001 * n) for n, up in enumerate((0, 1, 0)))]
    state, _ = run(state, *came_up, ev.TimePassed(7.0), ev.TimePassed(7.1))
    assert "gpio:4" not in rows(state)  # held at the start: it bounced as it came up, and was never pressed


def test_the_pages_name_the_demonstration_camera_in_the_current_language() -> None:
    state = replace(inside(replace(kiosk(3, 3), camera="demonstration")), language="de")
    for page, label in ((StaffPage.CAMERA, "Jetzt"), (StaffPage.SYSTEM, "Kamera")):
        state, _ = touched(state, StaffTab(page))
        shown = staff(state, BackendFacts(), Translator("de"))
        assert shown is not None
        assert {row.label: row.value for row in shown.rows}[label] == "Vorführung"


def rows(state: KioskState) -> dict[str, Setting]:
    shown = staff(state, BackendFacts(), Translator("en"))
    assert shown is not None
    return {row.label: row for row in shown.rows}


def edges(source: str, ghosts: int = 0, bounces: int = 0) -> list[ev.Event]:
    """Short changes of a pin; bounces are followed by a press."""
    happened: list[ev.Event] = []
    for number in range(ghosts + bounces):
        at_s = number * (0.1 if ghosts else 0.002)
        happened += [ev.PinChanged(source, True, at_s), ev.PinChanged(source, False, at_s + 0.001)]
    if bounces:
        happened += [ev.PinChanged(source, True, at_s + 0.002)]
    return [*happened, ev.TimePassed(5.0), ev.TimePassed(5.1)]


def test_staff_type_the_number_of_a_visitors_model_to_copy_it_and_only_behind_the_pin() -> None:
    state = unlocked(kiosk(3, 3))
    state, _ = run(state, ev.SystemLooked(saved=(17, 3)))
    state, commands = touched(state, ScreenKey.COPY_SAVED, LetterKey("4"), TypingKey.DONE)
    assert (str(state.typing.problem), state.typing.text) == ("There is no model with the number 4 here.", "")
    assert [one for one in commands if isinstance(one, ev.CopySaved)] == []
    state, commands = touched(state, LetterKey("1"), LetterKey("7"), TypingKey.DONE)
    assert (state.typing, commands) == (None, [ev.CopySaved(17)])
    without, _ = run(inside(kiosk(3, 3)), ev.SystemLooked(saved=(17, 3)))
    assert touched(without, ScreenKey.COPY_SAVED)[0].typing is None
    none_kept, _ = run(unlocked(kiosk(3, 3)), ev.SystemLooked())
    assert touched(none_kept, ScreenKey.COPY_SAVED)[0].typing is None
