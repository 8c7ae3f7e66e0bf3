"""The cursor: staff pages, typing, gallery and results operated with the box alone, or with arrow keys."""

from __future__ import annotations

from dataclasses import replace

import pygame
import pytest

from app.base.buttons import (
    Action,
    Button,
    ClassName,
    LearnInput,
    LetterKey,
    MatrixCell,
    OnScreen,
    PowerKey,
    ScreenKey,
    SettingStep,
    StaffPage,
    StaffTab,
    StoredPicture,
    TypingKey,
)
from app.base.picture import Picture
from app.config.checks import PALETTES
from app.config.schema import Config
from app.core import events as ev
from app.core.facts import TrainedFacts
from app.core.modes.cursor import current_target, targets
from app.core.presses import inputs_of
from app.core.state import KioskState, Mode
from app.model.observation import NOTHING_SEEN
from app.ui import screens
from app.views.lamps import OFF, lamps
from app.views.model import KioskView, Results
from app.views.present import Surroundings, present
from tests.support.states import MODEL_WITH_RESULTS, PICTURE, kiosk, run

HOLD_S = Config().staff.hold_s
REPORT = {"curve": [], "confusion": [[2, 0], [1, 1]], "wrong": [], "held_out": []}
MODEL = TrainedFacts(0.9, 0.5, (3, 3), REPORT, validation_from="holds")


def pressed(state: KioskState, *buttons: Button) -> tuple[KioskState, list[ev.Command]]:
    """Tap the buttons one after the other."""
    return run(state, *(one for button in buttons for one in (ev.ButtonPressed(button), ev.ButtonReleased(button))))


def opened(pin: str = "") -> KioskState:
    """The staff pages, or the number pad for the PIN, opened with the two buttons."""
    state = kiosk(3, 3)
    state = replace(state, config=replace(state.config, staff=replace(state.config.staff, pin=pin)))
    state, _ = run(
        state, ev.ButtonPressed(Action.RESET), ev.ButtonPressed(Action.UNDO), ev.TimePassed(1.0),
        ev.TimePassed(1.0 + HOLD_S), ev.ButtonReleased(Action.RESET), ev.ButtonReleased(Action.UNDO),
    )  # fmt: skip
    assert state.mode is Mode.STAFF
    return state


def unlocked() -> KioskState:
    """The staff pages after the right PIN was typed."""
    keys = (ev.CharacterTyped("2580"), ev.TypingEdited(TypingKey.DONE))
    state, _ = run(opened("2580"), *keys)
    assert state.staff.inside
    return state


def led_to(state: KioskState, wanted: Button) -> KioskState:
    """Move the cursor to a target with the second class button alone."""
    for _ in targets(state):
        if current_target(state) == wanted:
            return state
        state, commands = pressed(state, 1)
        assert commands == []
    pytest.fail(f"{wanted} is never reached")


def shown(state: KioskState) -> KioskView:
    return present(state, None, NOTHING_SEEN, Surroundings())


def test_everything_on_every_staff_page_is_reached_and_drawn_where_the_cursor_is() -> None:
    state = unlocked()
    for page in StaffPage:
        assert state.staff.page == page
        seen = set()
        for _ in targets(state):
            seen.add(current_target(state))
            assert shown(state).focus == current_target(state)
            state, _ = run(state, ev.InputPressed("key:down"), ev.InputReleased("key:down"))
        assert seen == set(targets(state))
        state, _ = run(state, ev.InputPressed("key:tab"), ev.InputReleased("key:tab"))
    assert state.staff.page == StaffPage.CLASSES


def test_a_class_is_renamed_with_the_buttons_of_the_box_alone() -> None:
    state, _ = pressed(led_to(opened(), ClassName(1)), Action.TRAIN)
    assert state.typing is not None
    state, _ = pressed(state, *[Action.UNDO] * 3)
    for letter in "dog":
        state, _ = pressed(led_to(state, LetterKey(letter)), Action.TRAIN)
    state, commands = pressed(state, Action.SAVE)
    assert (state.labels, state.typing) == (("apple", "Dog"), None)
    assert ev.NameClasses(("apple", "Dog")) in commands


def test_the_pin_is_written_with_the_buttons_of_the_box_alone() -> None:
    state = opened(pin="2580")
    for digit in "2580":
        state, _ = pressed(led_to(state, LetterKey(digit)), Action.TRAIN)
    state, _ = pressed(state, Action.SAVE)
    assert state.staff.inside
    outside, _ = pressed(opened(pin="2580"), Action.RESET)
    assert (outside.mode, outside.staff.inside) == (Mode.TEACH, False)


def test_a_setting_is_changed_pages_are_turned_and_reset_leaves() -> None:
    state, _ = pressed(opened(), Action.SAVE, Action.SAVE)
    assert state.staff.page is StaffPage.SCREEN
    state, commands = pressed(led_to(state, SettingStep("screen.language", 1)), Action.TRAIN)
    assert (state.language, ev.ChangeSettings((("screen.language", "de"),)) in commands) == ("de", True)
    state, _ = pressed(state, Action.RESET)
    assert (state.mode, state.cursor) == (Mode.TEACH, None)


@pytest.mark.parametrize(
    ("page", "name", "values"),
    [
        (StaffPage.SCREEN, "screen.palette", [*PALETTES[1:], PALETTES[-2]]),
        (StaffPage.CAMERA, "camera.rotation", [90, 180, 270, 180]),
    ],
)
def test_train_on_an_arrow_repeats_and_turns_to_the_opposite_arrow_at_the_end(
    page: StaffPage, name: str, values: list[object]
) -> None:
    state, _ = pressed(opened(), *[Action.SAVE] * list(StaffPage).index(page))
    state = led_to(state, SettingStep(name, 1))
    found: list[object] = []
    for _ in values:
        state, _ = pressed(state, Action.TRAIN)
        section, _, key = name.partition(".")
        found.append(getattr(getattr(state.config, section), key))
    assert found == values
    assert current_target(state) == SettingStep(name, -1)


def test_a_held_button_moves_the_cursor_until_it_is_released() -> None:
    state, _ = run(opened(), ev.ButtonPressed(1))
    started_s, first = state.now_s, state.cursor
    for tick in range(1, 61):
        state, _ = run(state, ev.TimePassed(started_s + tick / 60))
    assert state.cursor == first + 4  # from half a second on, every 0.12 s, by ticks of a 60th
    state, _ = run(state, ev.ButtonReleased(1), ev.TimePassed(started_s + 3.0))
    assert state.cursor == first + 4


def test_the_first_button_moves_backwards_and_wraps_around() -> None:
    state = opened()
    assert (state.cursor, len(targets(state)) > 5) == (0, True)
    state, _ = pressed(state, 0)
    assert current_target(state) == targets(state)[-1]
    state, _ = pressed(state, 1)
    assert state.cursor == 0


def test_by_touch_there_is_no_cursor_and_the_usual_hint() -> None:
    state, _ = run(kiosk(3, 3), ev.ButtonPressed(ScreenKey.CORNER), ev.TimePassed(1.0), ev.TimePassed(1.0 + HOLD_S))
    view = shown(state)
    assert (state.mode, view.focus) == (Mode.STAFF, None)
    assert view.staff is not None
    assert view.staff.hint.startswith("No PIN is set")
    by_button = shown(opened()).staff
    assert by_button is not None
    assert by_button.hint == "Buttons 1 and 2: move · TRAIN: choose · SAVE: next page · RESET: back"


def hint(state: KioskState) -> str:
    view = shown(state)
    if view.typing is not None:
        return view.typing.hint
    (page,) = [one for one in (view.staff, view.gallery, view.results) if one is not None]
    return page.note if isinstance(page, Results) else page.hint


def keyed(state: KioskState, *names: str) -> KioskState:
    for name in names:
        state, _ = run(state, ev.InputPressed(f"key:{name}"), ev.InputReleased(f"key:{name}"))
    return state


def test_the_hint_names_keys_after_a_key_and_buttons_after_a_press_on_the_box() -> None:
    state = keyed(kiosk(3, 2, mode=Mode.LIVE, model=MODEL), "g")
    assert hint(state) == "Arrow keys: move · Enter: take out · Tab: next thing · Esc: back"
    state = replace(state, inputs=state.inputs.assign("gpio:17", 1))
    state, _ = run(state, ev.InputPressed("gpio:17"), ev.InputReleased("gpio:17"))
    assert hint(state) == "Buttons 1 and 2: move · TRAIN: take out · SAVE: next thing · RESET: back (erases nothing)"
    assert hint(keyed(state, "left")).startswith("Arrow keys: move")


def test_every_page_names_its_keys() -> None:
    assert hint(keyed(kiosk(3, 3, mode=Mode.LIVE, model=MODEL), "e")) == "Arrow keys: move · Enter: choose · Esc: back"
    state = keyed(unlocked(), "down")
    assert hint(state) == "Arrow keys: move · Enter: choose · Tab: next page · Esc: back"
    typing = keyed(led_to(state, ClassName(0)), "return")
    assert hint(typing) == "Type a new name, or press the right arrow to change this one. Enter: done · Esc: cancel"
    assert hint(run(typing, ev.TypingEdited(TypingKey.FIELD))[0]) == "Enter: done · Esc: cancel"
    buttons = keyed(state, *["tab"] * list(StaffPage).index(StaffPage.BUTTONS))
    assert hint(buttons).endswith("Arrow keys: move · Enter: assign · Esc: back")
    assert keyed(buttons, "escape").mode is Mode.TEACH
    system = keyed(state, *["tab"] * list(StaffPage).index(StaffPage.SYSTEM))
    power = keyed(led_to(system, PowerKey.SHUT_DOWN), "return")
    asked = shown(power).question
    assert asked is not None
    assert (asked.text, [key.key for key in asked.answers]) == ("What you taught is kept.", ["N", "Y"])


def test_a_key_assigned_in_the_settings_is_a_button_of_the_box() -> None:
    state = opened()
    inputs = replace(state.config.inputs, class_2=("key:2",), train=("key:f5",))
    config = replace(state.config, inputs=inputs)
    state = replace(state, config=config, inputs=inputs_of(config))
    assert hint(keyed(state, "2")).startswith("Buttons 1 and 2: move")
    assert hint(keyed(state, "right")).startswith("Arrow keys: move")
    assert keyed(led_to(state, ClassName(0)), "return").typing is not None  # Return, though TRAIN is F5


def test_train_confirms_switching_off_but_the_press_that_asked_does_not() -> None:
    state, _ = pressed(unlocked(), *[Action.SAVE] * (len(list(StaffPage)) - 2))  # to the page of buttons
    assert state.staff.page is StaffPage.BUTTONS
    state, _ = run(state, ev.InputPressed("key:tab"), ev.InputReleased("key:tab"))
    state, _ = run(state, ev.InputPressed("key:tab"), ev.InputReleased("key:tab"))
    state, _ = run(state, ev.InputPressed("gpio:17"), ev.InputReleased("gpio:17"))  # the box again
    state, _ = pressed(led_to(state, PowerKey.SHUT_DOWN), Action.TRAIN)
    assert state.staff.asked is PowerKey.SHUT_DOWN
    asked = shown(state).question
    assert asked is not None
    assert asked.text == "What you taught is kept. TRAIN: yes · any other button: no"
    state, commands = pressed(state, Action.TRAIN)
    assert commands == []
    state, _ = run(state, ev.TimePassed(state.now_s + 1.0))
    assert pressed(state, Action.TRAIN)[1] == [ev.PowerOff(restart=False)]
    assert pressed(state, 0)[1] == []
    assert pressed(state, 0)[0].staff.asked is None


def test_the_page_of_buttons_is_left_by_the_two_that_opened_the_pages() -> None:
    state, _ = run(opened(), ev.ButtonPressed(StaffTab(StaffPage.BUTTONS)))
    shown_hint = shown(state).staff
    assert shown_hint is not None
    assert shown_hint.hint.endswith("To leave, hold the two buttons that led here.")
    held = (ev.ButtonPressed(Action.RESET), ev.ButtonPressed(Action.UNDO), ev.TimePassed(20.0))
    state, _ = run(state, *held, ev.TimePassed(20.0 + HOLD_S - 0.1))
    assert state.mode is Mode.STAFF
    state, _ = run(state, ev.TimePassed(20.0 + HOLD_S + 0.1), ev.TimePassed(40.0))
    assert state.mode is Mode.TEACH


def test_return_starts_to_assign_an_input_on_the_page_of_buttons() -> None:
    state, _ = run(opened(), ev.ButtonPressed(StaffTab(StaffPage.BUTTONS)))
    state, _ = run(state, ev.InputPressed("key:down"), ev.InputReleased("key:down"))
    state, _ = run(state, ev.InputPressed("key:return"), ev.InputReleased("key:return"))
    assert state.staff.listening == 1
    state, _ = run(state, ev.InputPressed("key:up"))
    assert state.inputs.map.button_of("key:up") == 1  # an arrow is learned as well as any other key


def gallery() -> KioskState:
    state, commands = pressed(kiosk(3, 2, mode=Mode.LIVE, model=MODEL), Action.GALLERY)
    assert commands == [ev.LoadGallery(0, 0, 18)]
    return run(state, ev.GalleryLoaded(((7, PICTURE), (6, PICTURE), (5, PICTURE))))[0]


def arrows(state: KioskState, *names: str, size: tuple[int, int] = (1280, 720)) -> KioskState:
    """Press arrow keys, with what is ahead on the drawn screen, as the keyboard device reports them."""
    for name in names:
        step = {"up": -1, "down": 1}.get(name)
        there = None if step is None else screens.ahead(shown(state), size, step)
        ahead = None if there is None else tuple(one for one in there if isinstance(one, int | Action | OnScreen))
        source = f"key:{name}"
        state, commands = run(state, ev.InputPressed(source, ahead), ev.InputReleased(source))
        assert commands == []
    return state


def full_gallery(count: int = 15) -> KioskState:
    state, _ = pressed(kiosk(count, 2, mode=Mode.LIVE, model=MODEL), Action.GALLERY)
    pictures = tuple((number, Picture(("gallery", number), PICTURE.pixels)) for number in range(count))
    return run(state, ev.GalleryLoaded(pictures))[0]


@pytest.fixture
def fonts() -> None:
    pygame.font.init()


@pytest.mark.usefixtures("fonts")
def test_arrows_up_and_down_move_by_a_row_of_the_gallery_and_the_others_by_one() -> None:
    state = full_gallery()  # drawn as three rows of five
    assert current_target(state) == StoredPicture(0)
    assert current_target(arrows(state, "right", "right")) == StoredPicture(2)
    assert current_target(arrows(state, "right", "right", "down")) == StoredPicture(7)
    assert current_target(arrows(state, "right", "right", "down", "down", "up", "left")) == StoredPicture(6)


@pytest.mark.usefixtures("fonts")
def test_arrows_stay_at_the_ends() -> None:
    state = full_gallery()
    assert current_target(arrows(state, "left")) == current_target(arrows(state, "up")) == StoredPicture(0)
    end = arrows(state, *["right"] * 40)
    assert current_target(end) == targets(state)[-1]
    assert current_target(arrows(state, *["down"] * 9)) == ScreenKey.BACK
    assert current_target(arrows(state, *["down"] * 9, "up")) == StoredPicture(10)


@pytest.mark.usefixtures("fonts")
def test_an_arrow_down_from_beyond_a_short_last_row_goes_to_its_last_picture() -> None:
    state = arrows(full_gallery(16), *["right"] * 11)  # at the end of the second row of six; the third has four
    assert current_target(arrows(state, "down")) == StoredPicture(15)
    assert current_target(arrows(state, "down", "up")) == StoredPicture(9)


@pytest.mark.usefixtures("fonts")
def test_an_arrow_down_goes_to_the_arrow_or_switch_of_the_next_setting() -> None:
    state, _ = pressed(unlocked(), *[Action.SAVE] * list(StaffPage).index(StaffPage.VISITORS))
    state = led_to(state, SettingStep("visitors.save", -1))
    assert current_target(arrows(state, "down", "up")) == SettingStep("visitors.save", -1)
    state, _ = run(state, ev.ButtonPressed(SettingStep("visitors.save", -1)))
    state = led_to(state, SettingStep("visitors.save", 1))
    assert current_target(arrows(state, "down")) == SettingStep("visitors.undo", -1)


def test_pictures_are_taken_out_of_a_gallery_and_brought_back_with_the_buttons_of_the_box() -> None:
    state, commands = pressed(led_to(gallery(), StoredPicture(6)), Action.TRAIN)
    assert commands == [ev.RemoveSample(6)]
    state, _ = run(state, ev.SamplesRemoved(0, (6,)))
    state, _ = run(state, ev.GalleryLoaded(((7, PICTURE), (5, PICTURE))))
    assert current_target(state) == StoredPicture(5)  # the next one took its place
    state, commands = pressed(state, Action.UNDO)
    assert commands == [ev.RestoreSamples(0)]


def test_save_shows_the_next_class_that_has_pictures_and_reset_leaves() -> None:
    state, commands = pressed(gallery(), Action.SAVE)
    assert (state.gallery.class_index, commands) == (1, [ev.LoadGallery(1, 0, 18)])
    state, _ = pressed(state, Action.RESET)
    assert (state.mode, state.cursor) == (Mode.LIVE, None)
    nothing, _ = pressed(kiosk(0, 0), Action.GALLERY)
    assert nothing.notice is not None
    assert str(nothing.notice.text) == "There are no pictures yet."


def test_the_results_are_operated_with_the_buttons_of_the_box() -> None:
    state, _ = pressed(kiosk(3, 3, mode=Mode.LIVE, model=MODEL), Action.RESULTS)
    state, _ = pressed(led_to(state, MatrixCell(1, 0)), Action.TRAIN)
    assert state.results.cell == MatrixCell(1, 0)
    assert pressed(state, Action.RESET)[0].mode is Mode.LIVE


def test_nothing_that_the_box_does_elsewhere_happens_on_these_pages() -> None:
    state, commands = pressed(gallery(), 2, Action.TRAIN, Action.RESET)
    assert not any(
        isinstance(one, ev.AddSample | ev.StartTraining | ev.StartSaving | ev.EraseSession) for one in commands
    )
    assert state.mode is Mode.LIVE


def test_the_cursor_disappears_with_its_page() -> None:
    state = opened()
    state = replace(state, config=replace(state.config, idle=replace(state.config.idle, after_s=30.0)))
    state, _ = run(state, ev.TimePassed(state.now_s + 31.0), ev.TimePassed(state.now_s + 31.1))
    assert (state.mode is not Mode.STAFF, state.cursor) == (True, None)


def test_the_lamps_of_the_cursor_buttons_are_lit_except_on_the_page_that_tests_buttons() -> None:
    lit = lamps(shown(opened()))
    assert {button for button, light in lit.items() if light > OFF} == {0, 1, Action.TRAIN, Action.SAVE, Action.RESET}
    testing, _ = run(opened(), ev.ButtonPressed(StaffTab(StaffPage.BUTTONS)))
    assert not any(lamps(shown(testing)).values())


def test_a_class_button_that_is_held_while_a_page_opens_moves_nothing_until_it_is_pressed_again() -> None:
    state, _ = run(kiosk(3, 2, mode=Mode.LIVE, model=MODEL), ev.TimePassed(9.0), ev.ButtonPressed(1))
    state, _ = run(state, ev.ButtonPressed(Action.GALLERY))
    for now_s in (20.0, 21.0):
        state, _ = run(state, ev.TimePassed(now_s))
        assert (state.mode, state.cursor) == (Mode.GALLERY, 0)
    state, _ = run(state, ev.ButtonReleased(1), ev.ButtonPressed(1))
    assert state.cursor == 1


def test_holding_the_two_staff_buttons_undoes_nothing_on_any_page() -> None:
    """RESET leaves the page at once, so UNDO is pressed while teaching."""
    state, commands = run(opened(), ev.ButtonPressed(Action.RESET), ev.ButtonPressed(Action.UNDO))
    assert (state.mode, ev.UndoLastAct() in commands) == (Mode.TEACH, False)
    state, _ = run(state, ev.ButtonReleased(Action.UNDO), ev.ButtonReleased(Action.RESET))
    assert pressed(state, Action.UNDO)[1] == [ev.UndoLastAct()]


def test_on_a_page_that_became_shorter_the_cursor_is_on_its_last_target() -> None:
    state = opened()
    last = len(targets(state)) - 1
    for index in (last, last + 1, last + 5):
        assert current_target(replace(state, cursor=index)) == targets(state)[-1]
    before_last, _ = pressed(replace(state, cursor=last + 5), 0)
    assert current_target(before_last) in targets(state)


@pytest.mark.parametrize("key", ["key:tab", "key:down"])
def test_a_key_that_is_being_assigned_turns_no_page_and_moves_nothing(key: str) -> None:
    state, _ = pressed(unlocked(), StaffTab(StaffPage.BUTTONS), LearnInput(0))
    assert state.staff.listening == 0
    cursor = state.cursor
    state, _ = run(state, ev.InputPressed(key))
    assert (state.staff.page, state.staff.listening, state.cursor) == (StaffPage.BUTTONS, None, cursor)
    assert state.inputs.map.button_of(key) == 0


@pytest.mark.parametrize("touched", [True, False])
def test_a_page_that_a_finger_opened_has_no_cursor_and_no_hint_about_buttons(touched: bool) -> None:
    state = kiosk(3, 3, mode=Mode.LIVE, model=MODEL_WITH_RESULTS)
    state, _ = run(state, ev.ButtonPressed(Action.RESULTS, touched=touched))
    assert (state.mode, state.cursor) == (Mode.RESULTS, None if touched else 0)
    page = shown(state).results
    assert page is not None
    assert ("RESET" in page.note) is not touched
