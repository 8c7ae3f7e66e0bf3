"""A lesson set in use: its classes, its task, its target and its time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.base.buttons import Action, ChooseLesson, ClassName, LetterKey, StaffPage, StaffTab, TypingKey
from app.base.i18n import LANGUAGES
from app.config.lesson import Lesson, parse_lesson
from app.core import events as ev
from app.core.facts import FoundLesson
from app.core.modes.lessons import seconds_left
from app.core.pages import StaffState
from app.core.state import KioskState, Mode
from app.model.observation import NOTHING_SEEN
from app.views.model import KioskView
from app.views.present import Surroundings, present
from tests.support.states import kiosk, run

FRUIT = parse_lesson(
    b'minutes = 10\ntarget_shots = 8\nname = {en = "Fruit", de = "Obst"}\n'
    b'task = {en = "Bring fruit.", de = "Bringt Obst."}\n'
    b'classes = [{en = "apple", de = "Apfel"}, {en = "pear", de = "Birne"}, "kiwi", "fig"]',
    "fruit.toml",
)
OTHER = replace(FRUIT, key="other", extractor="mobilenet_v1_quant")


def seen(state: KioskState) -> KioskView:
    return present(state, None, NOTHING_SEEN, Surroundings())


def on_page(*shots: int, pin: str = "2580") -> KioskState:
    state = kiosk(*shots)
    state = replace(state, config=replace(state.config, staff=replace(state.config.staff, pin=pin)))
    state = replace(state, mode=Mode.STAFF, staff=StaffState(inside=True))
    state, commands = run(state, ev.ButtonPressed(StaffTab(StaffPage.LESSONS)))
    assert ev.LookForLessons() in commands
    return run(state, ev.LessonsFound((FoundLesson(FRUIT, "STICK"), FoundLesson(OTHER, "STICK"))))[0]


def chosen(lesson: Lesson = FRUIT) -> tuple[KioskState, list[ev.Command]]:
    return run(on_page(0, 0), ev.ButtonPressed(ChooseLesson(lesson.key)))


def test_a_chosen_lesson_gives_its_classes_is_kept_and_stays_in_the_settings() -> None:
    state, commands = chosen()
    assert state.labels == ("apple", "pear", "kiwi", "fig")
    assert ev.NameClasses(state.labels) in commands
    assert ev.KeepLesson(FRUIT) in commands
    assert ev.ChangeSettings((("classes.lesson", "fruit"),)) in commands
    assert state.config.classes.labels == kiosk(0, 0).config.classes.labels


def test_a_lesson_is_not_chosen_while_something_is_taught() -> None:
    state, commands = run(on_page(3, 0), ev.ButtonPressed(ChooseLesson("fruit")))
    assert state.lesson is None
    assert state.notice is not None
    assert str(state.notice.text) == "Something is taught here. Press RESET on the main screen first."
    assert commands == [ev.PlaySound("refused")]


def test_without_a_pin_a_lesson_lasts_for_the_visit_and_nothing_of_it_is_kept() -> None:
    state, commands = run(on_page(0, 0, pin=""), ev.ButtonPressed(ChooseLesson("fruit")))
    assert state.labels == ("apple", "pear", "kiwi", "fig")
    assert [type(one) for one in commands] == [ev.ForgetRemoved, ev.NameClasses, ev.PlaySound]
    assert state.config.classes.lesson == ""
    state, _ = run(replace(state, mode=Mode.TEACH), ev.TimePassed(state.config.idle.after_s + 1))
    assert (state.mode, state.lesson, state.labels) == (Mode.ATTRACT, None, ("apple", "cup"))


def test_the_lesson_of_staff_is_back_after_a_visit_with_another_one() -> None:
    state = replace(on_page(3, 0, pin=""), lesson=OTHER, kept_lesson=FRUIT, mode=Mode.ERASING, gone=True)
    state, _ = run(state, ev.SessionErased(None))
    assert (state.mode, state.lesson) == (Mode.ATTRACT, FRUIT)
    assert state.labels == FRUIT.labels("en")


def test_a_lesson_forgets_what_undo_could_bring_back_of_the_classes_before() -> None:
    state, _ = run(on_page(2, 0), ev.SamplesRemoved(0, (1, 2)))
    state, commands = run(state, ev.ButtonPressed(ChooseLesson("fruit")))
    assert ev.ForgetRemoved(0) in commands
    assert not any(one.removed for one in state.classes)


def test_no_lesson_brings_the_classes_of_the_settings_back() -> None:
    state, commands = run(chosen()[0], ev.ButtonPressed(ChooseLesson("")))
    assert state.labels == ("apple", "cup")
    assert state.lesson is None
    assert ev.ChangeSettings((("classes.lesson", ""),)) in commands


def test_its_names_follow_the_language_of_the_visit() -> None:
    state = replace(chosen()[0], mode=Mode.TEACH)
    state, _ = run(state, ev.ButtonPressed(Action.LANGUAGE))
    assert state.language == "de"
    assert state.labels == ("Apfel", "Birne", "kiwi", "fig")


def test_the_next_visit_has_its_classes_again_after_a_visitor_renamed_one() -> None:
    state = replace(chosen()[0], mode=Mode.TEACH)
    state = replace(state, classes=(replace(state.classes[0], label="mine", shots=2), *state.classes[1:]))
    state, _ = run(replace(state, mode=Mode.ERASING), ev.SessionErased())
    assert state.labels == ("apple", "pear", "kiwi", "fig")


def test_staff_who_rename_a_class_of_the_lesson_do_not_change_the_settings() -> None:
    state, _ = chosen()
    state, commands = run(state, ev.ButtonPressed(ClassName(0)), ev.ButtonPressed(LetterKey("x")))
    state, commands = run(state, ev.ButtonPressed(TypingKey.DONE))
    assert state.labels[0].lower() == "x"
    assert not any(isinstance(one, ev.ChangeSettings) for one in commands)


def test_the_screen_says_the_task_until_something_is_taught_and_shows_name_and_time() -> None:
    state = replace(chosen()[0], mode=Mode.TEACH, language="de", notice=None)
    view = seen(state)
    assert view.guidance == "Bringt Obst. Zeig apple und halt den Knopf."
    assert view.lesson is not None
    assert (view.lesson.name, view.lesson.time) == ("Obst", "10 min")
    taught = replace(state, classes=(replace(state.classes[0], shots=4), *state.classes[1:]))
    view = seen(taught)
    assert "Bringt Obst" not in view.guidance
    assert view.cards[0].ring == 0.5  # of the 8 pictures of the lesson


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_long_task_is_shown_in_short_parts_one_after_the_other_and_spoken_as_a_whole(language: str) -> None:
    words = "Bring seven round things from the garden, and seven that are not round, and lay them on the table."
    lesson = replace(FRUIT, task=dict.fromkeys(LANGUAGES, words))
    shown, spoken = [], set()
    for tick in range(60):
        view = seen(replace(kiosk(0, 0), lesson=lesson, language=language, now_s=float(tick)))
        shown += [view.guidance] if view.guidance not in shown else []
        spoken.add(view.spoken_guidance)
    assert len(shown) == 3
    assert max(map(len, shown)) <= 64
    assert " ".join(shown[:2]) == words
    assert spoken == {f"{words} {shown[2]}"}


def test_its_time_is_counted_from_the_first_press_and_said_once_when_it_is_up() -> None:
    state = replace(chosen()[0], mode=Mode.ATTRACT, lesson_since_s=None)
    never = replace(state.config, idle=replace(state.config.idle, after_s=0.0))
    state = run(replace(state, config=never), ev.TimePassed(1000.0))[0]
    assert seconds_left(state) is None
    state, _ = run(state, ev.ScreenTouched(), ev.TimePassed(1060.0))
    assert seconds_left(state) == 540.0
    state, commands = run(state, ev.TimePassed(1600.0))
    assert state.notice is not None
    assert str(state.notice.text) == "Time is up! Show everybody what it has learned."
    assert ev.PlaySound("train") in commands
    assert ev.PlaySound("train") not in run(state, ev.TimePassed(1601.0))[1]


def test_a_lesson_for_another_network_says_that_it_needs_a_restart() -> None:
    state, _ = chosen(OTHER)
    assert state.notice is not None
    assert str(state.notice.text) == ("This lesson begins now. Its network mobilenet_v1_quant is used after a restart.")


def test_a_lesson_that_was_not_found_cannot_be_chosen() -> None:
    state, commands = run(on_page(0, 0), ev.ButtonPressed(ChooseLesson("../x")))
    assert (state.lesson, commands) == (None, [])
