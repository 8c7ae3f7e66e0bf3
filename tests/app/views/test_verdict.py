"""The words of the verdict and the bar of "not sure" always agree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.not_sure import NotSure
from app.views.verdict import Answer, Certainty, answer_of

SAYS = (NotSure.NORMAL, NotSure.STRICT)
NOVELTIES = np.linspace(0, 2, 81)


def two(best: float, novelty: float, setting: NotSure = NotSure.NORMAL, threshold: float = 0.6) -> Answer:
    return answer_of(np.array([1 - best, best], np.float32), threshold, novelty, setting)


def three(best: float, novelty: float, setting: NotSure) -> Answer:
    rest = (1 - best) / 2
    return answer_of(np.array([rest, best, rest], np.float32), 0.45, novelty, setting)


@pytest.mark.parametrize("setting", SAYS)
@pytest.mark.parametrize("best", np.linspace(0.34, 1, 34))
def test_the_bar_reaches_the_middle_exactly_where_the_words_are_not_sure(best: float, setting: NotSure) -> None:
    for novelty in NOVELTIES:
        answer = three(best, novelty, setting)
        assert (answer.unsure >= 0.5) is (answer.certainty is Certainty.NOT_SURE) is (answer.leader is None)
        assert (answer.unsure < 0.4) is answer.sure


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=9), st.floats(0, 0.99), st.floats(0, 5), st.sampled_from(SAYS))
def test_no_answer_has_a_bar_that_says_something_else(
    weights: list[float], threshold: float, novelty: float, setting: NotSure
) -> None:
    probabilities = (np.array(weights) / sum(weights)).astype(np.float32)
    answer = answer_of(probabilities, threshold, novelty, setting)
    low, high = {"SURE": (0, 0.4), "NEAR_MISS": (0.4, 0.5), "NOT_SURE": (0.5, 1.01)}[answer.certainty.name]
    assert low <= answer.unsure < high
    assert answer.index == probabilities.argmax()


@pytest.mark.parametrize("setting", SAYS)
def test_the_bar_only_rises_as_novelty_rises_and_as_probability_falls(setting: NotSure) -> None:
    by_novelty = [two(1.0, novelty, setting).unsure for novelty in NOVELTIES]
    by_probability = [two(best, 0.3, setting).unsure for best in np.linspace(1, 0.5, 51)]
    for bars in (by_novelty, by_probability):
        assert bars == sorted(bars)
        assert (bars[0], bars[-1]) == (0, 1)


def test_a_near_miss_lies_between_the_answer_and_not_sure() -> None:
    def words(best: float, novelty: float) -> str:
        return two(best, novelty).certainty.name

    assert [words(0.95, novelty) for novelty in (0.99, 1.01, 1.14, 1.16)] == [
        "SURE", "NEAR_MISS", "NEAR_MISS", "NOT_SURE",
    ]  # fmt: skip
    assert [three(best, 0.5, NotSure.NORMAL).certainty.name for best in (0.46, 0.44, 0.37)] == [
        "SURE", "NOT_SURE", "NOT_SURE",
    ]  # fmt: skip


def test_a_near_miss_names_only_an_answer_that_clearly_leads() -> None:
    close, clear = np.array([0.46, 0.54, 0.0], np.float32), np.array([0.27, 0.54, 0.19], np.float32)
    assert answer_of(close, 0.6, 0.5, NotSure.NORMAL).leader is None
    assert answer_of(clear, 0.6, 0.5, NotSure.NORMAL).certainty is Certainty.NEAR_MISS


@given(st.floats(0, 1), st.floats(0, 5))
def test_switched_off_every_answer_is_sure(best: float, novelty: float) -> None:
    answer = two(best, novelty, NotSure.OFF)
    assert (answer.sure, answer.leader, answer.unsure) == (True, answer.index, None)
