"""What waits to be said: the most important first, the newest of its kind, and nothing that is out of date."""

from __future__ import annotations

import pytest

from app.ui.utterance_queue import EXPIRES_OTHERWISE_S, MOST_WAITING, UtteranceQueue
from app.views.model.spoken import Importance, Kind, Utterance
from app.views.narration import IMPORTANCE


def utterance(text: str, kind: Kind = Kind.GUIDANCE, importance: Importance | None = None) -> Utterance:
    return Utterance(text, kind, IMPORTANCE[kind] if importance is None else importance, "en")


def rest(queue: UtteranceQueue, now_s: float = 0.0) -> list[str]:
    texts = []
    while (one := queue.take(now_s)) is not None:
        texts.append(one.text)
    return texts


def test_the_most_important_is_said_first_and_of_equal_ones_the_older() -> None:
    queue = UtteranceQueue()
    for kind in (Kind.VERDICT, Kind.GUIDANCE, Kind.NOTICE, Kind.HELD):
        queue.add(utterance(kind.value, kind), None, 0.0)
    assert rest(queue) == ["held", "verdict", "guidance", "notice"]


def test_a_newer_text_takes_the_place_of_an_older_one_of_its_kind() -> None:
    queue = UtteranceQueue()
    for text in ("one", "two", "three"):
        queue.add(utterance(text), None, 0.0)
    assert rest(queue) == ["three"]


@pytest.mark.parametrize("now", Kind)
@pytest.mark.parametrize("new", Kind)
def test_only_a_more_important_text_or_a_newer_one_of_an_action_interrupts(now: Kind, new: Kind) -> None:
    interrupts = UtteranceQueue().add(utterance("new", new), utterance("now", now), 0.0)
    same = now is new and new in (Kind.SCREEN, Kind.FOCUS, Kind.HELD, Kind.TYPED)
    assert interrupts == (IMPORTANCE[new] > IMPORTANCE[now] or same)


def test_another_screen_drops_what_was_said_about_the_one_before() -> None:
    queue = UtteranceQueue()
    queue.add(utterance("hint"), None, 0.0)
    queue.add(utterance("wrong", Kind.NOTICE, Importance.ALERT), None, 0.0)
    queue.add(utterance("screen", Kind.SCREEN), None, 0.0)
    assert rest(queue) == ["wrong", "screen"]


def test_a_question_drops_the_message_that_it_covers() -> None:
    queue = UtteranceQueue()
    queue.add(utterance("Nothing to learn from yet.", Kind.NOTICE, Importance.ALERT), None, 0.0)
    queue.add(utterance("Start over?", Kind.SCREEN, Importance.ALERT), None, 0.0)
    queue.add(utterance("It failed.", Kind.NOTICE, Importance.ALERT), None, 0.0)  # while it is asked
    assert rest(queue) == ["Start over?", "It failed."]


def test_what_waited_for_too_long_is_dropped_and_a_press_sooner() -> None:
    queue = UtteranceQueue()
    queue.add(utterance("cup", Kind.HELD), None, 0.0)
    queue.add(utterance("hint"), None, 0.0)
    assert queue.take(2.5).text == "hint"
    assert queue.take(2.5) is None
    queue.add(utterance("hint"), None, 3.0)
    assert queue.take(3.1 + EXPIRES_OTHERWISE_S) is None


def test_an_answer_waits_for_the_end_of_a_long_hint_and_neither_interrupts_the_other() -> None:
    queue, hint = UtteranceQueue(), utterance("It learned, but it is not tested yet.")
    assert not queue.add(utterance("cup", Kind.VERDICT), hint, 0.0)
    assert not queue.add(hint, utterance("cup", Kind.VERDICT), 8.0)
    assert rest(queue, 8.0) == ["cup", hint.text]


def test_answers_wait_while_they_must_not_be_said() -> None:
    queue = UtteranceQueue()
    queue.add(utterance("cup", Kind.VERDICT), None, 0.0)
    assert queue.take(1.0, answers=False) is None
    assert queue.take(1.5).text == "cup"


def test_few_texts_wait_at_a_time() -> None:
    queue = UtteranceQueue()
    for kind in Kind:
        queue.add(utterance(kind.value, kind), None, 0.0)
    assert len(rest(queue)) == MOST_WAITING < len(Kind)
