"""A lesson set in use: its classes, its task, its target and its time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.base.buttons import Action, ChooseLesson, ClassName, LetterKey, ScreenKey, StaffPage, StaffTab, TypingKey
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
from tests.support.states import kiosk, run, stick

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


def test_a_drive_that_is_plugged_in_while_the_page_is_open_is_looked_at() -> None:
    drives = ev.DrivesChanged((stick("STICK"),), ())
    assert ev.LookForLessons() in run(on_page(0, 0), drives)[1]
    assert run(kiosk(0, 0), drives)[1] == []


def test_without_a_pin_the_page_says_where_lessons_lie_and_how_long_one_lasts() -> None:
    page = seen(on_page(0, 0, pin="")).staff
    assert page is not None
    assert page.hint == (
        "Lessons on a drive are in its folder “lessons”. No PIN is set, so a chosen one lasts for this visit."
    )


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
    assert view.guidance == "Bringt Obst. Zeig apple und halt den Knopf gedrückt."
    assert view.lesson is not None
    assert (view.lesson.name, view.lesson.time) == ("Obst", "10\u00a0min")
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_lesson_for_another_network_asks_before_the_kiosk_starts_again(language: str) -> None:
    state, commands = chosen(OTHER)
    assert (state.lesson, commands) == (None, [])
    question = seen(replace(state, language=language)).question
    assert question is not None
    assert "mobilenet_v1_quant" in question.text
    if language == "en":
        assert question.title == "Start again for “Fruit”?"
        assert question.text == "It needs the network mobilenet_v1_quant. The kiosk starts again with this lesson."
    for no in (Action.CANCEL, Action.LEAVE, 1):
        kept, commands = run(state, ev.ButtonPressed(no))
        assert (kept.mode, kept.staff.asked, kept.lesson, commands) == (Mode.STAFF, None, None, [])


@pytest.mark.parametrize("pin", ["2580", ""])
def test_whoever_agrees_gets_a_kiosk_that_stores_the_lesson_and_starts_again(pin: str) -> None:
    state = replace(on_page(0, 0, pin=pin), language="de")
    asked, _ = run(state, ev.ButtonPressed(ChooseLesson("other")))
    agreed, commands = run(asked, ev.ButtonPressed(Action.CONFIRM))
    wanted = ev.StartWithLesson(OTHER, OTHER.labels("en"), "mobilenet_v1_quant", bool(pin))
    assert commands == [wanted, ev.PlaySound("tick")]  # it starts in the language of the settings
    assert agreed.lesson is None  # until everything is stored
    assert agreed.notice is not None
    assert str(agreed.notice.text) == "One moment, I start again with this lesson."
    assert run(agreed, ev.ReadyToStartAgain())[1] == [ev.Leave(again=True)]
    failed, commands = run(agreed, ev.StaffFailed("The disk is full."))
    assert (failed.lesson, commands) == (None, [ev.PlaySound("refused")])


def test_a_lesson_with_the_network_in_use_needs_no_restart_and_none_after_it_may_need_one() -> None:
    state = replace(on_page(0, 0), extractor_in_use="mobilenet_v1_quant", lesson=OTHER, kept_lesson=OTHER)
    for key in ("fruit", ""):
        asked, commands = run(state, ev.ButtonPressed(ChooseLesson(key)))
        assert (asked.staff.asked, commands) == (ChooseLesson(key), [])
    question = seen(asked).question
    assert question is not None
    assert question.text == "The lesson now has another network. The kiosk starts again without a lesson."
    _, commands = run(asked, ev.ButtonPressed(Action.CONFIRM))
    assert commands[0] == ev.StartWithLesson(None, ("apple", "cup"), "", for_good=True)
    same, _ = run(
        replace(on_page(0, 0), extractor_in_use="mobilenet_v1_quant"), ev.ButtonPressed(ChooseLesson("other"))
    )
    assert same.lesson == OTHER


def test_both_names_of_the_built_in_network_are_the_same() -> None:
    lesson = replace(FRUIT, extractor="built-in")
    state = on_page(0, 0)
    state = replace(state, staff=replace(state.staff, lessons=(FoundLesson(lesson, "STICK"),)))
    state, _ = run(state, ev.ButtonPressed(ChooseLesson("fruit")))
    assert (state.staff.asked, state.lesson) == (None, lesson)


@pytest.mark.parametrize("name", ["", "built-in"])
def test_the_built_in_network_is_named_in_words_before_the_kiosk_starts_again(name: str) -> None:
    state = replace(on_page(0, 0), extractor_in_use="mobilenet_v1_quant")
    lessons = (FoundLesson(replace(FRUIT, extractor=name), "STICK"),)
    state = replace(state, staff=replace(state.staff, lessons=lessons))
    state, _ = run(state, ev.ButtonPressed(ChooseLesson("fruit")))
    question = seen(state).question
    assert question is not None
    assert question.text == "It needs the network built in. The kiosk starts again with this lesson."


def test_a_lesson_of_one_visit_with_another_network_ends_with_a_restart() -> None:
    visit = replace(kiosk(0, 0), lesson=OTHER, lesson_stored=True, extractor_in_use="mobilenet_v1_quant")
    left = replace(visit, config=replace(visit.config, idle=replace(visit.config.idle, after_s=60.0)))
    state, commands = run(left, ev.TimePassed(61.0), ev.TimePassed(61.1))
    assert (state.mode, state.lesson, state.lesson_stored) == (Mode.ATTRACT, None, False)
    assert [one for one in commands if isinstance(one, ev.EndVisitLesson)] == [ev.EndVisitLesson(restart=True)]
    same = replace(left, extractor_in_use="", lesson=FRUIT)
    commands = run(same, ev.TimePassed(61.0), ev.TimePassed(61.1))[1]
    assert [one for one in commands if isinstance(one, ev.EndVisitLesson)] == [ev.EndVisitLesson(restart=False)]


@pytest.mark.parametrize("somebody_is_there", [False, True])
def test_a_lesson_that_could_not_be_forgotten_is_tried_again_only_at_the_end_of_the_next_visit(
    somebody_is_there: bool,
) -> None:
    def tried(state: KioskState, *events: ev.Event) -> tuple[KioskState, list[ev.Command]]:
        state, commands = run(state, *events)
        return state, [one for one in commands if isinstance(one, ev.EndVisitLesson)]

    ended = replace(kiosk(0, 0), mode=Mode.ATTRACT, extractor_in_use="mobilenet_v1_quant")
    if somebody_is_there:  # a visitor was quicker than the disk
        state, _ = run(ended, ev.ButtonPressed(0), ev.ButtonReleased(0), ev.VisitLessonLeft())
    else:
        state, again = tried(ended, ev.VisitLessonLeft(), *map(ev.TimePassed, range(1, 100)))
        assert (state.mode, again) == (Mode.ATTRACT, [])
        state, _ = run(state, ev.ButtonPressed(0), ev.ButtonReleased(0))
    state, again = tried(state, ev.TimePassed(state.now_s + 1.0))
    assert (state.mode is Mode.ATTRACT, again) == (False, [])
    state, again = tried(replace(state, mode=Mode.ATTRACT), *map(ev.TimePassed, range(101, 200)))
    assert again == [ev.EndVisitLesson(restart=True)]


def test_nobody_who_has_just_come_loses_the_kiosk_to_the_restart_after_the_visit_before() -> None:
    ready = ev.ReadyToStartAgain(visit_over=True)
    here = replace(kiosk(0, 0), extractor_in_use="mobilenet_v1_quant")
    state, commands = run(here, ready)
    assert (commands, state.restart_due) == ([], True)
    assert not any(isinstance(one, ev.EndVisitLesson) for one in run(state, ev.TimePassed(1.0))[1])
    nobody = replace(state, mode=Mode.ATTRACT)
    state, commands = run(nobody, ev.TimePassed(1.0), ev.TimePassed(2.0))
    assert [one for one in commands if isinstance(one, ev.EndVisitLesson)] == [ev.EndVisitLesson(restart=True)]
    assert run(state, ready)[1] == [ev.Leave(again=True)]
    chosen_since = replace(nobody, kept_lesson=OTHER)
    assert ev.EndVisitLesson(restart=False) in run(chosen_since, ev.TimePassed(1.0))[1]


def test_another_lesson_in_a_visit_that_began_with_a_stored_one_takes_its_place() -> None:
    visit = replace(on_page(0, 0, pin=""), lesson=OTHER, lesson_stored=True)
    state, commands = run(visit, ev.ButtonPressed(ChooseLesson("fruit")))
    assert (state.lesson_stored, commands[2]) == (True, ev.KeepVisitLesson(FRUIT))
    commands = run(visit, ev.ButtonPressed(ChooseLesson("")))[1]
    assert commands[2] == ev.KeepVisitLesson(None)
    with_pin = replace(on_page(0, 0), lesson=OTHER, lesson_stored=True)
    state, commands = run(with_pin, ev.ButtonPressed(ChooseLesson("fruit")))
    assert (state.lesson_stored, state.kept_lesson, commands[-1]) == (False, FRUIT, ev.EndVisitLesson(restart=False))


def test_the_question_about_a_lesson_closes_when_its_drive_is_pulled() -> None:
    asked, _ = chosen(OTHER)
    same, _ = run(asked, ev.LessonsFound((FoundLesson(OTHER, "STICK"),)))
    assert same.staff.asked == ChooseLesson("other")
    for left in ((), (FoundLesson(replace(FRUIT, key="other"), "included"),)):
        gone, _ = run(asked, ev.LessonsFound(left))
        assert (gone.staff.asked, seen(gone).question) == (None, None)
        assert run(gone, ev.ButtonPressed(Action.CONFIRM))[1] == []


@pytest.mark.parametrize("pin", ["2580", ""])
def test_the_cards_of_all_lessons_on_the_page_are_written_to_a_drive(pin: str) -> None:
    state = replace(on_page(0, 0, pin=pin), language="de")
    page = seen(state).staff
    assert page is not None
    (row,) = (one for one in page.rows if one.press is ScreenKey.LESSON_CARDS)
    assert (row.label, row.value) == ("Karten für den Tisch", "2 Lektionen zum Ausdrucken")
    assert run(state, ev.ButtonPressed(ScreenKey.LESSON_CARDS))[1] == [ev.WriteLessonCards((FRUIT, OTHER), "de")]


def test_a_lesson_that_was_not_found_cannot_be_chosen() -> None:
    state, commands = run(on_page(0, 0), ev.ButtonPressed(ChooseLesson("../x")))
    assert (state.lesson, commands) == (None, [])
