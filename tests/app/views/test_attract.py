"""The demonstration while nobody is there: rendered things only, in a loop, in the configured language."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.base.i18n import LANGUAGES
from app.base.picture import Picture
from app.base.ports import Frame
from app.core.facts import TaughtClass
from app.core.state import Mode
from app.demo.attract_stage import AttractStage
from app.model.observation import NOTHING_SEEN
from app.views.attract import LOOP_S, SCENES
from app.views.model import KioskView, Screen
from app.views.present import Surroundings, present
from tests.support.states import PICTURE, kiosk

FRAME = Frame(np.zeros((480, 640, 3), np.uint8), 7, 0.0)


@pytest.fixture(scope="module")
def stage() -> AttractStage:
    return AttractStage()


def playing(stage: AttractStage, at_s: float, language: str = "en") -> KioskView:
    state = kiosk(0, 0, 0, mode=Mode.ATTRACT)
    visitors = tuple(TaughtClass(one.label, 3, (PICTURE,)) for one in state.classes)  # somebody's, by some defect
    state = replace(state, classes=visitors, now_s=100.0 + at_s, attract_since_s=100.0, language=language)
    return present(state, FRAME, NOTHING_SEEN, Surroundings(stage=stage.picture))


def test_no_picture_of_a_visitor_or_of_the_camera_is_shown(stage: AttractStage) -> None:
    for at_s in np.arange(0.0, LOOP_S, 0.25):
        view = playing(stage, float(at_s))
        shown = [view.picture, *(picture for card in view.cards for picture in card.thumbnails)]
        assert all(isinstance(one, Picture) and one.key[0] == "stage" for one in shown)


def test_it_teaches_two_things_trains_names_both_and_starts_again(stage: AttractStage) -> None:
    views = [playing(stage, float(at_s)) for at_s in np.arange(0.05, LOOP_S, 0.1)]
    assert {view.screen for view in views} == {Screen.ATTRACT}
    assert [view.attract.scene for view in views] == sorted(view.attract.scene for view in views)
    assert {view.attract.scene for view in views} == set(range(len(SCENES)))
    assert any(view.cards[0].held for view in views)
    assert any(view.cards[1].held for view in views)
    assert any(view.progress is not None for view in views)
    named = [view.verdict.text for view in views if view.verdict]
    assert (named[0], named[-1]) == ("apple", "cup")
    assert playing(stage, 0.05).cards == playing(stage, LOOP_S + 0.05).cards


def test_shots_only_grow_within_a_loop(stage: AttractStage) -> None:
    shots = [playing(stage, float(at_s)).cards[0].shots for at_s in np.arange(0.05, LOOP_S, 0.1)]
    assert shots == sorted(shots)
    assert shots[-1] == 12


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_speaks_every_language(stage: AttractStage, language: str) -> None:
    view = playing(stage, 1.0, language)
    shown = {view.attract.headline, view.attract.caption, view.attract.call, view.cards[0].label}
    english = playing(stage, 1.0)
    assert (shown.isdisjoint({english.attract.headline, english.attract.caption})) is (language != "en")


def test_a_stage_picture_never_changes_and_the_next_one_differs(stage: AttractStage) -> None:
    first = stage.picture("apple", 3)
    assert stage.picture("apple", 3) is first
    assert not first.pixels.flags.writeable
    assert np.abs(first.pixels.astype(int) - stage.picture("apple", 12).pixels).mean() > 1
