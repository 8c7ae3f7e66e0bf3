"""On the page of its pencil a class is emptied or removed, and the classes after it move up by one button."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.base.buttons import Action, Button, ClassGallery, ClassName, ClassStep, EmptyClass, RemoveClass, TypingKey
from app.base.i18n import LANGUAGES, message
from app.config.lesson import parse_lesson
from app.core import events as ev
from app.core.events import Command
from app.core.facts import NameFrom, TaughtClass, TrainedFacts
from app.core.modes import class_page, class_removal, cursor, recovery
from app.core.modes.language import default_names
from app.core.state import KioskState, Mode
from app.model.observation import NOTHING_SEEN
from app.views.narration import Memory, narrated
from app.views.present import Surroundings, present
from tests.app.core.modes.test_class_list import unnamed
from tests.support.states import kiosk, run


def pressed(state: KioskState, *buttons: Button) -> tuple[KioskState, list[Command]]:
    return run(state, *(ev.ButtonPressed(one) for one in buttons))


@pytest.mark.parametrize("mode", [Mode.TEACH, Mode.LIVE])
def test_the_page_of_a_pencil_empties_its_class_and_undo_or_the_gallery_brings_the_pictures_back(mode: Mode) -> None:
    state, commands = pressed(replace(kiosk(3, 2, 0), mode=mode), ClassName(0), EmptyClass(0))
    assert (state.typing, commands) == (None, [ev.RemoveSamplesOf(0)])
    state, _ = run(state, ev.SamplesRemoved(0, (1, 2, 3)))
    assert state.notice is not None
    assert str(state.notice.text) == "apple is empty now. UNDO brings its pictures back."
    assert pressed(state, Action.UNDO)[1] == [ev.UndoLastAct()]
    opened, _ = pressed(state, ClassGallery(0))
    view = present(opened, None, NOTHING_SEEN, Surroundings()).gallery
    assert view is not None
    assert [key.text for key in view.keys if key.button is Action.UNDO] == ["Bring back 3"]
    _, commands = pressed(opened, Action.UNDO)
    assert ev.RestoreSamples(0) in commands


def test_a_keyboard_brings_the_pictures_of_an_emptied_class_back_by_undo_or_in_the_gallery() -> None:
    state, _ = run(kiosk(3, 2, 4), ev.ButtonPressed(ClassName(1)))
    page = replace(state, cursor=cursor.targets(state).index(EmptyClass(1)), by_keyboard=True)
    state, commands = run(page, ev.InputPressed("key:return"), ev.SamplesRemoved(1, (4, 5)))
    assert ev.RemoveSamplesOf(1) in commands
    assert state.notice is not None
    assert str(state.notice.text) == "cup is empty now. UNDO brings its pictures back."
    assert run(state, ev.InputPressed("key:z"))[1] == [ev.UndoLastAct()]
    state, commands = run(state, *map(ev.InputPressed, ("key:g", "key:tab", "key:z")))
    assert ev.RestoreSamples(1) in commands


def test_where_visitors_have_no_undo_they_are_told_another_way_back() -> None:
    state = kiosk(3, 2, 0)
    config = replace(state.config, visitors=replace(state.config.visitors, undo=False))
    state, _ = pressed(replace(state, config=config), ClassName(0), EmptyClass(0))
    state, _ = run(state, ev.SamplesRemoved(0, (1, 2, 3)))
    assert state.notice is not None
    assert str(state.notice.text) == "apple is empty now. The number on its card brings its pictures back."


@pytest.mark.parametrize("by_keyboard", [False, True])
def test_the_gallery_of_an_emptied_class_says_which_button_brings_the_pictures_back(by_keyboard: bool) -> None:
    state, _ = run(kiosk(3, 2, 4), ev.SamplesRemoved(0, (1, 2, 3)), ev.ButtonPressed(Action.GALLERY))
    view = present(replace(state, by_keyboard=by_keyboard), None, NOTHING_SEEN, Surroundings()).gallery
    assert view is not None
    assert view.hint == (
        "Z: bring the pictures back · Tab: next thing · Esc: back"
        if by_keyboard
        else "UNDO: bring the pictures back · SAVE: next thing · RESET: back"
    )


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_class_with_pictures_is_removed_after_a_question(index: int) -> None:
    asked, commands = pressed(kiosk(3, 2, 4), ClassName(index), RemoveClass(index))
    assert (asked.mode, asked.removing, commands) == (Mode.CONFIRM_REMOVE, index, [])
    kept, commands = pressed(asked, Action.CANCEL)
    assert (kept.mode, kept.labels, commands) == (Mode.TEACH, ("apple", "cup", "book"), [])
    going, commands = pressed(asked, Action.CONFIRM)
    rest = tuple(label for place, label in enumerate(asked.labels) if place != index)
    origins = tuple(place for place in range(3) if place != index)
    assert (going.mode, commands) == (Mode.REMOVING, [ev.DropClass(index, rest, asked.labels[index], origins)])
    gone, _ = run(going, ev.ClassRemoved("cup", tuple(TaughtClass(label, 2) for label in rest)))
    assert (gone.mode, gone.labels, gone.removing) == (Mode.TEACH, rest, None)
    assert gone.notice is not None
    assert str(gone.notice.text) == "cup is removed."


def test_a_model_that_answered_learns_again_without_the_class() -> None:
    live = kiosk(3, 2, 4, mode=Mode.LIVE, model=TrainedFacts(1.0, 0.5, (3, 2, 4)))
    going, _ = pressed(live, ClassName(1), RemoveClass(1), Action.CONFIRM)
    for left, mode in ((TaughtClass("book", 4), Mode.TRAINING), (TaughtClass("book"), Mode.TEACH)):
        state, commands = run(going, ev.ClassRemoved("cup", (TaughtClass("apple", 3), left)))
        assert (state.mode, state.model) == (mode, None)
        assert (ev.StartTraining() in commands) == (mode is Mode.TRAINING)


def test_a_class_that_nobody_taught_goes_without_a_question() -> None:
    state, commands = pressed(kiosk(3, 2, 0), ClassName(2), RemoveClass(2))
    assert (state.mode, state.labels, state.removing) == (Mode.TEACH, ("apple", "cup"), None)
    assert commands[0] == ev.NameClasses(("apple", "cup"))
    state, commands = pressed(kiosk(3, 0, 2), ClassName(1), RemoveClass(1))
    assert (state.mode, commands) == (Mode.REMOVING, [ev.DropClass(1, ("apple", "book"), "cup", (0, 2))])


KNOWN = TrainedFacts(1.0, 0.5, (3, 2, 4))


@pytest.mark.parametrize(
    ("shots", "taken_out", "model", "index", "text"),
    [
        ((3, 2, 4), 0, None, 1, "Its 2 pictures will be erased."),
        ((3, 2, 4), 3, None, 1, "All its 5 pictures will be erased, also those taken out."),
        ((3, 0, 4), 1, None, 1, "1 picture can then no longer be brought back."),
        ((3, 4, 0), 2, None, 2, "2 pictures can then no longer be brought back."),
        ((3, 0, 4), 2, KNOWN, 1, "2 pictures can then no longer be brought back."),
        ((3, 2, 0), 0, KNOWN, 2, "The model will learn again without it."),
        ((3, 0, 0), 0, KNOWN, 1, "The model that answers now will be erased."),
        ((3, 2, 0), 0, KNOWN, 0, "Its 3 pictures will be erased. The model that answers now will be erased."),
        (
            (0, 0, 4),
            3,
            KNOWN,
            1,
            "3 pictures can then no longer be brought back. The model that answers now will be erased.",
        ),
    ],
)
def test_a_question_says_what_is_lost_with_a_class(
    shots: tuple[int, ...], taken_out: int, model: TrainedFacts | None, index: int, text: str
) -> None:
    state = kiosk(*shots, mode=Mode.TEACH if model is None else Mode.LIVE, model=model)
    gone = (tuple(range(taken_out)),) if taken_out else ()
    classes = tuple(replace(one, removed=gone if place == index else ()) for place, one in enumerate(state.classes))
    asked, commands = pressed(replace(state, classes=classes), ClassName(index), RemoveClass(index))
    assert (asked.mode, asked.removing, commands) == (Mode.CONFIRM_REMOVE, index, [])
    view = present(asked, None, NOTHING_SEEN, Surroundings())
    assert view.question is not None
    assert view.question.text == text
    kept, commands = pressed(asked, Action.CANCEL)
    assert (kept.model, kept.classes, commands) == (model, classes, [])
    left, _ = pressed(asked, Action.CONFIRM)
    assert left.mode is Mode.REMOVING or len(left.classes) == 2


@pytest.mark.parametrize("button", [EmptyClass(0), RemoveClass(0)])
def test_a_name_that_was_typed_counts_before_its_class_is_emptied_or_removed(button: Button) -> None:
    page, _ = run(kiosk(3, 2, 4), ev.ButtonPressed(ClassName(0)), ev.CharacterTyped("pear"))
    state, commands = pressed(page, button)
    assert (state.typing, state.labels) == (None, ("pear", "cup", "book"))
    assert commands[0] == ev.NameClasses(("pear", "cup", "book"))
    assert (state.emptied, state.removing) == ((0, None) if button == EmptyClass(0) else (None, 0))
    assert (ev.RemoveSamplesOf(0) in commands) == (button == EmptyClass(0))


@pytest.mark.parametrize("button", [EmptyClass(0), RemoveClass(0)])
def test_a_name_that_is_used_already_is_mended_before_a_class_is_emptied_or_removed(button: Button) -> None:
    page, _ = run(kiosk(3, 2, 4), ev.ButtonPressed(ClassName(0)), ev.CharacterTyped("Cup"))
    state, commands = pressed(page, button)
    assert (state.mode, state.removing, commands) == (Mode.TEACH, None, [ev.PlaySound("refused")])
    assert state.typing is not None
    assert (state.typing.text, str(state.typing.problem)) == ("Cup", "That name is already used.")


def test_a_name_that_was_typed_is_kept_while_a_picture_is_on_its_way() -> None:
    page, _ = run(replace(kiosk(3, 2, 4), in_flight=1), ev.ButtonPressed(ClassName(0)), ev.CharacterTyped("pear"))
    state, commands = pressed(page, EmptyClass(0))
    assert (state.labels[0], state.emptied) == ("pear", None)
    assert ev.RemoveSamplesOf(0) not in commands


def without(state: KioskState, *indices: int) -> KioskState:
    """Remove classes one after the other, as the buttons and the job do it."""
    for index in indices:
        state, commands = pressed(state, ClassName(index), RemoveClass(index), Action.CONFIRM)
        for one in commands:
            if isinstance(one, ev.DropClass):
                left = tuple(TaughtClass(label, 2) for label in one.labels)
                state, _ = run(state, ev.ClassRemoved(one.label, left))
    return state


def named(*given: str, shots: int = 2) -> KioskState:
    state = unnamed(len(given), shots=shots)
    config = replace(state.config, classes=replace(state.config.classes, labels=given))
    state = replace(state, config=config)
    return replace(state, classes=tuple(TaughtClass(name, shots) for name in default_names(state)))


@pytest.mark.parametrize(
    ("given", "gone", "english", "german"),
    [
        (("Cat", "", ""), (0,), ("Red", "Blue"), ("Rot", "Blau")),
        (("", "Cat", "", ""), (1, 0), ("Red", "Blue"), ("Rot", "Blau")),
        (("", "Cat", "", ""), (0,), ("Cat", "Blue", "Yellow"), ("Cat", "Blau", "Gelb")),
        (("Cat", "", "Dog", ""), (1,), ("Cat", "Dog", "Yellow"), ("Cat", "Dog", "Gelb")),
        (("Blue", "", "", ""), (1,), ("Blue", "Class 2", "Yellow"), ("Blue", "Blau", "Gelb")),
        (("Red", "Blue", ""), (0,), ("Blue", "Class 2"), ("Blue", "Blau")),
    ],
)
@pytest.mark.parametrize("opened_again", [False, True])
def test_names_are_known_by_who_gave_them_after_classes_were_removed(
    given: tuple[str, ...], gone: tuple[int, ...], english: tuple[str, ...], german: tuple[str, ...], opened_again: bool
) -> None:
    state = without(named(*given), *gone)
    assert state.labels == english
    if opened_again:
        state = replace(state, classes=tuple(TaughtClass(one.label, one.shots) for one in state.classes))
    state, _ = pressed(state, Action.LANGUAGE)
    assert state.labels == german
    for _ in range(len(LANGUAGES) - 1):
        state, _ = pressed(state, Action.LANGUAGE)
    assert state.labels == english


def test_a_name_that_a_visitor_typed_stays_after_its_class_moved() -> None:
    state = named("", "", "", "")
    state, _ = run(state, ev.ButtonPressed(ClassName(2)), ev.CharacterTyped("Purple"))
    state, _ = run(state, ev.TypingEdited(TypingKey.DONE))
    state = without(state, 0)
    assert state.labels == ("Red", "Purple", "Yellow")
    assert pressed(state, Action.LANGUAGE)[0].labels == ("Rot", "Purple", "Gelb")
    state = without(named("", "", ""), 0)
    state, _ = run(state, ev.ButtonPressed(ClassName(1)), ev.CharacterTyped("Yellow"))
    state, _ = run(state, ev.TypingEdited(TypingKey.DONE), ev.ButtonPressed(ClassStep(1)))
    assert state.labels == ("Red", "Yellow", "Class 3")
    assert pressed(state, Action.LANGUAGE)[0].labels == ("Rot", "Yellow", "Gelb")


def test_a_class_that_was_added_in_the_place_of_a_named_one_follows_the_language() -> None:
    state, _ = pressed(named("Cat", "Dog", "Owl", shots=0), ClassStep(-1), ClassStep(1))
    assert state.labels == ("Cat", "Dog", "Yellow")
    assert pressed(state, Action.LANGUAGE)[0].labels == ("Cat", "Dog", "Gelb")


def test_the_names_of_a_lesson_move_with_their_classes_and_follow_the_language() -> None:
    lesson = parse_lesson(
        b'name = "Waste"\ntask = "Sort it."\nclasses = [{en = "Paper", de = "Papier"}, '
        b'{en = "Glass", de = "Glas"}, {en = "Plastic", de = "Plastik"}]',
        "waste.toml",
    )
    state = replace(named("", "", ""), lesson=lesson)
    state = replace(state, classes=tuple(TaughtClass(name, 2) for name in lesson.labels("en")))
    state = without(state, 0)
    assert state.labels == ("Glass", "Plastic")
    assert pressed(state, Action.LANGUAGE)[0].labels == ("Glas", "Plastik")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_default_name_becomes_the_colour_of_its_new_button_and_a_given_name_stays(language: str) -> None:
    state = unnamed(4, language=language, shots=2)
    colours = state.labels
    state = replace(state, classes=(*state.classes[:3], replace(state.classes[3], label="Ada")))
    state, commands = pressed(state, ClassName(0), RemoveClass(0), Action.CONFIRM)
    origins = (NameFrom.COLOUR, NameFrom.COLOUR, NameFrom.PERSON)
    assert commands == [ev.DropClass(0, (colours[0], colours[1], "Ada"), colours[0], origins)]


@pytest.mark.parametrize(
    ("state", "left"),
    [
        (kiosk(3, 2), (EmptyClass(0),)),
        (kiosk(0, 2, 2), (RemoveClass(0),)),
        (replace(kiosk(3, 2, 2), mode=Mode.STAFF), ()),
        (replace(kiosk(3, 2, 2), shown_from="STICK", model=TrainedFacts(None, 0.5, (0, 0, 0))), ()),
    ],
    ids=["two classes", "empty", "staff", "drive"],
)
def test_only_what_can_be_done_is_offered(state: KioskState, left: tuple[Button, ...]) -> None:
    page, _ = pressed(state, ClassName(0))
    assert class_page.keys(page) == left
    for button in {EmptyClass(0), RemoveClass(0), EmptyClass(1), RemoveClass(1)} - set(left):
        after, commands = pressed(page, button)
        assert (after.mode, after.classes, [one for one in commands if not isinstance(one, ev.PlaySound)]) == (
            page.mode,
            page.classes,
            [],
        )


def test_settings_that_keep_the_number_of_classes_to_staff_keep_them() -> None:
    state = kiosk(3, 2, 2)
    config = replace(state.config, classes=replace(state.config.classes, visitors_add=False))
    page, _ = pressed(replace(state, config=config), ClassName(0))
    assert class_page.keys(page) == (EmptyClass(0),)


@pytest.mark.parametrize(("locked", "left"), [("gallery", (RemoveClass(0),)), ("reset", (EmptyClass(0),))])
def test_settings_that_keep_erasing_to_staff_keep_it_here_too(locked: str, left: tuple[Button, ...]) -> None:
    state = kiosk(3, 2, 2)
    config = replace(state.config, visitors=replace(state.config.visitors, **{locked: False}))
    page, _ = pressed(replace(state, config=config), ClassName(0))
    assert class_page.keys(page) == left


def test_the_box_and_a_keyboard_reach_both_keys_with_the_cursor() -> None:
    page, _ = pressed(kiosk(3, 2, 4), ClassName(1))
    for _ in range(len(cursor.targets(page))):
        page, _ = pressed(page, 1)
        if cursor.current_target(page) == RemoveClass(1):
            break
        page, _ = run(page, ev.ButtonReleased(1))
    asked, _ = run(page, ev.ButtonReleased(1), ev.ButtonPressed(Action.TRAIN))
    assert (asked.mode, asked.removing) == (Mode.CONFIRM_REMOVE, 1)


def test_a_picture_on_its_way_into_a_class_is_waited_for() -> None:
    page, _ = pressed(replace(kiosk(3, 2, 4), in_flight=1), ClassName(1))
    for button in (EmptyClass(1), RemoveClass(1)):
        state, commands = pressed(page, button)
        assert (state.mode, state.typing, commands) == (Mode.TEACH, None, [ev.PlaySound("refused")])
        assert state.notice is not None
        assert str(state.notice.text) == "One moment – then try again."


def test_nobody_who_answers_keeps_the_class_and_a_bounce_of_reset_is_no_answer() -> None:
    asked, _ = pressed(kiosk(3, 2, 4), ClassName(1), RemoveClass(1))
    assert run(asked, ev.TimePassed(asked.now_s + class_removal.ANSWER_WITHIN_S + 0.1))[0].mode is Mode.TEACH
    assert pressed(asked, Action.RESET)[0].mode is Mode.CONFIRM_REMOVE
    later, _ = run(asked, ev.TimePassed(asked.now_s + 2.0))
    assert pressed(later, Action.RESET)[0].mode is Mode.REMOVING


def test_a_class_that_cannot_be_removed_stays_and_it_is_said_why() -> None:
    going, _ = pressed(kiosk(3, 2, 4), ClassName(1), RemoveClass(1), Action.CONFIRM)
    assert recovery.waits_for_job(going)
    assert pressed(going, 0, Action.TRAIN)[0].mode is Mode.REMOVING
    state, _ = run(going, ev.ClassNotRemoved(message("The disk is full.")))
    assert (state.mode, len(state.classes), state.removing) == (Mode.TEACH, 3, None)
    assert state.notice is not None
    assert str(state.notice.text) == "The disk is full."
    lost, _ = recovery.job_lost(going)
    assert lost.mode is Mode.TEACH


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_question_and_the_keys_are_spoken(language: str) -> None:
    page, _ = pressed(replace(kiosk(3, 2, 4), language=language), ClassName(1))
    spoken = []
    for state in (page, replace(page, cursor=len(cursor.targets(page)) - 1), pressed(page, RemoveClass(1))[0]):
        view = present(state, None, NOTHING_SEEN, Surroundings())
        memory, _ = narrated(Memory(), replace(view, now_s=1.0))
        _, said = narrated(memory, replace(view, now_s=9.0))
        spoken.append(" ".join(one.text for one in (*narrated(Memory(), view)[1], *said)))
    view = present(page, None, NOTHING_SEEN, Surroundings())
    assert [key.button for key in view.typing.tools] == [EmptyClass(1), RemoveClass(1)]
    assert view.typing.tools[1].text in spoken[1]
    assert "cup" in spoken[2]
    assert TypingKey.DONE in {key.button for key in view.typing.keys}


def test_without_touching_the_screen_also_an_empty_class_is_reached_and_removed() -> None:
    state, _ = pressed(kiosk(3, 0, 4), Action.GALLERY, Action.SAVE)
    assert (state.mode, state.gallery.class_index) == (Mode.GALLERY, 1)
    page, _ = pressed(state, ClassName(1))
    state, commands = pressed(page, RemoveClass(1))
    assert (state.mode, commands) == (Mode.REMOVING, [ev.DropClass(1, ("apple", "book"), "cup", (0, 2))])
