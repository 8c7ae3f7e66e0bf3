"""The page of results says how the model was tested, and shows nothing that was not tested."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.base.buttons import Action, MatrixCell, ScreenKey
from app.base.explanation import Explanation, Way
from app.base.i18n import LANGUAGES
from app.core.facts import TrainedFacts
from app.core.modes.results import targets
from app.core.pages import ResultsState
from app.core.state import KioskState, Mode
from app.views.model import Results
from app.views.results import results
from app.views.words import Translator
from tests.support.states import MODEL_WITH_RESULTS, PICTURE, kiosk

TESTED = replace(MODEL_WITH_RESULTS, validation_from="holds")


def shown(model: TrainedFacts = TESTED, language: str = "en", **changes: object) -> Results:
    state: KioskState = kiosk(3, 3, mode=Mode.RESULTS, model=model)
    state = replace(state, results=ResultsState(pictures=((2, PICTURE), (1, PICTURE)), **changes))  # type: ignore[arg-type]
    page = results(state, Translator(language))
    assert page is not None
    return page


def test_a_tested_model_shows_what_it_got_right_and_the_mascot_smiles() -> None:
    page = shown()
    assert (page.title, page.note) == ("3 of 4 right", "")
    assert page.glad > 0.5
    assert page.text == "Show apple and cup from more sides: it mixes them up."
    assert (page.curve, page.curve_text) == ((0.5, 0.75), "75%")
    assert [[cell.count for cell in row] for row in page.confusion] == [[1, 1], [0, 2]]
    assert page.confused_title == "Pictures that mixed it up"
    assert [one.text for one in page.confused] == ["apple – it guessed cup"]


def test_without_a_test_no_accuracy_is_shown_anywhere() -> None:
    page = shown(replace(MODEL_WITH_RESULTS, validation_from=None))
    assert page.title == "Not tested yet"
    assert (page.curve, page.curve_text, page.labels, page.confusion) == ((), "", (), ())


def test_views_are_said_to_be_copies() -> None:
    page = shown(replace(TESTED, validation_from="views"))
    assert page.title == "I learned it. Now test me!"
    assert page.text == "Let go, turn or move each thing, hold its button once more, then press TRAIN."
    assert page.note == "Tested with its own pictures, moved and turned."


def test_a_class_that_was_shown_in_one_hold_hides_no_numbers_of_the_others() -> None:
    assert MODEL_WITH_RESULTS.report is not None
    report = {**MODEL_WITH_RESULTS.report, "confusion": [[2, 0], [0, 2]], "wrong": [], "holds": [3, 1]}
    page = shown(TrainedFacts(1.0, 0.5, (3, 3), report, "views"))
    assert (page.title, page.text) == ("I have seen cup only once", "Hold the cup button once more, then press TRAIN.")
    assert page.note == "Not tested yet: cup."
    assert page.labels == ("apple", "cup")
    assert [[cell.count for cell in row] for row in page.confusion] == [[2, 0], [0, 0]]
    assert page.curve == (0.5, 0.75)


@pytest.mark.parametrize("how", ["views", "holds"])
def test_what_was_taught_in_one_hold_alone_is_not_praised_with_numbers(how: str) -> None:
    """All of its own pictures, moved and turned, are right: that says nothing about new ones."""
    assert MODEL_WITH_RESULTS.report is not None
    flat = [{"fraction": share, "validation_accuracy": 1.0} for share in (0.25, 0.5, 1.0)]
    report = {**MODEL_WITH_RESULTS.report, "wrong": [], "confusion": [[2, 0], [0, 2]], "curve": flat}
    page = shown(TrainedFacts(1.0, 0.5, (3, 3), report, how))
    assert (page.curve, page.curve_text) == ((), "")
    assert bool(page.confusion) == bool(page.labels) == (how == "holds")
    assert ("%" in page.title + page.text) is False
    assert page.title == ("All 4 right!" if how == "holds" else "I learned it. Now test me!")
    assert (page.glad < 0.5) == (how == "views")


@pytest.mark.parametrize("how", ["holds", "views", None])
def test_after_all_pictures_were_taken_out_the_page_says_so_and_shows_no_numbers(how: str | None) -> None:
    state = replace(kiosk(0, 0, mode=Mode.RESULTS, model=replace(TESTED, validation_from=how)), results=ResultsState())
    page = results(state, Translator("en"))
    assert page is not None
    words = "I still know what they showed. Hold a button to teach me something new."
    assert (page.title, page.text, page.note) == ("My pictures are gone", words, "")
    assert (page.curve, page.confusion, page.confused) == ((), (), ())
    assert targets(state) == (ScreenKey.BACK,)
    assert page.glad == 0


def test_a_provisional_limit_adds_one_short_line() -> None:
    assert shown(replace(TESTED, provisional=True)).note == "Its “not sure” is only a guess so far."


@pytest.mark.parametrize(
    ("cell", "title"),
    [(MatrixCell(0, 0), "apple – right"), (MatrixCell(0, 1), "apple – it guessed cup")],
)
def test_a_cell_says_what_its_pictures_are(cell: MatrixCell, title: str) -> None:
    assert shown(cell=cell).confused_title == title


def test_with_light_on_the_pictures_the_title_says_what_the_outlines_mean() -> None:
    why = Explanation(np.ones((3, 3), np.float32), 1, 0, against_all=False, margin=9.0, way=Way.EXACT)
    lit = {"explanations": ((2, why), (1, why))}
    assert shown(**lit).confused_title == "Mixed up because of what is outlined"
    assert shown(**lit, on_background=(2,)).confused_title == "Mixed up: it looked at the background"
    assert shown(**lit, lit=False).confused_title == "Pictures that mixed it up"
    assert shown(**lit, cell=MatrixCell(0, 0)).confused_title == "apple – right"


def test_of_many_mistakes_the_page_shows_the_first_and_says_how_many_there_are() -> None:
    assert MODEL_WITH_RESULTS.report is not None
    (mistake,) = MODEL_WITH_RESULTS.report["wrong"]
    many = [{**mistake, "sample": number} for number in range(30)]
    model = replace(TESTED, report={**MODEL_WITH_RESULTS.report, "wrong": many})
    state = replace(kiosk(3, 3, mode=Mode.RESULTS, model=model), results=ResultsState())
    loaded = tuple((number, PICTURE) for number in range(30))
    page = results(replace(state, results=ResultsState(pictures=loaded)), Translator("en"))
    assert page is not None
    assert (len(page.confused), page.confused_in_all) == (12, 30)
    assert page.confused_cut_title == "Pictures that mixed it up (30 in all)"
    assert page.confused_title == "Pictures that mixed it up"


def test_a_picture_can_be_brought_back_only_after_one_was_taken_out() -> None:
    assert [key.button for key in shown().keys] == [ScreenKey.BACK]
    assert [key.button for key in shown(removed=(2,)).keys] == [ScreenKey.BACK, Action.UNDO]


def test_a_model_without_mistakes_is_praised_only_if_it_was_tested() -> None:
    assert MODEL_WITH_RESULTS.report is not None
    report = {**MODEL_WITH_RESULTS.report, "wrong": [], "confusion": [[2, 0], [0, 2]]}
    perfect = replace(TESTED, validation_accuracy=1.0, report=report)
    page = shown(perfect)
    assert (page.title, page.text, page.confused) == ("All 4 right!", "No mix-ups! Well taught!", ())
    assert shown(replace(perfect, validation_from=None)).title == "Not tested yet"


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
@pytest.mark.parametrize("how", ["holds", "views", None])
def test_the_page_is_translated_whole(language: str, how: str | None) -> None:
    model = replace(TESTED, validation_from=how, provisional=True)
    here, english = shown(model, language), shown(model)
    for name in ("title", "text", "note", "curve_title", "confusion_title", "confused_title"):
        assert getattr(here, name) != getattr(english, name)
