"""More settings on the staff pages: texts, starter, target, what visitors may do, and settings of another kiosk."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.base.buttons import (
    Action,
    Button,
    ClassGallery,
    ScreenKey,
    SettingStep,
    SettingText,
    StaffPage,
    StaffTab,
    TypingKey,
)
from app.base.i18n import LANGUAGES
from app.config.class_names import class_names
from app.config.schema import Config
from app.core import events as ev
from app.core.facts import ModelFacts, TaughtClass
from app.core.modes.permissions import languages
from app.core.modes.settings import CHOICES, OWN_STARTER, Choice
from app.core.state import KioskState, Mode
from app.model.observation import NOTHING_SEEN
from app.views.input_names import input_name
from app.views.model import KioskView, Setting
from app.views.present import HOLD_STEPS, Surroundings, present
from app.views.staff import BackendFacts, staff
from app.views.words import Translator
from tests.support.settings import changed
from tests.support.staff import inside, touched, unlocked
from tests.support.states import MODEL_WITH_RESULTS, kiosk, run


def shown(state: KioskState) -> KioskView:
    return present(state, None, NOTHING_SEEN, Surroundings())


def rows(state: KioskState, page: StaffPage) -> dict[str, Setting]:
    opened, _ = touched(state, StaffTab(page))
    made = staff(opened, BackendFacts(), Translator("en"))
    assert made is not None
    return {row.label: row for row in made.rows}


def with_settings(state: KioskState, **changes: object) -> KioskState:
    return replace(state, config=changed(state.config, {f"visitors.{name}": value for name, value in changes.items()}))


# --- texts ----------------------------------------------------------------------------------------------


def typed(state: KioskState, name: str, text: str) -> tuple[KioskState, list[ev.Command]]:
    state, _ = touched(state, SettingText(name))
    return run(state, ev.CharacterTyped(text), ev.TypingEdited(TypingKey.DONE))


def test_staff_type_whom_to_call_and_the_row_says_it() -> None:
    state, commands = typed(unlocked(kiosk(0, 0)), "staff.contact", "the desk, phone 12")
    assert ev.ChangeSettings((("staff.contact", "the desk, phone 12"),)) in commands
    assert rows(state, StaffPage.VISITS)["Whom to call"].value == "the desk, phone 12"
    assert rows(unlocked(kiosk(0, 0)), StaffPage.VISITS)["Whom to call"].value == "nobody"


def test_a_text_can_be_emptied() -> None:
    state, _ = typed(unlocked(kiosk(0, 0)), "staff.contact", "desk")
    state, _ = touched(state, SettingText("staff.contact"), TypingKey.BACKSPACE, TypingKey.DONE)
    assert (state.typing, state.config.staff.contact) == (None, "")


def test_the_folder_for_save_takes_a_whole_path() -> None:
    state, commands = typed(unlocked(kiosk(0, 0)), "storage.export_dir", "Models")
    assert state.typing is not None
    assert str(state.typing.problem) == "Write the whole path, such as /home/kiosk/Models."
    assert not [one for one in commands if isinstance(one, ev.ChangeSettings)]
    state, _ = typed(unlocked(kiosk(0, 0)), "storage.export_dir", "/srv/models")
    assert (state.typing, state.config.storage.export_dir) == (None, "/srv/models")


@pytest.mark.parametrize("name", ["staff.contact", "storage.export_dir", "staff.pin", "no.setting"])
def test_without_a_pin_no_text_can_be_changed(name: str) -> None:
    assert touched(inside(kiosk(0, 0)), SettingText(name))[0].typing is None


def test_no_other_setting_can_be_typed() -> None:
    assert touched(unlocked(kiosk(0, 0)), SettingText("staff.pin"))[0].typing is None


# --- values ---------------------------------------------------------------------------------------------


def test_the_most_pictures_of_a_class_hold_at_once() -> None:
    state, _ = touched(unlocked(kiosk(20, 3)), *[SettingStep("classes.max_shots", -1)] * 4)
    assert state.config.classes.max_shots == 20 == state.timing.max_shots
    state, commands = touched(replace(state, mode=Mode.TEACH), 0)
    assert not [one for one in commands if isinstance(one, ev.AddSample)]


def test_the_target_fills_the_rings_at_once() -> None:
    state, _ = touched(unlocked(kiosk(10, 3)), *[SettingStep("classes.target_shots", -1)] * 2)
    assert state.config.classes.target_shots == 12
    assert shown(replace(state, mode=Mode.TEACH)).cards[0].ring == pytest.approx(10 / 12)


def test_another_starter_answers_at_once_while_nothing_is_taught() -> None:
    state = replace(unlocked(kiosk(0, 0)), starter=ModelFacts(("a", "b"), 0.5))
    state, commands = touched(state, SettingStep("idle.starter", 1))
    assert (state.config.idle.starter, state.starter) == ("demo", None)
    assert [one for one in commands if isinstance(one, ev.DropStarter | ev.LoadStarter)] == [
        ev.DropStarter(),
        ev.LoadStarter(),
    ]
    _, commands = touched(unlocked(kiosk(3, 0)), SettingStep("idle.starter", 1))
    assert ev.LoadStarter() not in commands


def test_the_model_of_this_session_becomes_the_starter() -> None:
    state = replace(unlocked(kiosk(3, 3)), model=MODEL_WITH_RESULTS)
    state, commands = touched(state, StaffTab(StaffPage.SESSIONS), ScreenKey.MAKE_STARTER)
    assert ev.MakeStarter() in commands
    state, commands = run(state, ev.StarterMade())
    assert ev.ChangeSettings((("idle.starter", OWN_STARTER),)) in commands
    assert rows(state, StaffPage.VISITS)["Answers before teaching"].value == "a session from here"
    assert rows(state, StaffPage.SESSIONS)["This session"].value == "answers before teaching"


@pytest.mark.parametrize("change", [{"model": None}, {"shown_from": "STICK"}, {"config": Config()}])
def test_without_a_model_of_its_own_or_a_pin_nothing_becomes_the_starter(change: dict[str, object]) -> None:
    state = replace(unlocked(kiosk(3, 3)), **{"model": MODEL_WITH_RESULTS, **change})
    assert ev.MakeStarter() not in touched(state, ScreenKey.MAKE_STARTER)[1]
    assert rows(state, StaffPage.SESSIONS).get("This session", Setting("")).press is None


# --- what visitors may do -------------------------------------------------------------------------------

TAUGHT = replace(kiosk(3, 3, mode=Mode.LIVE, model=MODEL_WITH_RESULTS))


@pytest.mark.parametrize(
    ("name", "button"),
    [
        ("save", Action.SAVE),
        ("undo", Action.UNDO),
        ("reset", Action.RESET),
        ("why", Action.WHY),
        ("results", Action.RESULTS),
        ("gallery", Action.GALLERY),
        ("gallery", ClassGallery(0)),
    ],
)
def test_what_is_off_has_no_button_and_a_press_says_so(name: str, button: Button) -> None:
    def offered(state: KioskState) -> set[object]:
        view = shown(state)
        keys = {key.button for key in (*view.actions, *view.picture_keys)}
        return keys | {card.gallery for card in view.cards}

    locked = with_settings(TAUGHT, **{name: False})
    assert button in offered(TAUGHT) or button is Action.GALLERY
    assert button not in offered(locked)
    after, commands = run(locked, ev.ButtonPressed(button))
    assert after.mode is Mode.LIVE
    assert after.notice is not None
    assert str(after.notice.text) == "This button is switched off here."
    assert commands == [ev.PlaySound("refused")]
    free, _ = run(TAUGHT, ev.ButtonPressed(button))
    assert free.notice is None or str(free.notice.text) != "This button is switched off here."


def test_reset_still_leaves_a_model_that_is_shown_from_a_drive() -> None:
    state = with_settings(replace(TAUGHT, shown_from="STICK"), reset=False)
    assert Action.RESET in {key.button for key in shown(state).actions}
    assert ev.EndShow() in run(state, ev.ButtonPressed(Action.RESET))[1]


def test_visitors_choose_among_the_languages_that_staff_left_them() -> None:
    state = with_settings(kiosk(0, 0), languages=("fr", "tr"))
    said = []
    for _ in range(4):
        state, _ = run(state, ev.ButtonPressed(Action.LANGUAGE))
        said.append(state.language)
    assert languages(state) == ("en", "fr", "tr")
    assert said == ["fr", "tr", "en", "fr"]


def test_with_one_language_there_is_no_key_for_it() -> None:
    state = with_settings(kiosk(0, 0), languages=())
    assert shown(kiosk(0, 0)).language is not None
    assert shown(state).language is None
    assert run(state, ev.ButtonPressed(Action.LANGUAGE))[0].language == "en"


def test_staff_switch_a_language_off_but_never_that_of_the_station() -> None:
    state = unlocked(kiosk(0, 0))
    state, commands = touched(state, SettingStep("visitors.languages.fr", -1))
    left = tuple(one for one in LANGUAGES if one != "fr")
    assert ev.ChangeSettings((("visitors.languages", left),)) in commands
    page = rows(state, StaffPage.VISITORS)
    assert (page["Français"].on, page["Deutsch"].on) == (False, True)
    assert (page["English"].less, page["English"].more) == (None, None)
    state, _ = touched(state, SettingStep("visitors.languages.en", -1))
    assert "en" in state.config.visitors.languages


@pytest.mark.parametrize("choice", [one for one in CHOICES if one.page is StaffPage.VISITORS], ids=lambda one: one.name)
def test_without_a_pin_nobody_takes_a_button_or_a_language_from_later_visitors(choice: Choice) -> None:
    state = inside(with_settings(kiosk(0, 0), undo=False, languages=("en", "fr")))
    page = rows(state, StaffPage.VISITORS)
    assert (page["Changes"].value, page["Changes"].warning) == ("only with a PIN", True)
    assert (page["Undo"].on, page["Save"].on, page["Deutsch"].on) == (False, True, False)  # what was stored holds
    assert not [row.label for row in page.values() if row.less or row.more or row.press]
    for step in (-1, 1):
        after, commands = touched(state, StaffTab(StaffPage.VISITORS), SettingStep(choice.name, step))
        assert after.config == state.config
        assert not [one for one in commands if isinstance(one, ev.ChangeSettings)]


def test_with_a_pin_the_page_of_visitors_says_nothing_about_one() -> None:
    assert "Changes" not in rows(unlocked(kiosk(0, 0)), StaffPage.VISITORS)


# --- settings of another kiosk, hold, names of keys -----------------------------------------------------


def test_settings_of_another_station_hold_at_once_and_are_kept() -> None:
    state = unlocked(kiosk(0, 0))
    assert ev.ImportSettings() in touched(state, ScreenKey.IMPORT_SETTINGS)[1]
    changes = (("screen.palette", "night"), ("inputs.train", ("key:x",)), ("classes.max_shots", 50))
    state, commands = run(state, ev.SettingsRead(changes))
    assert ev.ChangeSettings(changes) in commands
    assert (state.config.screen.palette, state.timing.max_shots) == ("night", 50)
    assert state.inputs.map.button_of("key:x") is Action.TRAIN
    assert state.notice is not None
    assert str(state.notice.text) == "3 settings were changed. Some need a restart."


def test_the_colours_of_another_station_give_taught_classes_their_names_and_its_class_names_do_not() -> None:
    classes = tuple(TaughtClass(name, 3) for name in ("Red", "Ada"))
    state = unlocked(kiosk(3, 3))
    names = replace(state.config.classes, labels=("", ""))
    state = replace(state, classes=classes, config=replace(state.config, classes=names))
    changes = (("screen.palette", "distinct"), ("classes.labels", ("dog", "cat")))
    state, commands = run(state, ev.SettingsRead(changes))
    first = class_names(("", ""), "en", "distinct")[0]
    assert first != "Red"
    assert state.labels == (first, "Ada")
    assert ev.NameClasses(state.labels) in commands


def test_without_a_pin_settings_are_neither_written_nor_read() -> None:
    for key in (ScreenKey.IMPORT_SETTINGS, ScreenKey.EXPORT_SETTINGS):
        assert touched(inside(kiosk(0, 0)), key)[1] == []


def test_a_ring_fills_while_the_corner_is_held() -> None:
    state, shares = run(kiosk(0, 0), ev.ButtonPressed(ScreenKey.CORNER), ev.TimePassed(10.0))[0], []
    for tenth in range(30):
        state, _ = run(state, ev.TimePassed(10.0 + tenth / 10))
        shares.append(shown(state).staff_hold)
    assert shares[:4] == [None] * 4
    assert shares[5:] == sorted(shares[5:])
    assert shares[15] == round(0.5 * HOLD_STEPS) / HOLD_STEPS
    state, _ = run(state, ev.ButtonReleased(ScreenKey.CORNER), ev.TimePassed(12.95))
    assert shown(state).staff_hold is None


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("key:kp_1", "number pad 1"),
        ("key:kp_enter", "number pad ↵"),
        ("key:return", "Enter"),
        ("key:space", "Space bar"),
        ("key:left", "←"),
        ("key:t", "T"),
        ("key:f11", "F11"),
        ("key:code_1073741900", "key number 1073741900"),
        ("pad:0:button:3", "game pad 1, button 4"),
        ("pad:1:hat:0:up", "game pad 2, cross ↑"),
        ("pad:0:axis:1+", "game pad 1, stick 1+"),
        ("gpio:17", "gpio:17"),
        ("strange", "strange"),
    ],
)
def test_inputs_have_readable_names(source: str, name: str) -> None:
    assert str(input_name(source)) == name


def test_settings_that_are_on_or_off_are_switches_and_others_have_arrows() -> None:
    page = rows(unlocked(kiosk(0, 0)), StaffPage.CAMERA)
    assert (page["Like a mirror"].on, page["Zoom"].on) == (True, None)


def test_the_rows_of_the_classes_stay_where_they_are_when_their_number_changes() -> None:
    places = set()
    state = unlocked(kiosk(0, 0))
    for _ in range(4):
        made = staff(state, BackendFacts(), Translator("en"))
        assert made is not None
        places.add(made.places)
        state, _ = touched(state, SettingStep("classes.number", 1))
    assert len(places) == 1


def test_the_page_of_the_camera_shows_its_picture() -> None:
    opened, _ = touched(unlocked(kiosk(0, 0)), StaffTab(StaffPage.CAMERA))
    made = staff(opened, BackendFacts(), Translator("en"))
    assert made is not None
    assert made.preview


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("rtsp://me:se/cret@10.0.0.7/live", "10.0.0.7"),
        ("rtsp://[bad/live", "rtsp"),
        ("/data/films/cats.avi", "cats.avi"),
    ],
)
def test_the_row_of_the_camera_shows_any_address_and_no_password(source: str, name: str) -> None:
    (camera,) = (one for one in CHOICES if one.name == "camera.source")
    assert camera.words(source) == name
