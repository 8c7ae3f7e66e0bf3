"""What is said aloud: every screen, change and settled verdict once, the most important first, and no flood."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from app.base.buttons import Action, StaffPage
from app.base.i18n import LANGUAGES
from app.base.tone import Tone
from app.core.pages import StaffState, TypingPurpose, TypingState
from app.core.state import KioskState, Mode
from app.model.observation import NOTHING_SEEN
from app.views.model import Banner, ClassCard, KioskView, Verdict
from app.views.model.spoken import Importance, Kind, Utterance
from app.views.narration import COUNT_SETTLES_S, GUIDANCE_SETTLES_S, VERDICT_SETTLES_S, Memory, narrated
from app.views.present import Surroundings, present
from app.views.spoken_names import name_of, names_of
from tests.support.page_views import page_views
from tests.support.staff import guarded
from tests.support.states import MODEL_WITH_RESULTS, kiosk
from tests.support.views import main_views

MAIN = main_views()
LIVE, WELCOME = MAIN["live"], MAIN["welcome"]


def said(*views: KioskView, memory: Memory | None = None) -> list[Utterance]:
    """Everything that is said while these views are shown, one after the other, each for three seconds."""
    memory, heard = memory or Memory(), []
    for number, view in enumerate(views):
        memory, utterances = spoken_while(memory, view, 3.0 * number)
        heard += utterances
    return heard


def spoken_while(
    memory: Memory, view: KioskView, start_s: float, seconds: float = 3.0
) -> tuple[Memory, list[Utterance]]:
    heard: list[Utterance] = []
    for tick in range(round(seconds * 20)):
        memory, utterances = narrated(memory, replace(view, now_s=start_s + tick / 20))
        heard += utterances
    return memory, heard


def with_shots(index: int, shots: int, *, held: bool = False) -> tuple[ClassCard, ...]:
    """The cards of the first screen, but for the pictures of one class."""
    new = replace(WELCOME.cards[index], shots=shots, count_text=f"{shots} pictures", held=held)
    return (*WELCOME.cards[:index], new, *WELCOME.cards[index + 1 :])


def texts(utterances: Iterable[Utterance], *kinds: Kind) -> list[str]:
    return [one.text for one in utterances if not kinds or one.kind in kinds]


def test_a_visit_begins_with_the_buttons_and_then_says_what_to_do() -> None:
    assert texts(said(WELCOME)) == [
        "Button 1: apple. Button 2: cup. Button 3: duck.",
        "Show something to the camera and hold the apple button.",
    ]


def test_nothing_is_said_twice_while_the_screen_stays_the_same() -> None:
    assert len(said(*[LIVE] * 20)) == len(said(LIVE))


def test_a_verdict_is_said_once_it_has_stayed_and_again_only_after_another_one() -> None:
    duck = replace(LIVE, verdict=Verdict("duck", 0.9, 2, "90 %"))
    assert texts(said(LIVE, LIVE, duck, LIVE), Kind.VERDICT) == ["cup", "duck", "cup"]


def test_not_sure_and_near_misses_are_said_too() -> None:
    near, unsure = Verdict("cup?", 0.9, 1, near_miss=True), Verdict("not sure", 0.4, None)
    heard = said(replace(LIVE, verdict=unsure), replace(LIVE, verdict=near))
    assert texts(heard, Kind.VERDICT) == ["not sure", "cup?"]


def test_a_verdict_and_a_guidance_that_flicker_for_a_minute_are_never_said() -> None:
    memory, heard = Memory(), []
    memory, _ = spoken_while(memory, LIVE, 0.0)
    for tick in range(600):
        which = tick % 2
        view = replace(LIVE, verdict=Verdict(("cup", "duck")[which], 0.9, which), guidance=("a", "b")[which])
        memory, utterances = narrated(memory, replace(view, now_s=3.0 + tick / 10))
        heard += utterances
    assert heard == []


def test_texts_wait_for_as_long_as_they_must_stay() -> None:
    memory, _ = narrated(Memory(), replace(LIVE, now_s=0.0))
    memory, early = narrated(memory, replace(LIVE, now_s=VERDICT_SETTLES_S - 0.01))
    memory, verdict = narrated(memory, replace(LIVE, now_s=VERDICT_SETTLES_S))
    memory, guidance = narrated(memory, replace(LIVE, now_s=GUIDANCE_SETTLES_S))
    assert [one.kind for one in (*early, *verdict, *guidance) if one.kind is not Kind.COUNT] == [
        Kind.VERDICT,
        Kind.GUIDANCE,
    ]
    assert COUNT_SETTLES_S < GUIDANCE_SETTLES_S


def test_a_pressed_class_is_named_at_once_and_its_pictures_are_counted_after_the_release() -> None:
    held = replace(WELCOME, cards=with_shots(1, 3, held=True), guidance="Keep turning it – every picture helps.")
    heard = said(WELCOME, held, replace(WELCOME, cards=with_shots(1, 7)))
    assert texts(heard, Kind.HELD) == ["cup"]
    assert texts(heard, Kind.COUNT) == ["cup: 7 pictures."]
    assert next(one for one in heard if one.kind is Kind.HELD).importance is Importance.ACTION


def test_pictures_that_are_taken_away_are_not_counted() -> None:
    views = [replace(WELCOME, cards=with_shots(1, shots)) for shots in (7, 3)]
    assert texts(said(*views), Kind.COUNT) == []


def test_a_warning_interrupts_and_a_hint_does_not() -> None:
    warning = replace(WELCOME, notice=Banner("There is nothing to take back yet.", Tone.WARNING))
    hint = replace(WELCOME, notice=Banner("Removed the last picture of cup.", Tone.HINT))
    heard = [one for one in said(warning, WELCOME, hint) if one.kind is Kind.NOTICE]
    assert [(one.text, one.importance) for one in heard] == [
        ("There is nothing to take back yet.", Importance.ALERT),
        ("Removed the last picture of cup.", Importance.HINT),
    ]


def test_a_question_is_said_with_its_answers_and_the_way_back_says_what_to_do_again() -> None:
    heard = said(LIVE, MAIN["confirm"], LIVE)
    question = next(one for one in heard if one.importance is Importance.ALERT)
    confirm = MAIN["confirm"].question
    assert confirm is not None
    assert question.text == (
        f"{confirm.title} {confirm.text} Keep them: N. Erase: Y. RESET says yes, every other button no."
        if confirm.also_yes
        else f"{confirm.title} {confirm.text} Keep them: N. Erase: Y."
    )
    assert texts(heard, Kind.GUIDANCE) == [LIVE.spoken_guidance] * 2
    assert texts(heard, Kind.VERDICT) == ["cup"] * 2


def test_a_countdown_is_said_once() -> None:
    asked = MAIN["still_there"]
    assert asked.question is not None
    views = [replace(asked, question=replace(asked.question, text=f"In {s} seconds.", left=s / 20)) for s in range(20)]
    assert len(texts(said(*views), Kind.SCREEN)) == 1


@pytest.mark.parametrize("name", ["gallery", "results", "saving", "saved", "staff", "typing", "attract"])
def test_each_page_says_its_title(name: str) -> None:
    view = page_views()[name]
    page = view.typing or view.gallery or view.results or view.saving or view.staff
    title = page.title if page is not None else view.attract.headline if view.attract is not None else ""
    spoken = texts(said(view), Kind.SCREEN)
    assert len(spoken) == 1
    assert spoken[0].startswith(title.removesuffix(" …"))


def test_training_and_a_fault_are_said() -> None:
    assert texts(said(MAIN["training"]), Kind.SCREEN) == ["Learning."]
    fault = MAIN["fault"].fault
    assert fault is not None
    (heard,) = [one for one in said(MAIN["fault"]) if one.kind is Kind.SCREEN]
    assert heard.importance is Importance.ALERT
    assert all(text in heard.text for text in fault)


def test_the_cursor_and_the_highlight_of_the_one_switch_are_named() -> None:
    heard = said(*(replace(MAIN["ready"], scanned=(button,)) for button in (0, 1, Action.TRAIN)))
    assert texts(heard, Kind.FOCUS) == ["apple", "cup", "Train"]
    assert {one.importance for one in heard if one.kind is Kind.FOCUS} == {Importance.MOVE}
    group = replace(main_views(9)["ready"], scanned=tuple(range(9)))
    assert texts(said(group), Kind.FOCUS)[0].startswith("apple to ")


def test_the_first_place_on_a_page_waits_for_its_title_and_the_next_ones_interrupt() -> None:
    page = page_views()["results"]
    assert page.results is not None
    focused = [replace(page, focus=key.button) for key in (page.results.keys[0], page.results.confused[0])]
    heard = [one for one in said(LIVE, *focused) if one.kind in (Kind.SCREEN, Kind.FOCUS)][-3:]
    assert [one.importance for one in heard] == [Importance.SCREEN, Importance.HINT, Importance.ACTION]
    again = [one for one in said(*focused, LIVE, focused[1]) if one.kind is Kind.FOCUS]
    assert again[-1].importance is Importance.HINT


def test_a_picture_that_is_taken_out_is_counted_without_saying_again_what_the_keys_do() -> None:
    view = page_views()["gallery"]
    assert view.gallery is not None
    hint = replace(view.gallery, hint="Enter: take out · Esc: back", title="cup: 6 pictures")
    fewer = replace(hint, title="cup: 5 pictures")
    spoken = texts(said(replace(view, gallery=hint), replace(view, gallery=fewer)), Kind.SCREEN)
    assert spoken[0].endswith("Enter: take out. Esc: back.")
    assert spoken[1].startswith("cup: 5 pictures.")
    assert "Enter" not in spoken[1]


def test_another_answer_does_not_repeat_the_advice() -> None:
    state = kiosk(3, 3, mode=Mode.LIVE, model=MODEL_WITH_RESULTS)
    views = [shown(state)]
    views += [
        replace(views[0], guidance=f"I see {label}!", verdict=Verdict(label, 0.9, 0)) for label in ("cup", "duck")
    ]
    heard = said(*views)
    assert texts(heard, Kind.GUIDANCE) == ["Show something again. Wrong answer? Hold the correct button."]
    assert texts(heard, Kind.VERDICT)[-2:] == ["cup", "duck"]


def test_a_staff_page_says_what_cannot_be_pressed_and_its_hint_only_while_that_is_new() -> None:
    state = replace(kiosk(3, 3), mode=Mode.STAFF, staff=StaffState(inside=True, page=StaffPage.VISITORS))
    without_pin = texts(said(shown(state)), Kind.SCREEN)[0]
    assert without_pin.startswith("For staff. Visitors may. Changes: only with a PIN. ")
    assert without_pin.endswith("Set a PIN with the command “pin”.")
    pages = [
        replace(guarded(state), staff=replace(state.staff, page=page)) for page in (StaffPage.VISITS, StaffPage.ACCESS)
    ]
    steered = [replace(page, cursor=0) for page in pages]
    assert texts(said(*map(shown, steered)), Kind.SCREEN) == [
        "For staff. Visits. Buttons 1 and 2: move. TRAIN: choose. SAVE: next page. RESET: back.",
        "Accessibility.",
    ]
    listening = replace(shown(steered[1]), staff=replace(shown(steered[1]).staff, hint="Now press the button."))
    assert texts(said(shown(steered[1]), listening), Kind.SCREEN)[1] == "Now press the button."


def test_an_answer_that_is_an_exclamation_is_said_with_its_button_in_one_sentence() -> None:
    (asked,) = texts(said(shown(replace(kiosk(3, 3), mode=Mode.CHOOSE_GAME, language="fr"))), Kind.SCREEN)
    assert "Piège-le: 1. Échange le fond: 2." in asked


def test_what_to_do_at_home_is_said_when_the_model_is_saved() -> None:
    view = page_views()["saved"]
    assert view.saving is not None
    assert texts(said(view), Kind.SCREEN) == [f"{view.saving.title} {view.saving.text} {view.saving.home}"]


def typed(text: str, purpose: TypingPurpose) -> KioskView:
    state = replace(kiosk(3, 3), mode=Mode.STAFF, staff=StaffState(inside=True), typing=TypingState(purpose, 0, text))
    return present(state, None, NOTHING_SEEN, Surroundings())


def test_letters_are_said_as_they_are_typed_and_the_whole_text_after_a_deletion() -> None:
    heard = said(*(typed(text, TypingPurpose.CLASS_NAME) for text in ("", "c", "cu", "cup", "cu")))
    assert texts(heard, Kind.TYPED) == ["c", "u", "p", "cu"]


@pytest.mark.parametrize("purpose", [TypingPurpose.PIN, TypingPurpose.NEW_PIN])
def test_a_pin_is_never_said_but_how_many_digits_it_has(purpose: TypingPurpose) -> None:
    heard = said(*(typed(pin, purpose) for pin in ("", "7", "77", "779")))
    assert texts(heard, Kind.TYPED) == ["1", "2", "3"]
    assert not any("7" in one.text or "9" in one.text for one in heard)


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_said_in_the_language_of_the_visit(language: str) -> None:
    states = (kiosk(0, 0), kiosk(3, 3), kiosk(3, 3, mode=Mode.CONFIRM_RESET), kiosk(3, 3, mode=Mode.TRAINING))
    live = kiosk(3, 3, mode=Mode.LIVE, model=MODEL_WITH_RESULTS)
    heard = said(*(shown(replace(state, language=language)) for state in (*states, live)))
    english = said(*(shown(replace(state, language="en")) for state in (*states, live)))
    assert {one.language for one in heard} == {language}
    assert len(heard) == len(english) >= 6
    if language != "en":
        assert not {one.text for one in heard} & {one.text for one in english}


def shown(state: KioskState) -> KioskView:
    return present(state, None, NOTHING_SEEN, Surroundings())


def test_another_language_says_the_buttons_again() -> None:
    first, second = shown(kiosk(0, 0)), shown(replace(kiosk(0, 0), language="de"))
    assert texts(said(first, second), Kind.SCREEN) == [
        "Button 1: apple. Button 2: cup.",
        "Deutsch. Knopf 1: apple. Knopf 2: cup.",
    ]


def test_coming_back_from_a_page_does_not_say_the_buttons_again() -> None:
    heard = said(WELCOME, page_views()["gallery"], WELCOME)
    assert sum("Button 1" in text for text in texts(heard, Kind.SCREEN)) == 1
    assert len(texts(heard, Kind.GUIDANCE)) == 2


@pytest.mark.parametrize("view", [*MAIN.values(), *page_views().values()], ids=[*MAIN, *page_views()])
def test_every_button_that_the_cursor_can_be_on_has_a_name(view: KioskView) -> None:
    keys = [*view.actions, *view.picture_keys] if view.question is None else list(view.question.answers)
    for page in (view.gallery, view.results, view.saving, view.staff, view.typing):
        if page is not None and view.question is None:
            keys = list(page.keys) if view.typing is None or page is view.typing else keys
    assert all(name_of(view, key.button) == key.text or key.detail for key in keys)
    assert names_of(view, ()) == ""


def test_a_view_says_little_at_a_time() -> None:
    rng = np.random.default_rng(7)
    views = [*MAIN.values(), *page_views().values()]
    memory, heard, seconds = Memory(), 0, 120
    for tick in range(seconds * 20):  # another screen every two seconds
        view = views[rng.integers(len(views))] if tick % 40 == 0 else view  # noqa: F821
        memory, utterances = narrated(memory, replace(view, now_s=tick / 20))
        heard += len(utterances)
    assert heard <= 4 * seconds / 2
