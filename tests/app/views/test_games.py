"""What a game shows beside the picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.base.picture import Picture
from app.core.facts import NameFrom, TrainedFacts
from app.core.game import Game, GameStep, Trick
from app.core.state import Mode
from app.views.games import frozen_verdict, game_guidance, is_it_really, strip
from app.views.words import Translator
from tests.support.states import kiosk

FRAME = Picture(("trick", 1), np.zeros((4, 4, 3), np.uint8))


@pytest.mark.parametrize(("sureness", "percent"), [(0.966, 97), (0.57, 57), (0.004, 0)])
def test_a_percentage_is_rounded_as_on_the_plate_of_the_answer(sureness: float, percent: int) -> None:
    trick = Trick(FRAME, 0, sureness)
    state = replace(kiosk(3, 3, mode=Mode.LIVE), model=TrainedFacts(0.9, 0.5, (3, 3)), best_trick=trick)
    translate = Translator("en")
    answered = strip(replace(state, game=Game(False, GameStep.ANSWERED, 0, trick=trick)), None, translate)
    seeking = strip(replace(state, game=Game(False, GameStep.SEEK, 0)), 0.2, translate)
    assert answered is not None
    assert seeking is not None
    assert answered.title == f"Before: apple {percent}%"
    assert seeking.best_text == f"Best: {percent}%"
    verdict = frozen_verdict(state, trick, Game(False, GameStep.CAUGHT), translate)
    assert verdict is not None
    assert verdict.share_text == f"{percent}%"
    turkish = frozen_verdict(state, trick, Game(False, GameStep.CAUGHT), Translator("tr"))
    assert turkish is not None
    assert turkish.share_text == f"%{percent}"


@pytest.mark.parametrize(
    ("name_from", "label", "task", "asked"),
    [
        (NameFrom.PERSON, "duck", "Trick me! Show me something that is NOT duck.", "Is this really duck?"),
        (
            NameFrom.COLOUR,
            "Red",
            "Trick me! Show me something else, NOT the thing of the Red button.",
            "Is this really the thing of the Red button?",
        ),
    ],
)
def test_a_thing_without_a_name_is_that_of_its_button(name_from: NameFrom, label: str, task: str, asked: str) -> None:
    state = kiosk(3, 3, mode=Mode.LIVE)
    first = replace(state.classes[0], label=label, name_from=name_from)
    state = replace(state, classes=(first, *state.classes[1:]), model=TrainedFacts(0.9, 0.5, (3, 3)))
    game = Game(False, GameStep.SEEK, 0, trick=Trick(FRAME, 0, 0.9))
    translate = Translator("en")
    assert translate(game_guidance(state, game)) == task
    question = is_it_really(replace(state, game=game), translate, mirror=False)
    assert question is not None
    assert question.title == asked
