"""What the kiosk says about a model: how it was tested, and never better than it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.base.tone import Tone
from app.core import events as ev
from app.core.facts import TrainedFacts
from app.core.modes.accuracy import (
    advice,
    feeling,
    is_good,
    proves_something,
    tally,
    title_of_results,
)
from app.core.modes.accuracy import tested_accuracy as accuracy_of
from app.core.state import Mode
from app.model.observation import NOTHING_SEEN
from app.ui.painting.motion import settled
from app.views.present import Surroundings, present
from tests.support.states import MODEL_WITH_RESULTS, kiosk, run


def trained(accuracy: float | None, validation_from: str | None, right: int = 0, wrong: int = 0) -> TrainedFacts:
    report = {"confusion": [[right, wrong], [0, 0]]}
    return TrainedFacts(accuracy, 0.5, (3, 3), report, validation_from)


HOLDS = [
    (trained(1.0, "holds", 20), "It learned! It got every test picture right.", "All 20 right!"),
    (trained(0.9, "holds", 18, 2), "It learned! It got 18 of 20 test pictures right.", "18 of 20 right"),
    (
        trained(0.55, "holds", 11, 9),
        "It got only 11 of 20 test pictures right. Show each thing from more sides.",
        "11 of 20 right",
    ),
    (
        TrainedFacts(0.999, 0.5, (3, 3), validation_from="holds"),  # its report was lost
        "It learned! It got 9 of 10 test pictures right.",
        "9 of 10 right",
    ),
]
VIEWS = [
    (
        trained(0.979, "views", 97, 3),
        "It learned! It gets about 9 out of 10 of its own pictures right, moved and turned. "
        "Now show a thing in another way!",
        "I learned it. Now test me!",
    ),
    (
        trained(0.79, "views", 79, 21),
        "It learned! It gets about 8 out of 10 of its own pictures right, moved and turned. "
        "Now show a thing in another way!",
        "I learned it. Now test me!",
    ),
    (
        trained(1.0, "views", 100),
        "It learned! It gets all its own pictures right, moved and turned. Now show a thing in another way!",
        "I learned it. Now test me!",
    ),
    (
        trained(0.6, "views", 6, 4),
        "It mixes up its own pictures when they are moved or turned. Show each thing from more sides.",
        "I still mix things up",
    ),
]
UNTESTED = [
    (
        trained(accuracy, None, 20),
        "It learned, but it is not tested yet. Hold each button twice, then press TRAIN.",
        "Not tested yet",
    )
    for accuracy in (None, 1.0)
]


@pytest.mark.parametrize(("model", "words", "title"), HOLDS + VIEWS + UNTESTED)
def test_the_notice_and_the_results_say_how_the_model_was_tested(model: TrainedFacts, words: str, title: str) -> None:
    state, _ = run(kiosk(3, 3, mode=Mode.TRAINING), ev.TrainingFinished(Path("m"), model))
    assert state.notice is not None
    assert (str(state.notice.text), str(title_of_results(model))) == (words, title)
    assert (state.notice.tone is Tone.SUCCESS) is is_good(model)


def test_only_a_model_that_was_tested_is_good() -> None:
    assert [is_good(model) for model, _, _ in HOLDS] == [True, True, False, True]
    assert [is_good(model) for model, _, _ in VIEWS] == [True, True, True, False]
    assert not any(is_good(model) for model, _, _ in UNTESTED)


def test_the_advice_fits_the_test() -> None:
    assert [str(advice(model)) for model, _, _ in (*HOLDS[:3], *VIEWS, UNTESTED[0])] == [
        "No mix-ups! Well taught!",
        "Show each thing from more sides.",
        "Show each thing from more sides.",
        *["Let go, turn or move each thing, hold its button once more, then press TRAIN."] * 3,
        "Show each thing from more sides.",
        "Hold each button twice, then press TRAIN.",
    ]


def test_the_advice_names_the_two_classes_that_are_mixed_up_most_often() -> None:
    report = {"confusion": [[8, 1, 0], [0, 9, 1], [3, 0, 6]]}
    model = TrainedFacts(0.82, 0.5, (9, 10, 9), report, "holds")
    words = "Show duck and apple from more sides: it mixes them up."
    assert str(advice(model, ("apple", "cup", "duck"))) == words


def test_the_mascot_feels_what_the_test_says() -> None:
    perfect, good, bad = (feeling(model) for model, _, _ in HOLDS[:3])
    assert perfect == 1 > good > 0 > bad > -1
    assert 0 < feeling(UNTESTED[0][0]) < feeling(trained(1.0, "views", 20)) < good


def test_the_counts_come_from_the_confusion_matrix() -> None:
    assert str(title_of_results(replace(MODEL_WITH_RESULTS, validation_from="holds"))) == "3 of 4 right"


def by_holds(*holds: int, origin: str | None = "views", right: int = 20, wrong: int = 0) -> TrainedFacts:
    """A model whose classes were shown in so many holds; those of one hold are tested with copies."""
    confusion = [[0] * len(holds) for _ in holds]
    confusion[0][0], confusion[0][-1] = right, wrong
    report = {"confusion": confusion, "holds": list(holds)}
    return TrainedFacts(right / (right + wrong), 0.5, (9,) * len(holds), report, origin)


@pytest.mark.parametrize(
    ("model", "title", "advised"),
    [
        (
            by_holds(1, 1, 1),
            "I learned it. Now test me!",
            "Let go, turn or move each thing, hold its button once more, then press TRAIN.",
        ),
        (
            by_holds(3, 1, 3),
            "I have seen cup only once",
            "Hold the cup button once more, then press TRAIN.",
        ),
        (
            by_holds(2, 1, 1, right=18, wrong=2),
            "I have seen 2 things only once",
            "Hold the cup button once more, then press TRAIN.",
        ),
        (
            by_holds(3, 3, 1, right=10, wrong=10),
            "10 of 20 right",
            "Show apple and duck from more sides: it mixes them up.",
        ),
        (by_holds(3, 3, 1, origin=None), "Not tested yet", "Hold the duck button once more, then press TRAIN."),
        (by_holds(1, 1, 1, origin=None), "Not tested yet", "Hold each button twice, then press TRAIN."),
        (by_holds(3, 3, 2, origin="holds"), "All 20 right!", "No mix-ups! Well taught!"),
    ],
)
def test_the_results_name_the_class_that_was_shown_in_one_hold(model: TrainedFacts, title: str, advised: str) -> None:
    labels = ("apple", "cup", "duck")
    assert (str(title_of_results(model, labels)), str(advice(model, labels))) == (title, advised)


@pytest.mark.parametrize(
    ("holds", "words"),
    [
        (
            (3, 1, 3),
            "It learned! But it has seen cup only once. Hold that button once more, then press TRAIN.",
        ),
        (
            (2, 1, 1),
            "It learned! But it has seen 2 things only once. Hold their buttons once more, then press TRAIN.",
        ),
    ],
)
def test_a_class_that_was_shown_in_one_hold_is_named_and_hides_no_numbers_of_the_others(
    holds: tuple[int, ...], words: str
) -> None:
    assert proves_something(by_holds(*holds))
    state, _ = run(kiosk(9, 9, 9, mode=Mode.TRAINING), ev.TrainingFinished(Path("m"), by_holds(*holds)))
    assert state.notice is not None
    assert (str(state.notice.text), state.notice.tone) == (words, Tone.SUCCESS)


def counted(*rows: tuple[int, ...], holds: tuple[int, ...], origin: str = "holds") -> TrainedFacts:
    """A model with this confusion matrix."""
    report = {"confusion": [list(row) for row in rows], "holds": list(holds)}
    total = sum(map(sum, rows))
    right = sum(row[index] for index, row in enumerate(rows))
    return TrainedFacts(right / total, 0.5, (9,) * len(rows), report, origin)


WEAK = counted((0, 5, 0), (5, 0, 0), (0, 0, 60), holds=(2, 2, 9))  # 60 of 70, but two of three classes never


def test_a_model_that_fails_most_tests_of_a_class_is_not_praised_however_many_others_are_right() -> None:
    state, _ = run(kiosk(9, 9, 9, mode=Mode.TRAINING), ev.TrainingFinished(Path("m"), WEAK))
    assert state.notice is not None
    words = "It mixes up apple and cup. Show both from more sides, then press TRAIN."
    assert (str(state.notice.text), state.notice.tone) == (words, Tone.HINT)
    labels = ("apple", "cup", "duck")
    assert str(title_of_results(WEAK, labels)) == "I mix up apple and cup"
    assert str(advice(WEAK, labels)) == "Show both from more sides, then press TRAIN."
    assert not is_good(WEAK)
    assert feeling(WEAK) < 0


def test_half_of_the_tests_of_a_class_is_enough_if_the_sum_is_good() -> None:
    assert is_good(counted((3, 3), (0, 20), holds=(2, 4)))
    assert not is_good(counted((3, 4), (0, 20), holds=(2, 4)))


def test_copies_that_an_earlier_version_counted_among_the_tests_are_left_out() -> None:
    mixed = counted((0, 5, 0), (5, 0, 0), (0, 0, 60), holds=(2, 2, 1), origin="views")
    assert tally(mixed) == ((0, 5, 0), (5, 0, 0), (0, 0, 0))
    assert accuracy_of(mixed) == 0
    assert str(title_of_results(mixed)) == "0 of 10 right"


@pytest.mark.parametrize(
    "model",
    [WEAK, *(model for model, _, _ in (*HOLDS, *VIEWS, *UNTESTED))],
    ids=lambda model: f"{model.validation_accuracy} {model.validation_from}",
)
def test_the_mascot_feels_the_same_after_the_training_and_on_the_page_of_results(model: TrainedFacts) -> None:
    classes = len(model.shots)
    state, _ = run(kiosk(*(9,) * classes, mode=Mode.TRAINING), ev.TrainingFinished(Path("m"), model))
    main_screen = settled(present(state, None, NOTHING_SEEN, Surroundings()))
    assert main_screen.glad == feeling(model)
    assert (main_screen.glad < 0) is (accuracy_of(model) is not None and not is_good(model))
    if model.report is not None:
        report = {"curve": [], "wrong": [], **model.report}
        shown = replace(state, mode=Mode.RESULTS, model=replace(model, report=report), notice=None)
        assert settled(present(shown, None, NOTHING_SEEN, Surroundings())).glad == main_screen.glad


@pytest.mark.parametrize("holds", [None, [3, 1], [3, 1, "1"], 7])
def test_a_report_that_does_not_say_the_holds_praises_nothing(holds: object) -> None:
    model = by_holds(3, 1, 3)
    assert model.report is not None
    model = replace(model, report={**model.report, "holds": holds})
    assert str(title_of_results(model, ("apple", "cup", "duck"))) == "I learned it. Now test me!"
    assert not proves_something(model)
