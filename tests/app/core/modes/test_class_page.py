"""Three dots, the gallery and the key NAME lead to what can be done with a class where visitors may not name it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.base.buttons import Action, Button, ClassGallery, ClassName, EmptyClass, RemoveClass
from app.core import events as ev
from app.core.facts import ModelFacts, TrainedFacts
from app.core.modes import class_page, class_removal, gallery
from app.core.state import KioskState, Mode
from app.model.observation import NOTHING_SEEN
from app.views.model import Question
from app.views.present import Surroundings, present
from tests.app.core.modes.test_class_removal import pressed
from tests.app.core.modes.test_found import FOUND, PRESENT
from tests.support.states import kiosk, run


def unnameable(*shots: int, **visitors: bool) -> KioskState:
    """A kiosk on which visitors may not name classes."""
    state = kiosk(*shots)
    classes = replace(state.config.classes, visitors_name=False)
    locked = replace(state.config.visitors, **visitors)
    return replace(state, config=replace(state.config, classes=classes, visitors=locked))


def menu(state: KioskState) -> Question:
    question = present(state, None, NOTHING_SEEN, Surroundings()).question
    assert question is not None
    return question


@pytest.mark.parametrize("mode", [Mode.TEACH, Mode.LIVE])
def test_where_visitors_may_not_name_classes_three_dots_empty_or_remove_one(mode: Mode) -> None:
    state = replace(unnameable(3, 2, 4), mode=mode)
    view = present(state, None, NOTHING_SEEN, Surroundings())
    assert [(card.rename, card.pencil) for card in view.cards] == [(ClassName(n), False) for n in range(3)]
    asked, commands = pressed(state, ClassName(1))
    assert (asked.mode, asked.typing, commands) == (Mode.CLASS_MENU, None, [])
    question = menu(asked)
    assert (question.title, question.text) == ("What should happen with cup?", "2 pictures")
    assert [key.button for key in question.answers] == [EmptyClass(1), RemoveClass(1), Action.CANCEL]
    emptied, commands = pressed(asked, EmptyClass(1))
    assert (emptied.mode, emptied.emptied, commands) == (emptied.resting_mode, 1, [ev.RemoveSamplesOf(1)])
    removing, commands = pressed(asked, RemoveClass(1))
    assert (removing.mode, removing.removing, commands) == (Mode.CONFIRM_REMOVE, 1, [])
    for other in (Action.CANCEL, Action.TRAIN, Action.LEAVE, EmptyClass(0)):
        kept, commands = pressed(asked, other)
        assert (kept.mode, kept.labels, kept.removing, commands) == (kept.resting_mode, state.labels, None, [])
    late, _ = run(asked, ev.TimePassed(asked.now_s + class_removal.ANSWER_WITHIN_S + 0.1))
    assert (late.mode, late.removing) == (late.resting_mode, None)


def test_class_buttons_answer_the_question_of_the_three_dots_unless_they_bounce() -> None:
    asked, _ = pressed(unnameable(3, 2, 4), ClassName(1))
    bounced, commands = pressed(asked, 0)
    assert (bounced.mode, bounced.removing, commands) == (Mode.CLASS_MENU, 1, [])
    later, _ = run(asked, ev.TimePassed(asked.now_s + 1.0))
    assert pressed(later, 0)[1] == [ev.RemoveSamplesOf(1)]
    assert pressed(later, 1)[0].mode is Mode.CONFIRM_REMOVE
    assert pressed(later, 2)[0].mode is Mode.CLASS_MENU


@pytest.mark.parametrize(
    ("visitors", "shots", "answers"),
    [
        ({}, (3, 0, 4), [RemoveClass(1)]),
        ({"empty": False}, (3, 2, 4), [RemoveClass(1)]),
        ({"gallery": False}, (3, 2, 4), [RemoveClass(1)]),
        ({"reset": False}, (3, 2, 4), [EmptyClass(1)]),
        ({"reset": False, "empty": False}, (3, 2, 4), []),
    ],
)
def test_the_three_dots_offer_what_staff_leave_to_visitors(
    visitors: dict[str, bool], shots: tuple[int, ...], answers: list[Button]
) -> None:
    state = unnameable(*shots, **visitors)
    card = present(state, None, NOTHING_SEEN, Surroundings()).cards[1]
    assert card.rename == (ClassName(1) if answers else None)
    asked, commands = pressed(state, ClassName(1))
    if answers:
        assert [key.button for key in menu(asked).answers] == [*answers, Action.CANCEL]
    else:
        assert (asked.mode, commands) == (Mode.TEACH, [])


def test_the_gallery_removes_a_class_that_visitors_may_not_name() -> None:
    opened, _ = pressed(unnameable(3, 2, 4), ClassGallery(1))
    assert RemoveClass(1) in gallery.keys(opened)
    assert pressed(opened, RemoveClass(1))[0].mode is Mode.CONFIRM_REMOVE
    assert pressed(opened, RemoveClass(0))[0].mode is Mode.GALLERY
    locked, _ = pressed(unnameable(3, 2, 4, reset=False, empty=False), ClassGallery(1))
    assert not {RemoveClass(1), EmptyClass(1)} & set(gallery.keys(locked))
    assert pressed(locked, EmptyClass(1))[1] == []
    assert RemoveClass(1) not in gallery.keys(pressed(kiosk(3, 2, 4), ClassGallery(1))[0])  # the pencil's page has it


@pytest.mark.parametrize("nameable", [True, False])
def test_a_key_and_then_a_class_button_open_the_page_of_the_class(nameable: bool) -> None:
    state = kiosk(3, 0, 4) if nameable else unnameable(3, 0, 4)
    for source in ("key:a", "key:f2"):
        asked, commands = run(state, ev.InputPressed(source), ev.InputReleased(source))
        assert asked.notice is not None
        assert (str(asked.notice.text), commands) == ("Which one? Press its button.", [ev.PlaySound("tick")])
        opened, commands = run(asked, ev.InputPressed("key:2"), ev.InputReleased("key:2"))
        assert (opened.shots, opened.in_flight, commands) == (state.shots, 0, [])
        if nameable:
            assert opened.typing is not None
            assert opened.typing.index == 1
        else:
            assert (opened.mode, opened.removing) == (Mode.CLASS_MENU, 1)


def test_after_the_key_any_other_press_and_a_late_one_mean_what_they_always_mean() -> None:
    state = replace(kiosk(3, 2, 4), now_s=100.0)
    asked, _ = pressed(state, Action.NAME)
    _, commands = pressed(asked, Action.UNDO, 1)
    assert [type(one) for one in commands] == [ev.UndoLastAct, ev.AddSample]
    late, _ = run(asked, ev.TimePassed(asked.now_s + class_page.WHICH_S + 0.1))
    assert isinstance(pressed(late, 1)[1][0], ev.AddSample)


def test_the_key_is_forgotten_when_another_page_opens_in_between() -> None:
    state = replace(kiosk(3, 2, 4), mode=Mode.LIVE, model=TrainedFacts(1.0, 0.5, (3, 2, 4)), now_s=100.0)
    asked, _ = pressed(state, Action.NAME)
    why, _ = pressed(asked, Action.WHY)
    assert why.why
    question, _ = run(asked, PRESENT, FOUND, ev.TimePassed(100.1))
    assert question.mode is Mode.ASK_FOLDER
    for page in (why, question):
        assert page.now_s < asked.which_until_s
        assert page.which_until_s == 0.0


def test_the_key_says_why_there_is_no_page() -> None:
    locked = unnameable(3, 2, 4, reset=False, empty=False)
    learned = replace(kiosk(0, 0), mode=Mode.LIVE, starter=ModelFacts(("sun", "moon"), 0.5))
    for state, text in (
        (locked, "This button is switched off here."),
        (learned, "Hold a button to teach something first."),
    ):
        after, commands = pressed(state, Action.NAME)
        assert after.notice is not None
        assert (str(after.notice.text), commands) == (text, [ev.PlaySound("refused")])
